#include "storage/tsdb/partitions/merger.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "storage/tsdb/partitions/chunk_rows.h"
#include "storage/tsdb/partitions/sample_stretches.h"

namespace ora::storage {
namespace {

// A sealing waits for no more than a step: about as many bytes written, or samples coded anew.
constexpr size_t kStepBytes = 4 << 20;
constexpr uint64_t kStepSamples = 2'000'000;

}  // namespace

// One call of Merge.
struct Merger::Pass {
  PartitionView view;
  MergePolicy policy;
  std::vector<SeriesIndex::Entry> series;  // Those to be merged, in the order of their rows.
  size_t next = 0;
  Roaring unknown;  // Series whose records are lost: nobody reads their rows.
  uint32_t merged_through = 0;
};

struct Merger::Row {
  ChunkKey key;
  std::string value;
};

// What one write changes.
struct Merger::Step {
  explicit Step(const Database& database) : changes(database) {}

  DatabaseChanges changes;
  std::unique_ptr<RowCursor> cursor;
  uint32_t sealed_through = 0;
  Roaring merged;        // Series that have no young rows left.
  RowTotals young_gone;  // Of these series.
  // Of the partition; they wrap around where they go down.
  uint64_t samples_added = 0;
  uint64_t bytes_added = 0;
  uint64_t samples_coded = 0;
  uint64_t rows_read = 0;
  // Of the current series.
  std::vector<Row> rows;
  std::vector<MergeRow> bounds;
};

Merger::Merger(Database& database, PartitionSet& partitions, const SeriesIndex& index,
               const std::atomic<bool>& closing, DamageReport report, Counters& counters)
    : database_(database),
      partitions_(partitions),
      index_(index),
      closing_(closing),
      report_(std::move(report)),
      samples_merged_(counters.Get("ora_storage_samples_merged_total")),
      rows_merged_(counters.Get("ora_storage_chunks_merged_total")) {}

absl::Status Merger::Merge(const PartitionId& id, const MergePolicy& policy) {
  Pass pass{.policy = policy};
  {
    absl::MutexLock writers(&partitions_.writers());
    const absl::optional<PartitionView> view = partitions_.Find(id);
    if (!view || view->contents->young.isEmpty()) return absl::OkStatus();
    pass.view = *view;
    pass.merged_through = partitions_.sealed_through();
  }
  for (const SeriesId series : pass.view.contents->young) {
    if (!index_.IsAllotted(series)) {
      pass.unknown.add(series);
      continue;
    }
    pass.series.push_back({series, index_.SlotOfSeries(series)});
  }
  std::sort(pass.series.begin(), pass.series.end(),
            [](const SeriesIndex::Entry& a, const SeriesIndex::Entry& b) {
              return std::pair(a.slot, a.id) < std::pair(b.slot, b.id);
            });
  do {
    if (absl::Status step = TakeStep(pass); !step.ok()) return step;
  } while (pass.next < pass.series.size() && !closing_.load());
  return absl::OkStatus();
}

absl::Status Merger::TakeStep(Pass& pass) {
  absl::MutexLock writers(&partitions_.writers());
  const PartitionId& id = pass.view.id();
  const absl::optional<PartitionView> now = partitions_.Find(id);
  if (!now || now->partition != pass.view.partition) {  // It was dropped meanwhile.
    pass.next = pass.series.size();
    return absl::OkStatus();
  }
  Step step(database_);
  step.cursor = database_.Rows(*pass.view.partition, nullptr);
  step.sealed_through = partitions_.sealed_through();
  size_t next = pass.next;
  while (next < pass.series.size() && step.changes.bytes() < kStepBytes &&
         step.samples_coded < kStepSamples) {
    const SeriesIndex::Entry& series = pass.series[next++];
    if (!now->contents->ids.contains(series.id)) continue;  // Deleted meanwhile.
    if (absl::Status merged = MergeSeries(pass, series, step); !merged.ok()) return merged;
  }
  PartitionContents contents = *now->contents;
  contents.samples += step.samples_added;
  contents.bytes += step.bytes_added;
  contents.young -= step.merged;
  contents.young -= pass.unknown;
  contents.TakeYoung(step.young_gone);
  if (next == pass.series.size()) {
    contents.sealings = 0;
    contents.merged_through = std::max(contents.merged_through, pass.merged_through);
  }
  PartitionSet::Put(step.changes, id, contents);
  if (absl::Status written = database_.Write(std::move(step.changes), Durability::kWithNextSync);
      !written.ok()) {
    return written;
  }
  partitions_.Set(id, std::move(contents));
  pass.next = next;
  samples_merged_.Add(step.samples_coded);
  rows_merged_.Add(step.rows_read);
  return absl::OkStatus();
}

absl::Status Merger::MergeSeries(const Pass& pass, const SeriesIndex::Entry& series, Step& step) {
  const absl::Status read = ReadRows(pass, series, step);
  if (absl::IsUnavailable(read)) return read;
  if (absl::IsDataLoss(read)) {
    // Unread rows may overlap those that were read: nothing of the series is touched.
    report_(absl::StrCat("chunk of series ", series.id, ", partition ", pass.view.id().Name()),
            read.message());
    SetMerged(series.id, step);
    return absl::OkStatus();
  }
  const auto unfinished = [&](const Row& row) { return row.key.seal_number > step.sealed_through; };
  // A sealing that is done over will bring the same rows again, or a crash takes them back.
  if (std::any_of(step.rows.begin(), step.rows.end(), unfinished)) return absl::OkStatus();
  for (const MergeGroup& group : PlanMerge(step.bounds, pass.policy)) {
    if (absl::Status merged = MergeGroupOf(pass, series, group, step); !merged.ok()) return merged;
  }
  SetMerged(series.id, step);
  return absl::OkStatus();
}

void Merger::SetMerged(SeriesId id, Step& step) {
  step.merged.add(id);
  for (const MergeRow& row : step.bounds) {
    if (row.age != RowAge::kYoung) continue;
    ++step.young_gone.rows;
    step.young_gone.samples += row.samples;
  }
}

absl::Status Merger::ReadRows(const Pass& pass, const SeriesIndex::Entry& series, Step& step) {
  step.rows.clear();
  step.bounds.clear();
  const std::string prefix = ChunkKey::PrefixOf(series.slot, series.id);
  RowCursor& cursor = *step.cursor;
  for (cursor.Seek(prefix); cursor.Valid() && absl::StartsWith(cursor.key(), prefix);
       cursor.Next()) {
    const absl::optional<ChunkKey> key = ChunkKey::Decode(cursor.key());
    const absl::StatusOr<size_t> samples = ChunkSampleCount(cursor.value());
    if (!samples.ok()) return samples.status();
    if (!key) return absl::DataLossError("a chunk's key has the wrong length");
    step.rows.push_back({*key, std::string(cursor.value())});
    step.bounds.push_back(
        {key->first_offset_millis, key->last_offset_millis, *samples,
         key->seal_number > pass.view.contents->merged_through ? RowAge::kYoung : RowAge::kMerged});
  }
  return cursor.status();
}

absl::Status Merger::MergeGroupOf(const Pass& pass, const SeriesIndex::Entry& series,
                                  const MergeGroup& group, Step& step) {
  SampleColumns columns;
  std::vector<SampleStretch> stretches;
  ChunkPlace place{.day = pass.view.id().first_day, .slot = series.slot, .id = series.id};
  for (const size_t at : group) {
    const Row& row = step.rows[at];
    const size_t begin = columns.size();
    if (const absl::Status decoded = AppendChunkValue(row.value, columns); !decoded.ok()) {
      report_(absl::StrCat("chunk of series ", series.id, ", partition ", pass.view.id().Name()),
              decoded.message());
      return absl::OkStatus();
    }
    stretches.push_back({begin, columns.size(), row.key.seal_number});
    place.seal_number = std::max(place.seal_number, row.key.seal_number);
  }
  const uint64_t samples_before = columns.size();
  OrderStretches(stretches, columns);
  // First the deletions: a merged row may have the key of one that it replaces.
  for (const size_t at : group) {
    const std::string key = step.rows[at].key.Encode();
    step.changes.Delete(*pass.view.partition, key);
    step.bytes_added -= key.size() + step.rows[at].value.size();
  }
  for (const ChunkRow& row :
       MakeChunkRows(place, {columns.time_millis, columns.values}, ChunkEffort::kBest)) {
    const std::string key = row.key.Encode();
    step.changes.Put(*pass.view.partition, key, row.value);
    step.bytes_added += key.size() + row.value.size();
  }
  step.samples_added += columns.size() - samples_before;
  step.samples_coded += columns.size();
  step.rows_read += group.size();
  return absl::OkStatus();
}

}  // namespace ora::storage
