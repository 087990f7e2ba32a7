#include "storage/tsdb/sealer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "storage/tsdb/partitions/sample_stretches.h"
#include "storage/tsdb/sender_marks.h"

namespace ora::storage {
namespace {

constexpr size_t kWriteBytes = 4 << 20;  // Chunks are written in parts of about this size.

}  // namespace

void Sealer::Addition::Join(const Addition& other) {
  ids |= other.ids;
  totals.rows += other.totals.rows;
  totals.samples += other.totals.samples;
  totals.bytes += other.totals.bytes;
  SeeOffset(other.last_offset_millis);
}

// What one write holds.
struct Sealer::Part {
  explicit Part(const Database& database) : changes(std::make_unique<DatabaseChanges>(database)) {}

  struct Row {
    std::string key;
    std::string value;
  };
  struct Target {
    PartitionView view;
    std::vector<Row> rows;
    Addition added;
  };

  std::unique_ptr<DatabaseChanges> changes;
  absl::btree_map<PartitionId, Target> targets;
  size_t bytes = 0;
  uint64_t samples_expired = 0;

  // Rows in the order of their keys go into RocksDB's memory fastest.
  void PutRows() {
    for (auto& [id, target] : targets) {
      std::sort(target.rows.begin(), target.rows.end(),
                [](const Row& a, const Row& b) { return a.key < b.key; });
      for (const Row& row : target.rows) {
        changes->Put(*target.view.partition, row.key, row.value);
      }
      target.rows.clear();
    }
  }
};

Sealer::Sealer(const SealTargets& targets, Clock& clock, Counters& counters)
    : targets_(targets),
      clock_(clock),
      seals_(counters.Get("ora_storage_seals_total")),
      samples_sealed_(counters.Get("ora_storage_samples_sealed_total")),
      samples_expired_(counters.Get("ora_storage_samples_expired_at_sealing_total")),
      rules_(targets.plan, targets.index) {}

void Sealer::Restore(const ShardMeta& meta) {
  absl::MutexLock writers(&targets_.partitions.writers());
  watermark_ = meta.watermark;
  seal_number_begun_ = meta.seal_number_begun;
  unfinished_rows_ = meta.seal_number_begun > meta.watermark.seal_number;
}

absl::Status Sealer::Seal() {
  absl::MutexLock writers(&targets_.partitions.writers());
  return SealLocked();
}

absl::Status Sealer::SealLocked() {
  targets_.partitions.writers().AssertHeld();
  // What an earlier call left frozen is older than what was open when this one came.
  const bool left_over = targets_.open.HasFrozen();
  for (int generations = left_over ? 2 : 1; generations > 0; --generations) {
    const std::shared_ptr<const OpenGeneration> frozen = targets_.open.Freeze();
    if (frozen == nullptr) break;
    if (absl::Status sealed = SealGeneration(*frozen); !sealed.ok()) return sealed;
    targets_.open.DropFrozen();
  }
  return absl::OkStatus();
}

absl::Status Sealer::SealGeneration(const OpenGeneration& generation) {
  Part part(targets_.database);
  if (!progress_) {
    // A number once begun is never used again: rows that a crash left behind must not pass for
    // those of the sealing that does them over.
    progress_ = Progress{.seal_number = ++seal_number_begun_};
  }
  PutSealBegun(*part.changes, progress_->seal_number);
  for (size_t segment = progress_->next; segment < generation.segments(); ++segment) {
    absl::Status sealed;
    generation.ForEachSeries(segment, [&](SeriesId id, const SampleColumns& samples) {
      targets_.partitions.writers().AssertHeld();  // By Seal; the analysis cannot see it here.
      if (sealed.ok()) sealed = AddSeries(id, samples, part);
    });
    if (sealed.ok() && part.bytes >= kWriteBytes) sealed = WritePart(part, segment + 1);
    if (!sealed.ok()) return sealed;
  }
  return Finish(generation, part);
}

absl::Status Sealer::AddSeries(SeriesId id, const SampleColumns& samples, Part& part) {
  const ChunkPlace place{
      .slot = targets_.index.SlotOfSeries(id), .id = id, .seal_number = progress_->seal_number};
  SampleColumns sorted;
  const bool ascends = Ascends(samples, 0);
  if (!ascends) {
    sorted = samples;
    SortTail(0, sorted);
  }
  absl::Status added;
  ForEachDay(ascends ? samples : sorted, [&](Day day, const SampleSpans& of_day) {
    targets_.partitions.writers().AssertHeld();  // As above.
    if (!added.ok()) return;
    ChunkPlace there = place;
    there.day = day;
    added = AddDay(there, of_day, part);
  });
  return added;
}

absl::Status Sealer::AddDay(const ChunkPlace& place, const SampleSpans& samples, Part& part) {
  const PartitionId id{Resolution::kRaw, targets_.plan.name(rules_.RuleOf(place.id)), place.day};
  auto at = part.targets.find(id);
  if (at == part.targets.end()) {
    if (targets_.plan.IsExpired(id, clock_.Now())) {
      part.samples_expired += samples.time_millis.size();
      return absl::OkStatus();
    }
    absl::StatusOr<PartitionView> view = targets_.partitions.Make(id);
    if (!view.ok()) return view.status();
    at = part.targets.emplace(id, Part::Target{.view = *std::move(view)}).first;
  }
  Part::Target& target = at->second;
  if (unfinished_rows_) {
    absl::Status taken = TakeBackUnfinished(*target.view.partition, place, part);
    if (!taken.ok()) return taken;
  }
  for (ChunkRow& row : MakeChunkRows(place, samples, ChunkEffort::kFast)) {
    Part::Row encoded{row.key.Encode(), std::move(row.value)};
    target.added.SeeOffset(row.key.last_offset_millis);
    const size_t bytes = encoded.key.size() + encoded.value.size();
    target.added.totals.rows += 1;
    target.added.totals.samples += row.samples;
    target.added.totals.bytes += bytes;
    part.bytes += bytes;
    target.rows.push_back(std::move(encoded));
  }
  target.added.ids.add(place.id);
  return absl::OkStatus();
}

absl::Status Sealer::TakeBackUnfinished(const Partition& partition, const ChunkPlace& place,
                                        Part& part) {
  const std::unique_ptr<RowCursor> rows = targets_.database.Rows(partition, nullptr);
  const std::string prefix = ChunkKey::PrefixOf(place.slot, place.id);
  for (rows->Seek(prefix); rows->Valid() && absl::StartsWith(rows->key(), prefix); rows->Next()) {
    const absl::optional<ChunkKey> key = ChunkKey::Decode(rows->key());
    const bool unfinished = key && key->seal_number > targets_.partitions.sealed_through() &&
                            key->seal_number < place.seal_number;
    if (unfinished) part.changes->Delete(partition, rows->key());
  }
  return absl::IsDataLoss(rows->status()) ? absl::OkStatus() : rows->status();
}

absl::Status Sealer::WritePart(Part& part, size_t segments) {
  part.PutRows();
  if (absl::Status written =
          targets_.database.Write(std::move(*part.changes), Durability::kWithNextSync);
      !written.ok()) {
    return written;
  }
  Additions added;
  for (auto& [id, target] : part.targets) {
    progress_->added[id].Join(target.added);
    added[id].ids = std::move(target.added.ids);
    added[id].last_offset_millis = target.added.last_offset_millis;
  }
  ShowAdded(added);
  samples_expired_.Add(part.samples_expired);
  while (progress_->next < segments) targets_.open.ReleaseFrozen(progress_->next++);
  part = Part(targets_.database);
  return absl::OkStatus();
}

// Readers look for these series in the partitions from now on. What the rows add up to counts when
// the sealing is done.
void Sealer::ShowAdded(const Additions& added) {
  for (const auto& [id, addition] : added) {
    const absl::optional<PartitionView> view = targets_.partitions.Find(id);
    if (!view) continue;
    PartitionContents contents = *view->contents;
    contents.Add(addition.ids, {});
    contents.SeeOffset(addition.last_offset_millis);
    targets_.partitions.Set(id, std::move(contents));
  }
}

absl::Status Sealer::Finish(const OpenGeneration& generation, Part& part) {
  part.PutRows();
  Additions added = progress_->added;
  for (const auto& [id, target] : part.targets) added[id].Join(target.added);
  // From here on the batch records are not needed: the chunks become durable with the watermark.
  DatabaseChanges& changes = *part.changes;
  const Watermark watermark{generation.last_log_number(), progress_->seal_number};
  PutWatermark(changes, watermark);
  for (const auto& [key, sequence] : generation.marks()) SenderMarks::Put(changes, key, sequence);
  changes.DeleteRange(Family::kBatches, BatchKey{watermark_.log_number + 1}.Encode(),
                      BatchKey{watermark.log_number + 1}.Encode());
  std::vector<std::pair<PartitionId, PartitionContents>> changed;
  uint64_t samples = 0;
  for (const auto& [id, addition] : added) {
    samples += addition.totals.samples;
    const absl::optional<PartitionView> view = targets_.partitions.Find(id);
    if (!view) continue;  // It expired between two tries.
    PartitionContents contents = *view->contents;
    contents.Add(addition.ids, addition.totals);
    contents.SeeOffset(addition.last_offset_millis);
    ++contents.sealings;
    PartitionSet::Put(changes, id, contents);
    changed.emplace_back(id, std::move(contents));
  }
  if (absl::Status written = targets_.database.Write(std::move(changes), Durability::kSynced);
      !written.ok()) {
    return written;
  }
  for (auto& [id, contents] : changed) targets_.partitions.Set(id, std::move(contents));
  targets_.partitions.set_sealed_through(watermark.seal_number);
  watermark_ = watermark;
  unfinished_rows_ = false;
  progress_.reset();
  seals_.Increment();
  samples_sealed_.Add(samples);
  samples_expired_.Add(part.samples_expired);
  return absl::OkStatus();
}

}  // namespace ora::storage
