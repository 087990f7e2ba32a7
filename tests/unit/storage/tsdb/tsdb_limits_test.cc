// Limits, free space, and what time does: sealing and expiry.
#include <gmock/gmock.h>

#include "absl/synchronization/notification.h"
#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class LimitsTest : public StoreTest {
 protected:
  void ReopenWith(const TimeSeriesStoreOptions& options) {
    options_ = options;
    options_.uri = absl::StrCat("file://", directory_);
    Reopen();
  }
};

TEST_F(LimitsTest, RefusesASeriesPastTheLimitAndNamesTheMetric) {
  ReopenWith({.series_max = 2});
  Append(Series("a"), {{-1, 1}});
  Append(Series("b"), {{-1, 1}});
  const auto refused = store_->Intern("a", Series("one_too_many"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("one_too_many"));
  EXPECT_TRUE(store_->Intern("a", Series("a")).ok());
}

TEST_F(LimitsTest, RefusesABatchWhenTheQueueIsFull) {
  ReopenWith({.queue_batches_max = 2});
  absl::Notification entered;
  absl::Notification leave;
  // The first batch holds the committer's thread in its callback, so the next two stay queued.
  ASSERT_TRUE(store_
                  ->Write(Batch(Series("a"), {{-9, 1}}),
                          [&](const auto&) {
                            entered.Notify();
                            leave.WaitForNotification();
                          })
                  .ok());
  entered.WaitForNotification();
  std::atomic<int> stored{0};
  const auto count = [&](const absl::StatusOr<WriteOutcome>& outcome) { stored += outcome.ok(); };
  EXPECT_TRUE(store_->Write(Batch(Series("a"), {{-8, 1}}), count).ok());
  EXPECT_TRUE(store_->Write(Batch(Series("a"), {{-7, 1}}), count).ok());
  EXPECT_EQ(store_->Write(Batch(Series("a"), {{-6, 1}}), count).code(),
            absl::StatusCode::kResourceExhausted);
  leave.Notify();
  store_.reset();  // Drains.
  EXPECT_EQ(stored, 2);
}

TEST_F(LimitsTest, RefusesABatchOfMoreBytesThanTheQueueHolds) {
  ReopenWith({.queue_bytes_max = 100});
  EXPECT_EQ(Store(Batch(Series("a"), {{-9, 1}})).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(LimitsTest, RefusesWritesBelowTheFloorOfFreeSpaceStaysReadableAndRecovers) {
  Append(Series("up"), {{-30, 1}});
  files_.free_bytes = options_.free_bytes_floor - 1;
  clock_.Advance(absl::Seconds(3));
  const auto refused = Store(Batch(Series("up"), {{-20, 2}}));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("bytes are free"));
  EXPECT_THAT(store_->Statistics().refusal, HasSubstr("bytes are free"));
  EXPECT_EQ(Read("up"), (Points{{-30, 1}}));
  files_.free_bytes = options_.free_bytes_floor;
  clock_.Advance(absl::Seconds(3));
  Append(Series("up"), {{-20, 2}});
  EXPECT_THAT(store_->Statistics().refusal, IsEmpty());
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-20, 2}}));
}

TEST_F(LimitsTest, ALaterBatchDoesNotOvertakeOneThatWasRefused) {
  const auto send = [this](uint64_t sequence) {
    WriteBatch batch = Batch(Series("up"), {{static_cast<int64_t>(sequence) - 100, 1}});
    batch.sender = {"collector-1", 1, sequence};
    return Store(std::move(batch));
  };
  ASSERT_TRUE(send(1).ok());
  files_.free_bytes = 0;
  clock_.Advance(absl::Seconds(3));
  EXPECT_FALSE(send(2).ok());
  files_.free_bytes = options_.free_bytes_floor;
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(send(3).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(send(2)->repeat);
  EXPECT_FALSE(send(3)->repeat);
  EXPECT_EQ(Read("up").size(), 3u);
}

TEST_F(LimitsTest, SealsByItselfWhenTheIntervalHasPassed) {
  Append(Series("up"), {{-30, 1}});
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  clock_.Advance(options_.seal_interval);
  EXPECT_TRUE(Eventually([this] { return store_->Statistics().samples_sealed == 1; }));
  EXPECT_EQ(Read("up"), (Points{{-30, 1}}));
}

TEST_F(LimitsTest, SealsByItselfWhenEnoughSamplesAreOpen) {
  ReopenWith({.open_bytes_max = 1});
  Append(Series("up"), {{-30, 1}, {-20, 1}, {-10, 1}});
  EXPECT_TRUE(Eventually([this] { return store_->Statistics().samples_sealed == 3; }));
}

TEST_F(LimitsTest, SealsAtOnceWhenItRecoversMoreThanMayBeOpen) {
  Append(Series("up"), {{-30, 1}, {-20, 1}, {-10, 1}});
  ReopenWith({.open_bytes_max = 1});
  EXPECT_TRUE(Eventually([this] { return store_->Statistics().samples_open == 0; }));
  EXPECT_EQ(store_->Statistics().samples_sealed, 3u);
  Append(Series("up"), {{-5, 1}});
}

TEST_F(LimitsTest, DropsDaysOlderThanTheRetentionAndKeepsTheRest) {
  ReopenWith({.retention = {.raw = absl::Hours(48), .five_minutes = {}, .one_hour = {}}});
  // The clock starts at midnight: the two days before it are kept, the third is half gone.
  Append(Series("up"), {{-47 * 3600, 1}, {-3600, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  clock_.Advance(absl::Hours(25));
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(Read("up"), (Points{{-3600, 2}}));
  EXPECT_EQ(store_->Statistics().samples_sealed, 1u);
  clock_.Advance(absl::Hours(22));
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(Read("up"), (Points{{-3600, 2}}));
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(Read("up"), Points());
  Reopen();
  EXPECT_EQ(Read("up"), Points());
  EXPECT_EQ(store_->Statistics().samples_sealed, 0u);
  EXPECT_EQ(store_->Statistics().chunk_bytes, 0u);
}

TEST_F(LimitsTest, KeepsEverythingWithoutEndWhenToldSo) {
  ReopenWith({.out_of_order_window = absl::InfiniteDuration(),
              .future_window = absl::InfiniteDuration(),
              .retention = {.raw = absl::InfiniteDuration(),
                            .five_minutes = absl::InfiniteDuration(),
                            .one_hour = absl::InfiniteDuration()}});
  const int64_t epoch = -start_millis_ / 1000;
  const auto outcome = Store(Batch(Series("up"), {{epoch - 1, 1}, {epoch, 2}, {kAllSeconds, 3}}));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->samples_too_old, 1u);
  ASSERT_TRUE(store_->Seal().ok());
  ASSERT_TRUE(store_->ExpireOld().ok());
  EXPECT_EQ(Read("up", -2 * kAllSeconds, kAllSeconds), (Points{{epoch, 2}, {kAllSeconds, 3}}));
}

TEST_F(LimitsTest, ExpiresByItselfEveryHour) {
  ReopenWith({.retention = {.raw = absl::Hours(48)}});
  Append(Series("up"), {{-47 * 3600, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  clock_.Advance(absl::Hours(48));
  EXPECT_TRUE(Eventually([this] { return store_->Statistics().samples_sealed == 0; }));
}

}  // namespace
}  // namespace ora::storage
