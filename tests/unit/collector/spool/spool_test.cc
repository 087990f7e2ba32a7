#include "collector/spool/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::collector {
namespace {

using fakes::MemoryFileSystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Operation = MemoryFileSystem::Operation;
using LastWrite = MemoryFileSystem::LastWrite;

class SpoolTest : public ::testing::Test {
 protected:
  void Open() {
    spool_.reset();
    absl::StatusOr<std::unique_ptr<Spool>> spool =
        Spool::Open(options_, files_, clock_, log_, counters_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
  }

  void Crash(LastWrite last_write) {
    spool_.reset();
    files_.Crash(last_write);
    Open();
  }

  absl::StatusOr<uint64_t> Append(absl::string_view batch,
                                  const std::vector<StateChange>& changes = {}) {
    return spool_->Append(batch, changes);
  }

  void MustAppend(absl::string_view batch, const std::vector<StateChange>& changes = {}) {
    const absl::StatusOr<uint64_t> sequence = Append(batch, changes);
    ASSERT_TRUE(sequence.ok()) << sequence.status();
  }

  // "SEQUENCE:BATCH" of everything above `after`.
  std::vector<std::string> Batches(uint64_t after = 0) {
    std::vector<std::string> batches;
    while (true) {
      const absl::StatusOr<absl::optional<SpooledBatch>> batch = spool_->Read(after);
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || !batch->has_value()) return batches;
      after = (*batch)->sequence;
      batches.push_back(absl::StrCat(after, ":", (*batch)->batch));
    }
  }

  uint64_t Count(absl::string_view counter) { return counters_.Get(counter).Value(); }

  static std::string SegmentPath(int number) {
    return absl::StrCat("/spool/0000000", number, ".seg");
  }
  uint64_t SizeOf(const std::string& path) { return files_.Stat(path)->size_bytes; }
  bool Exists(const std::string& path) { return files_.Stat(path).ok(); }

  SpoolOptions options_{.directory = "/spool", .bytes_max = 1 << 20, .segment_bytes_max = 4096};
  MemoryFileSystem files_;
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, GivesBatchesBackInOrder) {
  Open();
  EXPECT_THAT(Batches(), IsEmpty());
  EXPECT_EQ(*Append("one"), 1u);
  EXPECT_EQ(*Append("two"), 2u);
  EXPECT_EQ(*Append(""), 3u);
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two", "3:"));
  EXPECT_THAT(Batches(1), ElementsAre("2:two", "3:"));
  EXPECT_THAT(Batches(3), IsEmpty());
}

TEST_F(SpoolTest, KeepsBatchesStateAndSequenceThroughARestart) {
  Open();
  const uint64_t incarnation = spool_->incarnation();
  MustAppend("one", {{"a", "1"}, {"b", "2"}});
  MustAppend("two", {{"a", "3"}, {"b", absl::nullopt}});
  clock_.Advance(absl::Seconds(1));
  Open();
  EXPECT_EQ(spool_->incarnation(), incarnation);
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "3")));
  EXPECT_EQ(*Append("three"), 3u);
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two", "3:three"));
}

TEST_F(SpoolTest, LosesNothingThatWasAppendedInACrash) {
  Open();
  MustAppend("one", {{"a", "1"}});
  Crash(LastWrite::kLost);
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
}

TEST_F(SpoolTest, CutsATornTailAndUsesItsSequenceAgain) {
  Open();
  MustAppend("one", {{"a", "1"}});
  files_.Fail(Operation::kSync, 1, absl::UnavailableError("sync: input/output error"));
  files_.Fail(Operation::kTruncate, 1, absl::UnavailableError("truncate: input/output error"));
  EXPECT_FALSE(Append("torn", {{"a", "2"}}).ok());
  Crash(LastWrite::kTorn);
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(*Append("two"), 2u);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two"));
  EXPECT_EQ(Count("ora_spool_damaged_bytes_total"), 0u);
}

TEST_F(SpoolTest, TakesBackABatchWhoseSyncFailed) {
  Open();
  MustAppend("one");
  files_.Fail(Operation::kSync, 1, absl::UnavailableError("sync: input/output error"));
  EXPECT_FALSE(Append("two", {{"a", "2"}}).ok());
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_THAT(spool_->State(), IsEmpty());
  EXPECT_EQ(*Append("other two"), 2u);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:other two"));
}

TEST_F(SpoolTest, LeavesASegmentThatCannotBeCutBehind) {
  Open();
  MustAppend("one", {{"a", "1"}});
  const uint64_t segment = spool_->NextSegment();
  files_.Fail(Operation::kSync, 1, absl::UnavailableError("sync: input/output error"));
  files_.Fail(Operation::kTruncate, 1, absl::UnavailableError("truncate: input/output error"));
  EXPECT_FALSE(Append("whole but refused", {{"a", "2"}}).ok());
  EXPECT_EQ(spool_->NextSegment(), segment + 1);
  EXPECT_EQ(*Append("two"), 2u);
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two"));
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two"));
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
}

