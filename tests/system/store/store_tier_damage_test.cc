// A bit is flipped anywhere in the files of a store whose older days are downsampled: what it still
// answers is what the whole store answers, and what is lost is told. ORA_DAMAGE_FLIPS sets how many
// bits of each file (1 unless set), ORA_SEED which.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/labels.h"
#include "tests/system/store/opened_store.h"

namespace ora::storage {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kFlipsDefault = 1;
constexpr uint64_t kSeedDefault = 20'261'123;
constexpr int kSeries = 12;  // Counters and gauges in turn.
constexpr int kMinutes = 24 * 60;
constexpr int64_t kMinuteMillis = 60'000;
constexpr int kResetEvery = 500;  // Minutes, of each counter.
// Days from the begin on which samples are written; of the first only hours are left at the end, of
// the second five minutes, of the third all.
constexpr int kDays[] = {0, 64, 99};
constexpr int kEndDay = 102;
const Retention kRetention{.raw = absl::Hours(24 * 10),
                           .five_minutes = absl::Hours(24 * 60),
                           .one_hour = absl::Hours(24 * 400)};
// Each reads another column of the tiers.
constexpr char kIncrease[] = "increase";
constexpr char kLast[] = "last_over_time";
constexpr const char* kColumns[] = {"sum_over_time", "min_over_time", "max_over_time",
                                    "avg_over_time", kLast,           kIncrease};

// What a store answers: the function, the series, the time.
using Cell = std::tuple<std::string, std::string, int64_t>;
using Answers = std::map<Cell, double>;

class StoreTierDamageTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / absl::StrCat("tier_damage.", getpid());
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path Whole() const { return root_ / "whole"; }
  fs::path Damaged() const { return root_ / "damaged"; }

  void MakeWhole() {
    const int64_t begin = absl::ToUnixMillis(clock_.Now());
    int day = 0;
    OpenedStore store(Whole(), clock_, kRetention);
    ASSERT_TRUE(store.status().ok()) << store.status();
    for (const int next : kDays) {
      clock_.Advance(absl::Hours(24 * (next + 1 - day)));  // To the end of the day.
      day = next + 1;
      WriteADay(store, begin + absl::ToInt64Milliseconds(absl::Hours(24 * next)));
      clock_.Advance(absl::Hours(24));  // It is over: its tiers are made by the merge.
      ++day;
      ASSERT_TRUE(store->Settle().ok());
    }
    clock_.Advance(absl::Hours(24 * (kEndDay - day)));
    ASSERT_TRUE(store->ExpireOld().ok());
    ASSERT_TRUE(store->Settle().ok());
  }

  void WriteADay(OpenedStore& store, int64_t from_millis) {
    std::vector<SeriesRef> refs;
    for (int series = 0; series < kSeries; ++series) {
      const std::string name = absl::StrCat("m", series, series % 2 == 0 ? "_total" : "");
      const auto ref = store->Intern("a", Labels({{"__name__", name}, {"instance", "a"}}));
      ASSERT_TRUE(ref.ok()) << ref.status();
      refs.push_back(*ref);
    }
    WriteBatch batch{.instance = "a"};
    for (int minute = 0; minute < kMinutes; ++minute) {
      WriteBlock& block = batch.blocks.emplace_back();
      block.time_millis = from_millis + minute * kMinuteMillis;
      block.series = refs;
      for (int series = 0; series < kSeries; ++series) {
        const bool counter = series % 2 == 0;
        block.values.push_back(counter ? (minute + series) % kResetEvery * 3.0
                                       : std::sin(minute * 0.1 + series) * 40);
      }
    }
    const auto stored = WriteAndWait(*store, batch);
    ASSERT_TRUE(stored.ok()) << stored.status();
  }

