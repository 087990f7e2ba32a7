// Days of samples of every kind that the tiers must hold, deterministic by seed.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "storage/rocks/keys.h"
#include "storage/sample.h"

namespace ora::storage {

enum class DayShape { kCounter, kGauge, kDecimals, kDoubles, kOddities, kSparse, kConstant };
inline constexpr DayShape kDayShapes[] = {
    DayShape::kCounter,  DayShape::kGauge,  DayShape::kDecimals, DayShape::kDoubles,
    DayShape::kOddities, DayShape::kSparse, DayShape::kConstant};

// With gaps, jitter, resets and staleness markers. Counters go on from `walk` and leave it where
// they end, so that several days make one series.
class RandomDays {
 public:
  RandomDays(DayShape shape, uint64_t seed) : shape_(shape), random_(seed) {}

  SampleColumns Make(Day day) {
    SampleColumns samples;
    int64_t time = StartOf(day) + Below(60'000);
    const int64_t step = shape_ == DayShape::kSparse ? 1'100'000 : 10'000;
    while (time < StartOf(day + 1)) {
      samples.time_millis.push_back(time);
      samples.values.push_back(Next());
      time += step;
      if (Below(5) == 0) time += Below(1'000);
      if (Below(500) != 0) continue;
      // The series ends, and begins anew after a while.
      if (time < StartOf(day + 1) && Below(2) == 0) {
        samples.time_millis.push_back(time);
        samples.values.push_back(StaleMarker());
      }
      time += 1 + Below(3 * 3'600'000);
    }
    return samples;
  }

 private:
  int64_t Below(int64_t limit) { return static_cast<int64_t>(random_() % limit); }

  double Oddity() {
    constexpr double kOdd[] = {0.0,
                               -0.0,
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::denorm_min(),
                               std::numeric_limits<double>::max(),
                               -1e18,
                               9007199254740993.0,
                               0.1};
    if (Below(50) == 0) return std::bit_cast<double>(0x7ff8'0000'dead'beefu);
    return kOdd[Below(std::size(kOdd))];
  }

  double Next() {
    std::normal_distribution<double> normal;
    switch (shape_) {
      case DayShape::kCounter:
        walk_ += static_cast<double>(Below(100));
        // Now and then it begins anew, at nothing or above.
        if (Below(200) == 0) walk_ = static_cast<double>(Below(3) * Below(1'000'000));
        return walk_;
      case DayShape::kGauge:
        walk_ += std::round(1'000 * normal(random_));
        return walk_;
      case DayShape::kDecimals:
        walk_ += normal(random_);
        return std::round(walk_ * 100) / 100;
      case DayShape::kDoubles:
      case DayShape::kSparse:
        walk_ += normal(random_);
        return walk_;
      case DayShape::kOddities:
        return Below(3) == 0 ? Oddity() : static_cast<double>(Below(1'000));
      case DayShape::kConstant:
        return 12.5;
    }
    return 0;
  }

  const DayShape shape_;
  std::mt19937_64 random_;
  double walk_ = 0;
};

}  // namespace ora::storage