TEST_F(SpoolTest, GoesOnWhenTheDiskHasRoomAgain) {
  Open();
  MustAppend("one");
  for (uint64_t free : {0, 1, 20, 40}) {
    files_.SetFreeBytes(free);
    EXPECT_TRUE(absl::IsResourceExhausted(Append("a batch of some length").status()));
  }
  files_.SetFreeBytes(absl::nullopt);
  EXPECT_EQ(*Append("two"), 2u);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two"));
  EXPECT_EQ(Count("ora_spool_damaged_bytes_total"), 0u);
}

TEST_F(SpoolTest, GivesTheDiskBackWhenAllOfTheOnlySegmentIsAcknowledged) {
  options_.segment_bytes_max = 1 << 20;
  options_.bytes_max = 16 << 20;
  Open();
  files_.SetFreeBytes(200'000);
  const std::string batch(10'000, 'x');
  uint64_t last = 0;
  absl::StatusOr<uint64_t> sequence = uint64_t{0};
  while ((sequence = Append(batch, {{"a", "1"}})).ok()) last = *sequence;
  EXPECT_TRUE(absl::IsResourceExhausted(sequence.status()));
  EXPECT_THAT(std::string(sequence.status().message()),
              HasSubstr("the disk of spool /spool is full"));
  EXPECT_TRUE(Exists(SegmentPath(1)));
  spool_->Acknowledge(last);
  (void)Append(batch);  // Refused once more; the next begins a segment with what was kept for it.
  (void)Append(batch);
  EXPECT_FALSE(Exists(SegmentPath(1)));
  EXPECT_TRUE(Exists(SegmentPath(2)));
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
  files_.SetFreeBytes(absl::nullopt);
  EXPECT_EQ(*Append(batch), last + 1);
}

TEST_F(SpoolTest, OpensOnAFullDiskAndGoesOnWhenThereIsRoom) {
  Open();
  MustAppend("one", {{"a", "1"}});
  files_.SetFreeBytes(3);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
  EXPECT_TRUE(absl::IsResourceExhausted(Append("two").status()));
  files_.SetFreeBytes(absl::nullopt);
  EXPECT_EQ(*Append("two"), 2u);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one", "2:two"));
}

TEST_F(SpoolTest, ServesLaterSegmentsWhenAnEarlierOneIsDamaged) {
  Open();
  MustAppend("one");
  const uint64_t second = SizeOf(SegmentPath(1));
  MustAppend("two");
  MustAppend("three");
  const uint64_t lost = SizeOf(SegmentPath(1)) - second;
  Open();
  MustAppend("four");
  files_.Damage(SegmentPath(1), second + 30);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one", "4:four"));
  EXPECT_EQ(Count("ora_spool_damaged_bytes_total"), lost);
  EXPECT_TRUE(log_.Contains("is damaged"));
  Open();  // Told once.
  EXPECT_EQ(Count("ora_spool_damaged_bytes_total"), lost);
  EXPECT_EQ(*Append("five"), 5u);
}

TEST_F(SpoolTest, NeverRepeatsASequenceWhenTheNewestSegmentIsDamaged) {
  Open();
  MustAppend("one");
  const uint64_t second = SizeOf(SegmentPath(1));
  for (int i = 2; i <= 10; ++i) MustAppend("", {});
  files_.Damage(SegmentPath(1), second);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_GT(*Append("next"), 10u);
}

TEST_F(SpoolTest, NeverRepeatsASequenceWhenTheNewestHeaderIsDamaged) {
  Open();
  MustAppend("one", {{"a", "1"}});
  Open();
  for (int i = 2; i <= 10; ++i) MustAppend("", {{"a", "2"}});
  files_.Damage(SegmentPath(2), 3);
  Open();
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
  EXPECT_GT(*Append("next"), 10u);
}

TEST_F(SpoolTest, FindsDamageWhileReading) {
  Open();
  MustAppend("one");
  const uint64_t second = SizeOf(SegmentPath(1));
  MustAppend("two");
  files_.Damage(SegmentPath(1), second + 30);
  EXPECT_THAT(Batches(), ElementsAre("1:one"));
  EXPECT_GT(Count("ora_spool_damaged_bytes_total"), 0u);
  EXPECT_TRUE(absl::IsUnavailable(Append("made for the damaged segment").status()));
  EXPECT_EQ(spool_->NextSegment(), 2u);
  EXPECT_EQ(*Append("three"), 3u);
  EXPECT_THAT(Batches(), ElementsAre("1:one", "3:three"));
}

TEST_F(SpoolTest, BeginsASegmentPastItsSizeAndTellsBefore) {
  Open();
  const std::string batch(1000, 'x');
  std::vector<uint64_t> segments;
  for (int i = 0; i < 6; ++i) {
    segments.push_back(spool_->NextSegment());
    MustAppend(batch);
  }
  EXPECT_THAT(segments, ElementsAre(1, 1, 1, 1, 2, 2));
  EXPECT_EQ(spool_->Read(4)->value().segment, 2u);
}

TEST_F(SpoolTest, DeletesSegmentsThatAreAcknowledged) {
  Open();
  const std::string batch(1000, 'x');
  for (int i = 0; i < 10; ++i) MustAppend(batch, {{"a", absl::StrCat(i)}});
  spool_->Acknowledge(3);
  EXPECT_TRUE(Exists(SegmentPath(1)));
  EXPECT_EQ(spool_->Read(0)->value().sequence, 1u);  // It may name series of later ones.
  EXPECT_EQ(spool_->Statistics().batches_pending, 7u);
  spool_->Acknowledge(4);
  EXPECT_FALSE(Exists(SegmentPath(1)));
  EXPECT_EQ(spool_->Read(0)->value().sequence, 5u);
  spool_->Acknowledge(99);
  EXPECT_EQ(spool_->Statistics().batches_pending, 0u);
  EXPECT_EQ(spool_->Statistics().bytes_pending, 0u);
  EXPECT_TRUE(Exists(SegmentPath(3)));
  Open();
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "9")));
  EXPECT_EQ(*Append("eleven"), 11u);
}

