#include "storage/tsdb/committer.h"

#include <gmock/gmock.h>

#include "absl/synchronization/mutex.h"
#include "storage/tsdb/open_chunks.h"
#include "tests/unit/storage/tsdb/shard_fixture.h"

namespace ora::storage {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kInstance[] = "a";

class CommitterTest : public ShardTest {
 protected:
  void SetUp() override {
    ShardTest::SetUp();
    Start({});
  }
  void TearDown() override {
    committer_.reset();
    ShardTest::TearDown();
  }

  void Start(const TimeSeriesStoreOptions& options) {
    committer_.reset();
    space_ = std::make_unique<SpaceGuard>(directory_, options.free_bytes_floor, clock_, files_);
    committer_ = std::make_unique<Committer>(
        options, CommitTargets{*database_, index_, open_, marks_, *space_}, 1, [] {}, clock_, log_,
        counters_);
  }

  SeriesRef Intern(absl::string_view metric) {
    const Labels labels({{"__name__", std::string(metric)}, {"instance", kInstance}});
    return index_.Allot(SlotOf(kInstance), labels)->id;
  }

  // What became of a batch; Get waits for it.
  class Reply {
   public:
    void Set(const absl::StatusOr<WriteOutcome>& outcome) ABSL_LOCKS_EXCLUDED(mutex_) {
      absl::MutexLock lock(&mutex_);
      outcome_ = outcome;
      arrived_ = true;
    }
    absl::StatusOr<WriteOutcome> Get() ABSL_LOCKS_EXCLUDED(mutex_) {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&arrived_));
      return absl::StatusOr<WriteOutcome>(outcome_);
    }
    bool arrived() ABSL_LOCKS_EXCLUDED(mutex_) {
      absl::MutexLock lock(&mutex_);
      return arrived_;
    }
    absl::StatusCode code() { return Get().status().code(); }

   private:
    absl::Mutex mutex_;
    bool arrived_ ABSL_GUARDED_BY(mutex_) = false;
    absl::StatusOr<WriteOutcome> outcome_ ABSL_GUARDED_BY(mutex_) = WriteOutcome();
  };

  WriteBatch Batch(uint64_t sequence, SeriesRef ref) {
    WriteBatch batch{.instance = kInstance, .sender = {"collector-1", 1, sequence}};
    batch.blocks.push_back({clock_.NowMillis(), {ref}, {1}});
    return batch;
  }

  std::shared_ptr<Reply> Send(WriteBatch batch) {
    auto reply = std::make_shared<Reply>();
    const absl::Status queued = committer_->Enqueue(
        std::move(batch),
        [reply](const absl::StatusOr<WriteOutcome>& outcome) { reply->Set(outcome); });
    if (!queued.ok()) reply->Set(queued);
    return reply;
  }
  std::shared_ptr<Reply> Send(uint64_t sequence) { return Send(Batch(sequence, Intern("up"))); }

  void SetFreeBytes(uint64_t bytes) {
    files_.free_bytes = bytes;
    clock_.Advance(absl::Seconds(3));  // Past the next look.
  }

  uint64_t BeginAnew() { return marks_.BeginAnew(kInstance, "collector-1", 1); }

  uint64_t Commits() { return counters_.Get("ora_storage_commits_total").Value(); }

  SeriesIndex index_{{1000, 1000}, clock_};
  OpenChunks open_;
  SenderMarks marks_;
  std::unique_ptr<SpaceGuard> space_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, StoresSeveralBatchesOfASenderAsOneRecord) {
  std::vector<std::shared_ptr<Reply>> replies;
  {
    Committer::WritePause pause(*committer_);
    for (const uint64_t sequence : {1, 2, 2, 3, 1}) replies.push_back(Send(sequence));
  }
  std::vector<bool> repeats;
  for (const auto& reply : replies) {
    ASSERT_TRUE(reply->Get().ok()) << reply->Get().status();
    repeats.push_back(reply->Get()->repeat);
  }
  EXPECT_THAT(repeats, testing::ElementsAre(false, false, true, false, true));
  EXPECT_EQ(Commits(), 1u);
  EXPECT_EQ(Rows(Family::kBatches), 1u);
  EXPECT_EQ(Rows(Family::kMarks), 0u);
  EXPECT_EQ(Rows(Family::kSeries), 1u);
  EXPECT_EQ(open_.samples(), 3u);
  EXPECT_EQ(BeginAnew(), 3u);
}