  // All that can be asked of the store.
  static Answers Ask(OpenedStore& store) {
    Answers answers;
    for (const char* function : kColumns) {
      SelectRequest request;
      request.matchers = {Matcher::Equal("instance", "a")};
      request.range = {0, int64_t{1} << 45};
      request.hints.function = function;
      auto cursor = store->Select(request);
      EXPECT_TRUE(cursor.ok()) << cursor.status();
      if (!cursor.ok()) return answers;
      SampleColumns columns;
      while ((*cursor)->Next()) {
        EXPECT_TRUE((*cursor)->ReadSamples(columns).ok());
        const std::string series((*cursor)->labels().Get("__name__"));
        for (size_t i = 0; i < columns.size(); ++i) {
          answers[{function, series, columns.time_millis[i]}] = columns.values[i];
        }
      }
    }
    return answers;
  }

  // What the whole store would answer if it had kept hours only, where it has five minutes: what
  // stands in for a row of those that is lost.
  Answers AskCoarser() {
    fs::copy(Whole(), Damaged(), fs::copy_options::recursive);
    Retention hours = kRetention;
    hours.five_minutes = absl::ZeroDuration();
    OpenedStore store(Damaged(), clock_, hours);
    EXPECT_TRUE(store->ExpireOld().ok());
    Answers answers = Ask(store);
    fs::remove_all(Damaged());
    return answers;
  }

  struct Difference {
    size_t missing = 0;  // Of the whole store's answers.
    std::string wrong;
  };
  static Difference Compare(const Answers& whole, const Answers& coarser, const Answers& damaged) {
    Difference difference;
    for (const auto& [cell, value] : whole) difference.missing += 1 - damaged.count(cell);
    for (const auto& [cell, value] : damaged) {
      const auto& [function, series, time] = cell;
      // Between the ends of buckets an increase has steps of its own, that follow from the ends.
      if (function == kIncrease && damaged.count({kLast, series, time}) == 0) continue;
      const auto fine = whole.find(cell);
      const auto coarse = coarser.find(cell);
      if (fine != whole.end() && fine->second == value) continue;
      if (coarse != coarser.end() && coarse->second == value) continue;
      difference.wrong = absl::StrCat(function, " of ", series, " at ", time, ": ", value);
      break;
    }
    return difference;
  }

  fakes::ManualClock clock_;
  std::mt19937_64 random_{NumberFrom("ORA_SEED", kSeedDefault)};
  fs::path root_;
};

TEST_F(StoreTierDamageTest, ABitAnywhereCostsWhatIsToldAndNothingElse) {
  ASSERT_NO_FATAL_FAILURE(MakeWhole());
  const Answers coarser = AskCoarser();
  ASSERT_FALSE(coarser.empty());
  fs::copy(Whole(), Damaged(), fs::copy_options::recursive);
  Answers whole;
  {
    OpenedStore store(Damaged(), clock_, kRetention);
    whole = Ask(store);
    ASSERT_FALSE(store.Told()) << store.Log();
  }
  // Hours, five minutes and samples of each series.
  const size_t rows = 24 + 24 * 12 + kMinutes;
  const auto sums = std::count_if(whole.begin(), whole.end(), [](const auto& answer) {
    return std::get<0>(answer.first) == "sum_over_time";
  });
  ASSERT_EQ(static_cast<size_t>(sums), rows * kSeries);
  size_t lossy = 0;
  for (const fs::path& file : FilesBelow(Whole())) {
    for (uint64_t flip = NumberFrom("ORA_DAMAGE_FLIPS", kFlipsDefault); flip > 0; --flip) {
      fs::remove_all(Damaged());
      fs::copy(Whole(), Damaged(), fs::copy_options::recursive);
      const std::string what = FlipABit(Damaged() / file, random_);
      if (what.empty()) continue;
      SCOPED_TRACE(what);
      OpenedStore store(Damaged(), clock_, kRetention);
      ASSERT_TRUE(store.status().ok()) << store.status() << "\n" << store.Log();
      const Difference difference = Compare(whole, coarser, Ask(store));
      EXPECT_EQ(difference.wrong, "") << store.Log();
      if (difference.missing == 0) continue;
      ++lossy;
      EXPECT_TRUE(store.Told()) << difference.missing << " answers\n" << store.Log();
    }
  }
  EXPECT_GT(lossy, 0u);
}

}  // namespace
}  // namespace ora::storage
