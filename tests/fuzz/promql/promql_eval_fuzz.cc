// No expression crashes the engine, hangs it, or reads past the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "aggregator/promql/engine.h"
#include "tests/fakes/memory_series.h"

namespace {

constexpr uint64_t kSamplesMax = 20'000;

ora::fakes::MemorySeries& Series() {
  static auto* const series = [] {
    auto* made = new ora::fakes::MemorySeries();
    for (const char* host : {"a", "b"}) {
      for (const char* le : {"1", "2", "+Inf", ""}) {
        std::vector<ora::storage::Sample> samples;
        for (int i = 0; i < 30; ++i) samples.push_back({i * 10'000, 3.5 * (i % 7)});
        made->Add(ora::storage::Labels{{"__name__", "x"}, {"host", host}, {"le", le}}, samples);
      }
    }
    return made;
  }();
  return *series;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  ora::promql::QueryContext context;
  context.limits.samples_max = kSamplesMax;
  if (size % 2 == 0) context.name_removal = ora::promql::NameRemoval::kDelayed;
  ora::promql::Engine engine(Series());
  const auto instant = engine.Instant(text, 200'000, context);
  const auto range = engine.Range(text, {0, 300'000, 30'000}, context);
  if (instant.ok() && instant->cost.samples_read > kSamplesMax) abort();
  if (range.ok() && range->cost.samples_read > kSamplesMax) abort();
  return 0;
}
