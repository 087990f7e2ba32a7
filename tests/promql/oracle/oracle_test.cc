#include "tests/promql/oracle/oracle.h"

#include <cstdlib>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "tests/promql/oracle/comparison.h"
#include "tests/promql/oracle/random_query.h"

namespace ora::promql::oracle {
namespace {

// ORA_PROMQL_QUERIES=200000 for the long run; ORA_PROMQL_SEED=N begins at that seed.
uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

RandomQuery QueryOfSeed(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(4096, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  Choices choices(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return MakeRandomQuery(choices);
}

TEST(PromqlOracleTest, TheEngineAnswersRandomQueriesAsTheOracleDoes) {
  const uint64_t first = FromEnvironment("ORA_PROMQL_SEED", 1);
  const uint64_t count = FromEnvironment("ORA_PROMQL_QUERIES", 2000);
  size_t differ = 0;
  for (uint64_t seed = first; seed < first + count && differ < 10; ++seed) {
    const RandomQuery query = QueryOfSeed(seed);
    const std::string difference = Difference(query);
    if (difference.empty()) continue;
    ++differ;
    ADD_FAILURE() << "seed " << seed << ": " << query.expression << " from "
                  << query.steps.start_millis << " to " << query.steps.end_millis << " step "
                  << query.steps.step_millis << " ms, names "
                  << (query.name_removal == NameRemoval::kDelayed ? "delayed" : "at once") << ": "
                  << difference;
  }
}

// The comparison itself must be able to fail.
TEST(PromqlOracleTest, ASampleThatTheOracleDoesNotHaveIsADifference) {
  RandomQuery query;
  query.expression = "up";
  query.series = {{storage::Labels{{"__name__", "up"}}, {{0, 1}}}};
  EXPECT_EQ(Difference(query), "");
  query.series.push_back(query.series[0]);  // The engine's store keeps one of the two.
  EXPECT_NE(Difference(query), "");
}

}  // namespace
}  // namespace ora::promql::oracle
