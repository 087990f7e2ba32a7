// The engine answers every query that bytes make as the oracle does.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/promql/oracle/comparison.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ora::promql::oracle::Choices choices(bytes, size);
  const ora::promql::oracle::RandomQuery query = ora::promql::oracle::MakeRandomQuery(choices);
  const std::string difference = ora::promql::oracle::Difference(query);
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s: %s\n", query.expression.c_str(), difference.c_str());
  abort();
}