TEST_F(CommitterTest, NothingOvertakesABatchThatIsRefusedInTheSameCommit) {
  constexpr SeriesRef kNeverInterned = 77;
  std::shared_ptr<Reply> bad;
  std::shared_ptr<Reply> next;
  {
    Committer::WritePause pause(*committer_);
    bad = Send(Batch(1, kNeverInterned));
    next = Send(2);
  }
  EXPECT_EQ(bad->code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(next->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Send(3)->code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(Send(1)->Get()->repeat);
  EXPECT_FALSE(Send(2)->Get()->repeat);
}

TEST_F(CommitterTest, WhatWasQueuedBeforeItsSenderBeganAnewDoesNotOvertake) {
  SetFreeBytes(0);
  EXPECT_EQ(Send(1)->code(), absl::StatusCode::kResourceExhausted);
  SetFreeBytes(uint64_t{1} << 40);
  std::vector<std::shared_ptr<Reply>> old_stream;
  std::shared_ptr<Reply> again;
  {
    Committer::WritePause pause(*committer_);
    old_stream = {Send(2), Send(3)};
    EXPECT_EQ(BeginAnew(), 0u);
    again = Send(1);
  }
  for (const auto& reply : old_stream) EXPECT_EQ(reply->code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(again->Get().ok()) << again->Get().status();
  EXPECT_FALSE(again->Get()->repeat);
  EXPECT_FALSE(Send(2)->Get()->repeat);
}

TEST_F(CommitterTest, ASenderThatBeganAnewMayLeaveOutWhatWasRefused) {
  SetFreeBytes(0);
  EXPECT_FALSE(Send(1)->Get().ok());
  SetFreeBytes(uint64_t{1} << 40);
  EXPECT_EQ(Send(2)->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(BeginAnew(), 0u);
  EXPECT_TRUE(Send(2)->Get().ok());
}

TEST_F(CommitterTest, ABatchForWhichTheQueueHadNoRoomIsNotOvertaken) {
  Start({.queue_batches_max = 1});
  std::shared_ptr<Reply> first;
  {
    Committer::WritePause pause(*committer_);
    first = Send(1);
    EXPECT_EQ(Send(2)->code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_TRUE(first->Get().ok());
  EXPECT_EQ(Send(3)->code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Send(2)->Get().ok());
  EXPECT_TRUE(Send(3)->Get().ok());
}

TEST_F(CommitterTest, ASeriesThatIsForgottenIsAskedForAgain) {
  const SeriesRef gone = index_.IdNext();
  index_.SkipIdsBelow(static_cast<SeriesId>(gone + 1));
  const auto reply = Send(Batch(1, gone));
  EXPECT_EQ(reply->code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(reply->Get().status().message()), HasSubstr("define the series again"));
  for (const SeriesRef never : {SeriesRef{0}, gone + 1, SeriesRef{UINT64_MAX}}) {
    EXPECT_EQ(Send(Batch(1, never))->code(), absl::StatusCode::kInvalidArgument) << never;
  }
}

TEST_F(CommitterTest, NothingIsCommittedWhileAPauseIsHeld) {
  auto pause = std::make_unique<Committer::WritePause>(*committer_);
  auto second = std::make_unique<Committer::WritePause>(*committer_);
  const auto reply = Send(1);
  pause.reset();
  EXPECT_EQ(Rows(Family::kBatches), 0u);
  EXPECT_FALSE(reply->arrived());
  second.reset();
  EXPECT_TRUE(reply->Get().ok());
}

TEST_F(CommitterTest, ACommitGathersForAsLongAsItIsTold) {
  Start({.commit_gather = absl::Milliseconds(100)});
  const auto first = Send(1);
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  const auto second = Send(2);
  EXPECT_FALSE(first->arrived());
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_TRUE(first->Get().ok());
  EXPECT_TRUE(second->Get().ok());
  EXPECT_EQ(Commits(), 1u);
}

TEST_F(CommitterTest, AGroupThatIsFullWaitsForNoMore) {
  Start({.commit_gather = absl::Hours(1)});
  std::vector<std::shared_ptr<Reply>> replies;
  for (uint64_t sequence = 1; sequence <= Committer::kGatherBatches; ++sequence) {
    EXPECT_EQ(Commits(), 0u);
    replies.push_back(Send(sequence));
  }
  for (const auto& reply : replies) EXPECT_TRUE(reply->Get().ok());
  EXPECT_EQ(Commits(), 1u);
}

TEST_F(CommitterTest, AStopWaitsForNoMore) {
  Start({.commit_gather = absl::Hours(1)});
  const auto reply = Send(1);
  committer_.reset();
  EXPECT_TRUE(reply->Get().ok());
}

TEST_F(CommitterTest, ARefusalForWantOfRoomGoesWithoutAWrite) {
  SetFreeBytes(0);
  EXPECT_FALSE(Send(1)->Get().ok());
  EXPECT_THAT(committer_->Refusal(), HasSubstr("0 bytes are free"));
  SetFreeBytes(uint64_t{1} << 40);
  EXPECT_THAT(committer_->Refusal(), IsEmpty());
  EXPECT_TRUE(log_.Contains("writes are accepted again"));
}

TEST_F(CommitterTest, AGroupOfWhichNothingIsStoredDoesNotEndARefusal) {
  SetFreeBytes(0);
  EXPECT_FALSE(Send(1)->Get().ok());
  SetFreeBytes(uint64_t{1} << 40);
  EXPECT_EQ(Send(2)->code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(log_.Contains("writes are accepted again"));
  EXPECT_TRUE(Send(1)->Get().ok());
  EXPECT_TRUE(log_.Contains("writes are accepted again"));
}

TEST_F(CommitterTest, ABatchIsAsLongAsACommitMayBe) {
  WriteBatch batch = Batch(1, Intern("up"));
  const size_t samples = Committer::kGroupBytesMax / (sizeof(SeriesRef) + sizeof(double));
  batch.blocks[0].series.assign(samples, batch.blocks[0].series[0]);
  batch.blocks[0].values.assign(samples, 1);
  EXPECT_EQ(Send(batch)->code(), absl::StatusCode::kInvalidArgument);
  const size_t besides =
      sizeof(batch) + batch.instance.size() + batch.sender.collector_id.size() + sizeof(WriteBlock);
  const size_t fewer = samples - (besides + sizeof(Sample) - 1) / sizeof(Sample);
  batch.blocks[0].series.resize(fewer);
  batch.blocks[0].values.resize(fewer);
  EXPECT_EQ(Send(batch)->Get()->samples_stored, fewer);
}

}  // namespace
}  // namespace ora::storage
