#include "storage/tsdb/partitions/series_removal.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "storage/chunk/chunk_codec.h"

namespace ora::storage {
namespace {

using Entries = absl::Span<const SeriesIndex::Entry>;

// Rows of series whose ids follow one another go in one range.
void DeleteRuns(const Partition& partition, Entries series, DatabaseChanges& changes) {
  size_t begin = 0;
  for (size_t i = 1; i <= series.size(); ++i) {
    const SeriesIndex::Entry& last = series[i - 1];
    const bool follows =
        i < series.size() && series[i].slot == last.slot && series[i].id == last.id + 1;
    if (follows) continue;
    changes.DeleteRange(partition, ChunkKey::PrefixOf(series[begin].slot, series[begin].id),
                        ChunkKey::PrefixOf(last.slot, last.id + 1));
    begin = i;
  }
}

}  // namespace

absl::Status SeriesRemoval::Remove(std::vector<SeriesIndex::Entry> series) {
  partitions_.writers().AssertHeld();
  std::sort(series.begin(), series.end(),
            [](const SeriesIndex::Entry& a, const SeriesIndex::Entry& b) {
              return std::pair(a.slot, a.id) < std::pair(b.slot, b.id);
            });
  DatabaseChanges changes(database_);
  for (const SeriesIndex::Entry& entry : series) {
    changes.Delete(Family::kSeries, SeriesKey{entry.slot, entry.id}.Encode());
  }
  std::vector<std::pair<PartitionId, PartitionContents>> changed;
  std::vector<Stretch> stretches;
  for (const PartitionView& view : partitions_.All()) {
    std::vector<SeriesIndex::Entry> here;
    for (const SeriesIndex::Entry& entry : series) {
      if (view.contents->ids.contains(entry.id)) here.push_back(entry);
    }
    if (here.empty()) continue;
    PartitionContents contents = *view.contents;
    if (absl::Status removed = RemoveFrom(view, here, changes, contents); !removed.ok()) {
      return removed;
    }
    PartitionSet::Put(changes, view.id(), contents);
    changed.emplace_back(view.id(), std::move(contents));
    stretches.push_back({view.id(), ChunkKey::PrefixOf(here.front().slot, here.front().id),
                         ChunkKey::PrefixOf(here.back().slot, here.back().id + 1)});
  }
  if (absl::Status written = database_.Write(std::move(changes), Durability::kSynced);
      !written.ok()) {
    return written;
  }
  for (auto& [id, contents] : changed) partitions_.Set(id, std::move(contents));
  absl::MutexLock lock(&mutex_);
  stretches_.insert(stretches_.end(), stretches.begin(), stretches.end());
  return absl::OkStatus();
}

absl::Status SeriesRemoval::RemoveFrom(const PartitionView& view, Entries series,
                                       DatabaseChanges& changes, PartitionContents& contents) {
  const bool raw = view.id().resolution == Resolution::kRaw;
  const std::unique_ptr<RowCursor> rows = database_.Rows(*view.partition, nullptr);
  RowTotals young_gone;
  for (const SeriesIndex::Entry& entry : series) {
    // Keys of tiers begin the same way.
    const std::string prefix = ChunkKey::PrefixOf(entry.slot, entry.id);
    for (rows->Seek(prefix); rows->Valid() && absl::StartsWith(rows->key(), prefix); rows->Next()) {
      contents.bytes -= std::min(contents.bytes, rows->key().size() + rows->value().size());
      if (!raw) continue;
      const uint64_t samples = ChunkSampleCount(rows->value()).value_or(0);
      contents.samples -= std::min(contents.samples, samples);
      const absl::optional<ChunkKey> key = ChunkKey::Decode(rows->key());
      if (!key || key->seal_number <= contents.merged_through) continue;
      ++young_gone.rows;
      young_gone.samples += samples;
    }
    // What is damaged goes too, and only the totals are the worse for it.
    if (!rows->status().ok() && !absl::IsDataLoss(rows->status())) return rows->status();
    contents.ids.remove(entry.id);
    contents.young.remove(entry.id);
    contents.changed.remove(entry.id);
  }
  contents.TakeYoung(young_gone);
  DeleteRuns(*view.partition, series, changes);
  return absl::OkStatus();
}

absl::Status SeriesRemoval::Reclaim() {
  std::vector<Stretch> stretches;
  {
    absl::MutexLock lock(&mutex_);
    stretches.swap(stretches_);
  }
  for (const Stretch& stretch : stretches) {
    const absl::optional<PartitionView> view = partitions_.Find(stretch.id);
    if (!view) continue;  // It expired.
    // Space that is not given back now is given back by a later compaction.
    absl::Status compacted = database_.Compact(*view->partition, stretch.begin, stretch.end);
    if (!compacted.ok() && partitions_.Find(stretch.id)) return compacted;
  }
  return absl::OkStatus();
}

}  // namespace ora::storage
