// Random data and random expressions, made of bytes: so a fuzzer can steer them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "aggregator/promql/engine.h"
#include "tests/promql/oracle/oracle.h"

namespace ora::promql::oracle {

// Takes decisions from bytes, and after the last always the first choice.
class Choices {
 public:
  Choices(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}

  // From 0 to `count` - 1; `count` is at least 1, at most 65,536.
  size_t Below(size_t count);
  bool OneIn(size_t count) { return Below(count) == count - 1; }

 private:
  const uint8_t* const bytes_;
  const size_t size_;
  size_t next_ = 0;
};

struct RandomQuery {
  std::vector<StoredSeries> series;  // Sorted by labels.
  std::string expression;            // Of a scalar or an instant vector.
  QuerySteps steps;
  NameRemoval name_removal = NameRemoval::kAtOnce;
};

RandomQuery MakeRandomQuery(Choices& choices);

}  // namespace ora::promql::oracle
