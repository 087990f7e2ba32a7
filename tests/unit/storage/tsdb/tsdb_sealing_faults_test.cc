// A sealing that does not come to its end: the disk refuses, or the power goes.
#include <gmock/gmock.h>

#include <bit>
#include <chrono>
#include <random>
#include <thread>

#include "storage/tsdb/tsdb_store.h"
#include "tests/fakes/rocks/faulty_database_files.h"
#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

// Segments of the open chunks are of neighbouring ids; the first alone makes more than one write of
// a sealing.
constexpr int kSeriesOfASegment = 1024;
constexpr int kSeries = kSeriesOfASegment + 200;
constexpr int kSteps = 550;

class SealingFaultsTest : public StoreTest, public testing::WithParamInterface<uint64_t> {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store_.reset();
    std::filesystem::remove_all(directory_);
    OpenFaulty();
    for (int i = 0; i < kSeries; ++i) refs_.push_back(Intern(Series(absl::StrCat("m", i))));
    for (int step = 0; step < kSteps; ++step) WriteStep(step - kSteps);
  }

  void OpenFaulty() {
    auto store = OpenStore(options_, faulty_.files(), clock_, files_, log_, counters_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // Values that no codec makes small.
  static double ValueOf(size_t series, int64_t seconds) {
    std::mt19937_64 random(series * 1'000'003 + static_cast<uint64_t>(seconds + kSteps));
    return std::bit_cast<double>((random() >> 2) | (uint64_t{1} << 61));
  }

  void WriteStep(int64_t seconds) {
    WriteBlock block{At(seconds), refs_, {}};
    for (size_t i = 0; i < refs_.size(); ++i) block.values.push_back(ValueOf(i, seconds));
    ASSERT_TRUE(Store({.instance = "a", .blocks = {std::move(block)}}).ok());
  }

  void ExpectAll() {
    for (const size_t series : {0, 1, kSeriesOfASegment - 1, kSeriesOfASegment, kSeries - 1}) {
      Points expected;
      for (int64_t seconds = -kSteps; seconds < 0; ++seconds) {
        expected.emplace_back(seconds, ValueOf(series, seconds));
      }
      ASSERT_EQ(Read(absl::StrCat("m", series)), expected) << series;
    }
  }

  // The first part of a sealing gets through, and its end does not.
  void SealHalfWay() {
    faulty_.Inject({.files = fakes::FaultyFiles::kLog, .calls = fakes::FaultyCalls::kSync});
    ASSERT_FALSE(store_->Seal().ok());
    ASSERT_GT(faulty_.faults(), 0u);
    // What is written is let go, so it was written.
    ASSERT_LT(store_->Statistics().samples_open, kSamples);
  }

  // What the database began while the disk was bad may refuse one more write after it is well.
  void SealOnceWell() {
    faulty_.Heal();
    const auto given_up = std::chrono::steady_clock::now() + kWellWithin;
    for (absl::Status sealed = store_->Seal(); !sealed.ok(); sealed = store_->Seal()) {
      ASSERT_LT(std::chrono::steady_clock::now(), given_up) << sealed;
      std::this_thread::yield();
    }
  }

  static constexpr std::chrono::seconds kWellWithin{60};  // Real time, for a busy machine.
  static constexpr uint64_t kSamples = uint64_t{kSeries} * kSteps;

  fakes::FaultyDatabaseFiles faulty_{GetParam()};
  std::vector<SeriesRef> refs_;
};

TEST_P(SealingFaultsTest, GoesOnWhereTheDiskRefused) {
  SealHalfWay();
  ExpectAll();
  SealOnceWell();
  EXPECT_EQ(store_->Statistics().samples_sealed, kSamples);
  EXPECT_EQ(store_->Statistics().samples_open, 0u);
  ExpectAll();
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(store_->Statistics().samples_sealed, kSamples);
  ExpectAll();
}

TEST_P(SealingFaultsTest, IsDoneOverAfterAPowerCutAndCountsNothingTwice) {
  SealHalfWay();
  faulty_.CutPower();
  store_.reset();
  faulty_.Crash();
  faulty_.Heal();
  OpenFaulty();
  ExpectAll();
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_EQ(store_->Statistics().samples_sealed, kSamples);
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
  ExpectAll();
  const uint64_t bytes = store_->Statistics().chunk_bytes;
  store_.reset();
  OpenFaulty();
  EXPECT_EQ(store_->Statistics().samples_sealed, kSamples);
  EXPECT_EQ(store_->Statistics().chunk_bytes, bytes);
  ExpectAll();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SealingFaultsTest, testing::Range(uint64_t{1}, uint64_t{4}));

}  // namespace
}  // namespace ora::storage
