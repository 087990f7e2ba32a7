// The nine queries that a fleet's time-series stores are compared by, over workload W1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::bench {

struct W1Query {
  std::string expression;
  int64_t start_millis = 0;
  int64_t end_millis = 0;
  int64_t step_millis = 0;  // 0: at one instant, `end_millis`.
};

// What the store holds: hosts 0 to `hosts` - 1, from `start_millis` to `end_millis`.
struct W1Stored {
  uint32_t hosts = 100;
  int64_t start_millis = 0;
  int64_t end_millis = 0;
};

// The names of the nine, in the order in which they are told.
std::vector<absl::string_view> W1QueryNames();

// The query `name` as it is asked for the `turn`-th time: about other hosts and another stretch of
// what is stored, the same for the same turn. `name` is one of W1QueryNames(). Twelve hours at
// least must be stored.
W1Query MakeW1Query(absl::string_view name, uint32_t turn, const W1Stored& stored);

}  // namespace ora::bench