TEST_F(SpoolTest, KeepsSequenceAndStateWhenNoBatchIsLeft) {
  Open();
  MustAppend("one", {{"a", "1"}});
  for (int i = 0; i < 3; ++i) {
    spool_->Acknowledge(1);
    Open();
    spool_->Acknowledge(1);
  }
  EXPECT_THAT(Batches(), IsEmpty());
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(*Append("two"), 2u);
}

TEST_F(SpoolTest, StopsAtItsLimitAndGoesOnWhenAcknowledged) {
  options_.bytes_max = 20'000;
  Open();
  const std::string batch(1000, 'x');
  absl::StatusOr<uint64_t> sequence = uint64_t{0};
  uint64_t last = 0;
  while ((sequence = Append(batch)).ok()) last = *sequence;
  EXPECT_TRUE(absl::IsResourceExhausted(sequence.status()));
  EXPECT_THAT(std::string(sequence.status().message()), HasSubstr("spool /spool is full"));
  EXPECT_LE(spool_->Statistics().bytes_on_disk, options_.bytes_max);
  EXPECT_GT(spool_->Statistics().bytes_on_disk + 1100, options_.bytes_max);
  spool_->Acknowledge(last);
  EXPECT_EQ(*Append(batch), last + 1);
}

TEST_F(SpoolTest, DropsTheOldestAtItsLimitAndCounts) {
  options_.bytes_max = 20'000;
  options_.when_full = SpoolFullPolicy::kDropOldest;
  Open();
  const std::string batch(1000, 'x');
  for (int i = 0; i < 100; ++i) MustAppend(batch, {{"a", absl::StrCat(i)}});
  EXPECT_LE(spool_->Statistics().bytes_on_disk, options_.bytes_max);
  EXPECT_EQ(Count("ora_spool_dropped_batches_total") + spool_->Statistics().batches_pending, 100u);
  EXPECT_GT(Count("ora_spool_dropped_bytes_total"),
            Count("ora_spool_dropped_batches_total") * batch.size());
  EXPECT_EQ(spool_->Read(0)->value().sequence, 1 + Count("ora_spool_dropped_batches_total"));
  Open();
  EXPECT_THAT(spool_->State(), ElementsAre(Pair("a", "99")));
  EXPECT_EQ(*Append(batch), 101u);
}

TEST_F(SpoolTest, IsOpenOnlyOnce) {
  Open();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Spool::Open(options_, files_, clock_, log_, counters_).status()));
}

TEST_F(SpoolTest, HasAnotherIncarnationWhenMadeAnew) {
  Open();
  const uint64_t incarnation = spool_->incarnation();
  EXPECT_NE(incarnation, 0u);
  clock_.Advance(absl::Milliseconds(1));
  options_.directory = "/other";
  Open();
  EXPECT_NE(spool_->incarnation(), incarnation);
}

TEST_F(SpoolTest, AwaitsABatch) {
  Open();
  EXPECT_FALSE(spool_->AwaitBatch(0, absl::ZeroDuration()));
  bool there = false;
  std::thread waiter([&] { there = spool_->AwaitBatch(0, absl::Hours(1)); });
  EXPECT_TRUE(clock_.AwaitWaiters(1));
  MustAppend("one");
  waiter.join();
  EXPECT_TRUE(there);
  EXPECT_TRUE(spool_->AwaitBatch(0, absl::ZeroDuration()));
  EXPECT_FALSE(spool_->AwaitBatch(1, absl::ZeroDuration()));
}

TEST_F(SpoolTest, WakesWhoWaits) {
  Open();
  bool there = true;
  std::thread waiter([&] { there = spool_->AwaitBatch(0, absl::Hours(1)); });
  EXPECT_TRUE(clock_.AwaitWaiters(1));
  spool_->Wake();
  waiter.join();
  EXPECT_FALSE(there);
}

TEST_F(SpoolTest, KeepsAWakeForTheNextWait) {
  Open();
  spool_->Wake();
  EXPECT_FALSE(spool_->AwaitBatch(0, absl::InfiniteDuration()));
}

}  // namespace
}  // namespace ora::collector
