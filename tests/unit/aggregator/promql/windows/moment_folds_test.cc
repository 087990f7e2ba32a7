#include "aggregator/promql/eval/windows/moment_folds.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "aggregator/promql/eval/windows/window_edges.h"
#include "gtest/gtest.h"

namespace ora::promql {
namespace {

using Wide = long double;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr StepGrid kGrid = {100'000, 7'000, 60};

struct Samples {
  std::vector<int64_t> times;
  std::vector<double> values;
};

// A walk about `mean`, 0.8 to 1.2 s apart.
Samples WalkAbout(double mean) {
  std::mt19937_64 random(2);
  Samples samples;
  int64_t time = 0;
  double value = mean;
  for (int i = 0; i < 500; ++i) {
    time += 800 + static_cast<int64_t>(random() % 400);
    value += static_cast<double>(random() % 1001) / 1000 - 0.5;
    samples.times.push_back(time);
    samples.values.push_back(value);
  }
  return samples;
}

// Calls `expect` with each step, its window's samples, and what the fold says of it.
template <typename Fold, typename Expect>
void ForEachWindow(const Samples& samples, int64_t range_millis, Fold fold, Expect expect) {
  std::vector<int64_t> ends;
  for (size_t step = 0; step < kGrid.count; ++step) ends.push_back(kGrid.At(step));
  WindowEdges edges;
  FindEdges(samples.times, ends, range_millis, edges);
  GridSeries result(storage::Labels(), kGrid.count);
  SlidingFold<Fold>(std::move(fold)).Slide({samples.times, samples.values}, edges, result);
  for (size_t step = 0; step < kGrid.count; ++step) {
    const auto begin = static_cast<std::ptrdiff_t>(edges.begins[step]);
    const auto end = static_cast<std::ptrdiff_t>(edges.ends[step]);
    const Samples window{{samples.times.begin() + begin, samples.times.begin() + end},
                         {samples.values.begin() + begin, samples.values.begin() + end}};
    SCOPED_TRACE(step);
    expect(step, window, result.present.Get(step) ? FoldResult(result.values[step]) : std::nullopt);
  }
}

Wide MeanOf(const std::vector<double>& values) {
  Wide sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<Wide>(values.size());
}

class MomentFoldsTest : public testing::TestWithParam<int64_t> {};

TEST_P(MomentFoldsTest, TheVarianceOfAWindowDoesNotSufferFromALargeMean) {
  for (const double mean : {0.0, 1e6, -1e12}) {
    ForEachWindow(WalkAbout(mean), GetParam(), SpreadFold(Spread::kStdvar),
                  [](size_t, const Samples& window, FoldResult got) {
                    ASSERT_EQ(got.has_value(), !window.values.empty());
                    if (!got) return;
                    const Wide middle = MeanOf(window.values);
                    Wide squares = 0;
                    for (const double value : window.values) {
                      squares += (value - middle) * (value - middle);
                    }
                    const auto want =
                        static_cast<double>(squares / static_cast<Wide>(window.values.size()));
                    ASSERT_NEAR(*got, want, 1e-10 * want + 1e-12);
                  });
  }
}

TEST_P(MomentFoldsTest, ALineIsFittedAsOverTheWholeWindow) {
  for (const double mean : {0.0, 1e9}) {
    const std::vector<double> ahead(kGrid.count, 30);
    ForEachWindow(WalkAbout(mean), GetParam(), PredictFold(kGrid, ahead),
                  [&](size_t step, const Samples& window, FoldResult got) {
                    ASSERT_EQ(got.has_value(), window.values.size() >= 2);
                    if (!got) return;
                    Wide mean_x = 0;
                    for (const int64_t time : window.times) {
                      mean_x += static_cast<Wide>(time) / 1000;
                    }
                    mean_x /= static_cast<Wide>(window.times.size());
                    const Wide mean_y = MeanOf(window.values);
                    Wide xx = 0;
                    Wide xy = 0;
                    for (size_t i = 0; i < window.times.size(); ++i) {
                      const Wide x = static_cast<Wide>(window.times[i]) / 1000 - mean_x;
                      xx += x * x;
                      xy += x * (window.values[i] - mean_y);
                    }
                    const Wide at = static_cast<Wide>(kGrid.At(step)) / 1000 + ahead[step];
                    const auto want = static_cast<double>(mean_y + xy / xx * (at - mean_x));
                    ASSERT_NEAR(*got, want, 1e-12 * std::fabs(want) + 1e-8);
                  });
  }
}

TEST_P(MomentFoldsTest, WhatIsNotFiniteIsInItsWindowsAlone) {
  for (const double odd : {kInfinity, -kInfinity, std::nan("")}) {
    Samples samples = WalkAbout(3);
    samples.values[200] = odd;
    const auto expect = [](size_t, const Samples& window, FoldResult got) {
      const bool finite = std::all_of(window.values.begin(), window.values.end(),
                                      [](double value) { return std::isfinite(value); });
      if (got) {
        ASSERT_EQ(std::isnan(*got), !finite);
      }
    };
    ForEachWindow(samples, GetParam(), SpreadFold(Spread::kStddev), expect);
    ForEachWindow(samples, GetParam(), DerivFold(), expect);
  }
}

TEST_P(MomentFoldsTest, AConstantHasNoSpreadAndNoSlope) {
  Samples samples = WalkAbout(0);
  const std::vector<double> ahead(kGrid.count, 1e9);
  const auto is = [](double want) {
    return [want](size_t, const Samples&, FoldResult got) {
      if (got) {
        ASSERT_EQ(*got, want);
      }
    };
  };
  std::fill(samples.values.begin(), samples.values.end(), 0.1);
  ForEachWindow(samples, GetParam(), SpreadFold(Spread::kStddev), is(0));
  ForEachWindow(samples, GetParam(), DerivFold(), is(0));
  ForEachWindow(samples, GetParam(), PredictFold(kGrid, ahead), is(0.1));
  std::fill(samples.values.begin(), samples.values.end(), kInfinity);
  ForEachWindow(samples, GetParam(), DerivFold(), [](size_t, const Samples&, FoldResult got) {
    if (got) {
      ASSERT_TRUE(std::isnan(*got));
    }
  });
}

TEST_P(MomentFoldsTest, OfEqualExtremesTheLatestCountsAndNoNan) {
  Samples samples = WalkAbout(0);
  for (size_t i = 0; i < samples.values.size(); ++i) {
    samples.values[i] = i % 7 == 0 ? std::nan("") : std::round(samples.values[i]);
  }
  ForEachWindow(samples, GetParam(), ExtremeTimeFold<Extreme::kMax>(),
                [](size_t, const Samples& window, FoldResult got) {
                  ASSERT_EQ(got.has_value(), !window.values.empty());
                  if (!got) return;
                  size_t best = 0;
                  for (size_t i = 1; i < window.values.size(); ++i) {
                    const bool better = window.values[i] >= window.values[best];
                    if (better || std::isnan(window.values[best])) best = i;
                  }
                  ASSERT_EQ(*got, static_cast<double>(window.times[best]) / 1000);
                });
}

INSTANTIATE_TEST_SUITE_P(Ranges, MomentFoldsTest,
                         testing::Values(int64_t{1'500}, int64_t{5'000}, int64_t{7'000},
                                         int64_t{90'000}, int64_t{2'000'000}));

}  // namespace
}  // namespace ora::promql
