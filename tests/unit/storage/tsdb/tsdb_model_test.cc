// A store against a model of it, through random writes and all that a store does by itself.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr int kSeries = 6;
constexpr int kSteps = 250;
constexpr int kSeriesOfTheShortRule = 2;
constexpr int kReadsUntilHot = 3;
constexpr uint64_t kFewHotBytes = 16 * 600;

// What a series holds: seconds after the clock's start, and the value.
using Model = std::map<int, std::map<int64_t, double>>;

class ModelTest : public StoreTest, public testing::WithParamInterface<uint32_t> {
 protected:
  void SetUp() override {
    // Seals come from the test, and from the minutes in which little was written.
    options_.retention.raw = absl::Hours(24 * 4);
    options_.retention_rules = {
        {"short", {*Matcher::Make("__name__", MatchType::kRegex, "m[01]")}, {absl::Hours(24 * 2)}}};
    // Mostly all that is read fits, at times nothing does, or hardly anything.
    if (GetParam() % 4 == 1) options_.hot_bytes_max = 0;
    if (GetParam() % 4 == 2) options_.hot_bytes_max = kFewHotBytes;
    StoreTest::SetUp();
  }

  static std::string Metric(int series) { return absl::StrCat("m", series); }
  static Labels LabelsOfSeries(int series) {
    return Series(Metric(series), absl::StrCat("host", series % 3));
  }

  int64_t NowSeconds() { return (clock_.NowMillis() - start_millis_) / 1000; }

  // Nothing older may be gone.
  int64_t OldestKept(int series) {
    const int64_t kept = (series < kSeriesOfTheShortRule ? 2 : 4) * kDaySeconds;
    const int64_t oldest = NowSeconds() - kept;
    const int64_t day = oldest >= 0 ? oldest / kDaySeconds : -((-oldest - 1) / kDaySeconds) - 1;
    return day * kDaySeconds;
  }

  uint32_t Below(uint32_t end) { return random_() % end; }

  // How far back a batch begins: mostly live, at times late, rarely days late.
  int64_t RandomStart() {
    const uint32_t dice = Below(20);
    const int64_t now = NowSeconds();
    if (dice < 12) return now - static_cast<int64_t>(Below(600));
    if (dice < 18) return now - static_cast<int64_t>(Below(kDaySeconds));
    return now - static_cast<int64_t>(Below(3 * kDaySeconds));
  }

  void Write() {
    const int series = static_cast<int>(Below(kSeries));
    const int64_t step = int64_t{1} << Below(10);
    int64_t time = RandomStart();
    std::map<int64_t, double> written;
    WriteBatch batch;
    const Labels labels = LabelsOfSeries(series);
    batch.instance = std::string(labels.Get("instance"));
    const SeriesRef ref = Intern(labels);
    for (uint32_t count = 1 + Below(40); count > 0; --count, time += step) {
      if (time > NowSeconds()) time -= kDaySeconds / 4;
      const auto value = static_cast<double>(++last_value_);
      batch.blocks.push_back({At(time), {ref}, {value}});
      written[time] = value;
    }
    const auto outcome = Store(std::move(batch));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    const int64_t kept = options_.retention.raw / absl::Seconds(1);
    for (const auto& [at, value] : written) {
      if (at >= NowSeconds() - kept) model_[series][at] = value;
    }
  }

  void Check() {
    for (int series = 0; series < kSeries; ++series)
      CheckSeries(series, OldestKept(series), kAllSeconds);
    const auto series = static_cast<int>(Below(kSeries));
    const int64_t from =
        std::max(OldestKept(series), NowSeconds() - static_cast<int64_t>(Below(2 * kDaySeconds)));
    const int64_t to = from + static_cast<int64_t>(Below(kDaySeconds));
    for (int again = 0; again < kReadsUntilHot; ++again) CheckSeries(series, from, to);
    CheckNewest(series, from, to);
  }

  void CheckNewest(int series, int64_t from, int64_t to) {
    SelectRequest request;
    request.matchers = {Matcher::Equal("__name__", Metric(series))};
    request.range = {At(from), At(to)};
    request.hints.only_newest = true;
    const auto cursor = store_->Select(request);
    ASSERT_TRUE(cursor.ok()) << cursor.status();
    const Points read = (*cursor)->Next() ? ReadAll(**cursor) : Points();
    const Points expected = Expected(series, from, to);
    ASSERT_EQ(read.empty(), expected.empty()) << "series " << series;
    if (!read.empty()) {
      ASSERT_EQ(read.back(), expected.back()) << "series " << series;
    }
  }

  void CheckSeries(int series, int64_t from, int64_t to) {
    ASSERT_EQ(Read(Metric(series), from, to), Expected(series, from, to)) << "series " << series;
  }

  Points Expected(int series, int64_t from, int64_t to) {
    const auto& samples = model_[series];
    return Points(samples.lower_bound(from), samples.upper_bound(to));
  }

  // A cursor that is read later shows what there was.
  struct Held {
    std::unique_ptr<SeriesCursor> cursor;
    Points expected;
  };

  void Delete() {
    const auto series = static_cast<int>(Below(kSeries));
    const auto deleted = store_->DeleteSeries({Matcher::Equal("__name__", Metric(series))});
    ASSERT_TRUE(deleted.ok()) << deleted.status();
    model_[series].clear();
  }

  void Hold() {
    const auto series = static_cast<int>(Below(kSeries));
    const int64_t from = OldestKept(series);
    Held held{Select({Matcher::Equal("__name__", Metric(series))}, from, kAllSeconds),
              Expected(series, from, kAllSeconds)};
    if (held.cursor->Next()) held_.push_back(std::move(held));
  }

  void CheckHeld() {
    for (const Held& held : held_) ASSERT_EQ(ReadAll(*held.cursor), held.expected);
    held_.clear();
  }

  static void Expect(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  void Step() {
    const uint32_t dice = Below(100);
    if (dice < 60) return Write();
    if (dice < 72) return Expect(store_->Seal());
    if (dice < 78) return Hold();
    if (dice < 82) return CheckHeld();
    if (dice < 85) return Expect(store_->Settle());
    if (dice < 88) return Expect(store_->ExpireOld());
    if (dice < 90) return Delete();
    if (dice < 96) return clock_.Advance(absl::Seconds(Below(7200)));
    if (dice < 97) return clock_.Advance(absl::Hours(24));
    held_.clear();
    dice < 99 ? Reopen() : ReopenCopy();
  }

  std::mt19937 random_{GetParam()};
  Model model_;
  std::vector<Held> held_;
  uint64_t last_value_ = 0;
};

TEST_P(ModelTest, HoldsWhatWasWrittenThroughSealsMergesDeletionsExpiryAndCrashes) {
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(absl::StrCat("step ", step));
    Step();
    if (HasFatalFailure()) return;
    if (step % 10 == 9) Check();
    if (HasFatalFailure()) return;
  }
  CheckHeld();
  Expect(store_->Settle());
  Check();
  held_.clear();
  Reopen();
  Check();
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::Range(1u, 9u));

}  // namespace
}  // namespace ora::storage
