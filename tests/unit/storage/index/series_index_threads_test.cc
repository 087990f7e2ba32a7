// Selections while series come and go. Run under the thread sanitizer too.
#include <gmock/gmock.h>

#include <atomic>
#include <deque>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/index/series_index.h"
#include "tests/fakes/manual_clock.h"

namespace ora::storage {
namespace {

constexpr int kStable = 3000;
constexpr int kPassing = 20'000;
constexpr size_t kPassingAlive = 2000;

// Passing series wear labels that the matchers below never match, so that whatever is found of them
// is wrong; stable ones are there all the time and must all be found.
class SeriesIndexThreadsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < kStable; ++i) {
      Add(Labels({{"__name__", "stable"}, {"host", absl::StrCat("s-", i)}}));
    }
  }

  uint32_t Add(const Labels& labels) {
    const uint32_t id = index_.Allot(7, labels)->id;
    index_.Publish({id});
    return id;
  }

  void PassSeries() {
    std::deque<uint32_t> alive;
    for (int i = 0; i < kPassing; ++i) {
      alive.push_back(Add(Labels({{"__name__", "passing"}, {"host", absl::StrCat("p-", i)}})));
      if (alive.size() <= kPassingAlive) continue;
      index_.Forget({alive.front()});
      alive.pop_front();
    }
    done_ = true;
  }

  void ExpectStable(const std::vector<Matcher>& matchers) {
    const SeriesSelection found = index_.Select(matchers, 100'000).value();
    ASSERT_EQ(found.size(), size_t{kStable}) << matchers[0].ToString();
    for (size_t i = 0; i < found.size(); i += 100) {
      ASSERT_TRUE(absl::StartsWith(found.LabelsAt(i).Get("host"), "s-"));
    }
  }

  fakes::ManualClock clock_;
  SeriesIndex index_{SeriesLimits{}, clock_};
  std::atomic<bool> done_ = false;
};

TEST_F(SeriesIndexThreadsTest, ASelectionFindsExactlyWhatIsThereAllTheTime) {
  std::thread passing([this] { PassSeries(); });
  const auto match = [](MatchType type, absl::string_view value) {
    return Matcher::Make("host", type, value).value();
  };
  while (!done_) {
    ExpectStable({match(MatchType::kRegex, "s-.*")});
    ExpectStable({match(MatchType::kNotRegex, ".*p.*")});
    ExpectStable({match(MatchType::kRegex, "[s].*"), Matcher::Equal("__name__", "stable")});
    const SeriesSelection all = index_.Select({}, 100'000).value();
    for (size_t i = 1; i < all.size(); ++i) ASSERT_LT(all.LabelsAt(i - 1), all.LabelsAt(i));
    EXPECT_THAT(index_.LabelNames({}), testing::ElementsAre("__name__", "host"));
    EXPECT_GE(index_.Cardinality(3).series, uint64_t{kStable});
  }
  passing.join();
}

}  // namespace
}  // namespace ora::storage
