#include "storage/tsdb/upkeep/upkeep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr absl::Duration kSealInterval = absl::Minutes(30);

// Duties that write down that they were called.
class UpkeepTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto note = [this](const std::string& name) {
      absl::MutexLock lock(&mutex_);
      done_.push_back(name);
      return answer_;
    };
    upkeep_ = std::make_unique<Upkeep>(
        kSealInterval,
        UpkeepDuties{.seal = [=] { return note("seal"); },
                     .merge =
                         [=](MergeOccasion occasion) {
                           return note(occasion == MergeOccasion::kIdle ? "merge all" : "merge");
                         },
                     .expire = [=] { return note("expire"); },
                     .make_room = [=] { return note("room"); },
                     .reclaim = [=] { return note("reclaim"); },
                     .samples_stored =
                         [this] {
                           absl::MutexLock lock(&mutex_);
                           return samples_;
                         },
                     .samples_unmerged =
                         [this] {
                           absl::MutexLock lock(&mutex_);
                           return unmerged_;
                         }},
        clock_, log_);
  }

  // Moves time on and returns what was done until `last` was.
  std::vector<std::string> After(absl::Duration by, const std::string& last) {
    EXPECT_TRUE(clock_.AwaitWaiters(1));
    clock_.Advance(by);
    absl::MutexLock lock(&mutex_);
    const auto came = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !done_.empty() && done_.back() == last;
    };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&came), absl::Seconds(20)));
    return std::exchange(done_, {});
  }

  void Write() {
    absl::MutexLock lock(&mutex_);
    ++samples_;
  }

  void SetUnmerged(uint64_t samples) {
    absl::MutexLock lock(&mutex_);
    unmerged_ = samples;
  }

  void Fail(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(status);
  }

  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  absl::Mutex mutex_;
  std::vector<std::string> done_ ABSL_GUARDED_BY(mutex_);
  uint64_t samples_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t unmerged_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status answer_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Upkeep> upkeep_;  // Last: its thread uses all of the above.
};

TEST_F(UpkeepTest, LooksEveryMinuteAndMergesWhatIsDueWhileThereAreWrites) {
  Write();
  EXPECT_THAT(After(absl::Minutes(1), "room"), ElementsAre("merge", "reclaim", "room"));
}

TEST_F(UpkeepTest, SealsAndMergesAllWhenNothingWasWrittenForAMinute) {
  EXPECT_THAT(After(absl::Minutes(1), "room"), ElementsAre("seal", "merge all", "reclaim", "room"));
}

// Silence never comes: the aggregator writes its own counters.
TEST_F(UpkeepTest, SealsAndMergesAllWhenLittleIsWrittenForWhatWaits) {
  const auto minutes =
      static_cast<uint64_t>(kIdleHorizonSealings * (kSealInterval / absl::Minutes(1)));
  Write();
  SetUnmerged(minutes - 1);
  EXPECT_THAT(After(absl::Minutes(1), "room"), ElementsAre("merge", "reclaim", "room"));
  Write();
  SetUnmerged(minutes);
  EXPECT_THAT(After(absl::Minutes(1), "room"), ElementsAre("seal", "merge all", "reclaim", "room"));
}

TEST_F(UpkeepTest, SealsSoonWhenCalled) {
  EXPECT_TRUE(clock_.AwaitWaiters(1));
  upkeep_->WantSeal();
  EXPECT_THAT(After(absl::ZeroDuration(), "merge"), ElementsAre("seal", "merge"));
}

TEST_F(UpkeepTest, SealsWhenTheIntervalHasPassedAndExpiresEveryHour) {
  Write();
  EXPECT_THAT(After(kSealInterval, "room"), Contains("seal"));
  Write();
  EXPECT_THAT(After(absl::Hours(1) - kSealInterval, "expire"), Contains("expire"));
}

TEST_F(UpkeepTest, ASealingThatFailsIsDoneAgainAMinuteLater) {
  Write();
  Fail(absl::UnavailableError("the disk refused"));
  EXPECT_THAT(After(kSealInterval, "room"), Contains("seal"));
  Write();
  Fail(absl::OkStatus());
  EXPECT_THAT(After(absl::Minutes(1), "room"), Contains("seal"));
  Write();
  EXPECT_THAT(After(absl::Minutes(1), "room"), Not(Contains("seal")));
}

TEST_F(UpkeepTest, DoesNothingOnceItIsStopped) {
  EXPECT_TRUE(clock_.AwaitWaiters(1));
  upkeep_->Stop();
  upkeep_->WantSeal();
  clock_.Advance(absl::Hours(2));
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(done_, testing::IsEmpty());
}

}  // namespace
}  // namespace ora::storage
