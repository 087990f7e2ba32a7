// What one partition of samples holds: a resolution, a retention rule's series, and some days.
#pragma once

#include <cstdint>
#include <string>

#include "storage/rocks/keys.h"

namespace ora::storage {

enum class Resolution : uint8_t { kRaw = 0, kFiveMinutes = 1, kOneHour = 2 };

struct PartitionId {
  Resolution resolution = Resolution::kRaw;
  std::string rule;   // Its name: everything in a partition has one lifetime.
  Day first_day = 0;  // A multiple of DaysOf(resolution).

  friend bool operator==(const PartitionId& a, const PartitionId& b) = default;
  friend auto operator<=>(const PartitionId& a, const PartitionId& b) = default;
};

// How many days a partition spans.
constexpr Day DaysOf(Resolution resolution) {
  switch (resolution) {
    case Resolution::kRaw:
      return 1;
    case Resolution::kFiveMinutes:
      return 8;
    case Resolution::kOneHour:
      return 64;
  }
  return 1;
}

}  // namespace ora::storage
