#include "tests/system/store/sender_fleet.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr int kBlocksMax = 3;
constexpr int kSeriesABlock = 6;
constexpr uint64_t kBatchesASeries = 64;  // Then the sender's oldest series gives way to a new one.
constexpr uint64_t kLateOneIn = 8;
constexpr uint64_t kLateBatchesMax = 200;

std::string SeriesName(int series) { return absl::StrCat("m", series); }

}  // namespace

std::string SenderFleet::InstanceOf(int sender) { return absl::StrCat("host-", sender); }

std::vector<SenderFleet::Cell> SenderFleet::CellsOf(int sender, uint64_t sequence) const {
  std::mt19937_64 random(shape_.seed * 1'000'003 + static_cast<uint64_t>(sender) * 7919 + sequence);
  std::vector<Cell> cells;
  const int blocks = 1 + static_cast<int>(random() % kBlocksMax);
  for (int block = 0; block < blocks; ++block) {
    // Each sequence and block has milliseconds of its own, so that only an overwrite meets another.
    uint64_t at = sequence;
    int64_t own = static_cast<int64_t>(sequence % 300) * kBlocksMax + block + 1;
    if (random() % kLateOneIn == 0) {
      at = sequence - std::min(sequence - 1, 1 + random() % kLateBatchesMax);
      if (shape_.overwrites && at < sequence) own = static_cast<int64_t>(at % 300) * kBlocksMax + 1;
    }
    const int64_t time = shape_.start_millis + static_cast<int64_t>(at) * shape_.step_millis + own;
    const int first = static_cast<int>(at / kBatchesASeries);
    for (int series = first; series < first + kSeriesABlock; ++series) {
      cells.push_back({time, series, static_cast<double>(sequence * 1000) + block * 100 + series});
    }
  }
  return cells;
}

absl::StatusOr<WriteBatch> SenderFleet::MakeBatch(SeriesWriter& store, int sender,
                                                  uint64_t sequence) const {
  WriteBatch batch;
  batch.instance = InstanceOf(sender);
  batch.sender = {absl::StrCat("collector-", sender), 1, sequence};
  for (const Cell& cell : CellsOf(sender, sequence)) {
    const absl::StatusOr<SeriesRef> ref =
        store.Intern(batch.instance,
                     Labels({{"__name__", SeriesName(cell.series)}, {"instance", batch.instance}}));
    if (!ref.ok()) return ref.status();
    if (batch.blocks.empty() || batch.blocks.back().time_millis != cell.time_millis) {
      batch.blocks.push_back({cell.time_millis, {}, {}});
    }
    batch.blocks.back().series.push_back(*ref);
    batch.blocks.back().values.push_back(cell.value);
  }
  return batch;
}

FleetSamples SenderFleet::SamplesOf(int sender, uint64_t sequence, int64_t from_millis) const {
  FleetSamples samples;
  // A batch holds what is of its own time or before, to less than a step.
  const int64_t first = (from_millis - shape_.start_millis) / shape_.step_millis - 1;
  for (uint64_t at = static_cast<uint64_t>(std::max<int64_t>(first, 1)); at <= sequence; ++at) {
    for (const Cell& cell : CellsOf(sender, at)) {
      if (cell.time_millis < from_millis) continue;
      samples[SeriesName(cell.series)][cell.time_millis] = cell.value;
    }
  }
  return samples;
}

absl::StatusOr<FleetComparison> SenderFleet::Compare(SeriesReader& store, int sender,
                                                     const FleetSamples& expected,
                                                     int64_t kept_from_millis) {
  SelectRequest request;
  request.matchers = {Matcher::Equal("instance", InstanceOf(sender))};
  request.range = {0, int64_t{1} << 45};
  absl::StatusOr<std::unique_ptr<SeriesCursor>> cursor = store.Select(request);
  if (!cursor.ok()) return cursor.status();
  FleetComparison result;
  const auto tell = [&](const std::string& name, int64_t time, absl::string_view what) {
    if (result.example.empty()) {
      result.example = absl::StrCat(InstanceOf(sender), " ", name, " at ", time, " ", what);
    }
  };
  FleetSamples left = expected;
  SampleColumns columns;
  while ((*cursor)->Next()) {
    const std::string name((*cursor)->labels().Get("__name__"));
    if (absl::Status read = (*cursor)->ReadSamples(columns); !read.ok()) return read;
    for (size_t i = 0; i < columns.size(); ++i) {
      const int64_t time = columns.time_millis[i];
      auto& series = left[name];
      const auto at = series.find(time);
      // One that came twice was taken from `left` the first time.
      if (at == series.end() ||
          std::bit_cast<uint64_t>(at->second) != std::bit_cast<uint64_t>(columns.values[i])) {
        ++result.wrong;
        tell(name, time, absl::StrCat("is ", columns.values[i]));
      } else {
        ++result.samples;
        series.erase(at);
      }
    }
  }
  for (const auto& [name, samples] : left) {
    const auto kept = samples.lower_bound(kept_from_millis);
    result.missing += static_cast<uint64_t>(std::distance(kept, samples.end()));
    if (kept != samples.end()) tell(name, kept->first, "is missing");
  }
  return result;
}

}  // namespace ora::storage
