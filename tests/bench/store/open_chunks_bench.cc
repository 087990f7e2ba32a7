// What readers cost the committer: capturing is done under the lock that appending needs.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/tsdb/open_chunks.h"

namespace ora::storage {
namespace {

constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
constexpr SeriesId kSeries = 1'000'000;
constexpr uint64_t kSteps = 24;
constexpr double kMillion = 1e6;
constexpr int64_t kStepMillis = 10'000;

// A million series with some samples each, by no store.
class OpenMillion {
 public:
  OpenMillion()
      : directory_(absl::StrCat(std::filesystem::temp_directory_path().string(), "/ora_open_bench.",
                                getpid())) {
    std::filesystem::create_directories(directory_);
    database_ = Database::Open(directory_, DatabaseFiles::Host(), [](auto, auto) {}).value();
    WriteBlock block;
    block.series.resize(kSeries);
    std::iota(block.series.begin(), block.series.end(), SeriesRef{1});
    block.values.resize(kSeries);
    BatchRecordEncoder encoder;
    for (uint64_t step = 1; step <= kSteps; ++step) {
      block.time_millis = static_cast<int64_t>(step) * kStepMillis;
      std::fill(block.values.begin(), block.values.end(), static_cast<double>(step));
      const std::vector<WriteBlock> blocks = {block};
      open_.Apply(step, encoder.Encode({}, {&blocks}), {});
    }
  }
  ~OpenMillion() {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  const Database& database() const { return *database_; }
  OpenChunks& open() { return open_; }

 private:
  const std::string directory_;
  std::unique_ptr<Database> database_;
  OpenChunks open_;
};

// Series in the order of their labels, which is none of ids.
void BM_Capture(benchmark::State& state) {
  OpenMillion million;
  std::vector<SeriesId> ids(kSeries);
  std::iota(ids.begin(), ids.end(), SeriesId{1});
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(1));
  ids.resize(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(million.open().Capture(million.database(), ids));
  }
}
BENCHMARK(BM_Capture)->Arg(1000)->Arg(kSeries)->Unit(benchmark::kMillisecond);

void BM_ReadOpenSeries(benchmark::State& state) {
  OpenMillion million;
  std::vector<SeriesId> ids;
  for (SeriesId id = 1; id < kSeries; id += 1000) ids.push_back(id);
  const OpenChunks::View view = million.open().Capture(million.database(), ids);
  SampleColumns columns;
  for (auto _ : state) {
    for (size_t i = 0; i < ids.size(); ++i) {
      columns.clear();
      million.open().Read(view, i, ids[i], kEndOfTime, columns);
    }
  }
  state.counters["bytes_per_series"] = static_cast<double>(million.open().bytes()) / kSeries;
  state.counters["msamples_per_s"] =
      benchmark::Counter(static_cast<double>(ids.size() * kSteps) / kMillion,
                         benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_ReadOpenSeries)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ora::storage
