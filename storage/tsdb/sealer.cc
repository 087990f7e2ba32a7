#include "storage/tsdb/sealer.h"

#include <memory>
#include <utility>

#include "storage/tsdb/sealed_chunks.h"

namespace ora::storage {
namespace {

constexpr size_t kWriteBytes = 4 << 20;  // Chunks are written in parts of about this size.

PartitionId RawPartition(Day day) {
  return {.resolution = Resolution::kRaw, .rule = "default", .first_day = day};
}

}  // namespace

Sealer::Sealer(Database& database, SeriesIndex& index, OpenChunks& open, Counters& counters)
    : database_(database),
      index_(index),
      open_(open),
      seals_(counters.Get("ora_storage_seals_total")),
      samples_sealed_(counters.Get("ora_storage_samples_sealed_total")) {}

void Sealer::Restore(const ShardMeta& meta) {
  absl::MutexLock seal(&seal_mutex_);
  watermark_ = meta.watermark;
  seal_number_begun_ = meta.seal_number_begun;
  absl::MutexLock state(&state_mutex_);
  days_ = meta.days;
}

absl::Status Sealer::Seal() {
  absl::MutexLock seal(&seal_mutex_);
  // What an earlier call left frozen is older than what was open when this one came.
  const bool left_over = open_.HasFrozen();
  for (int generations = left_over ? 2 : 1; generations > 0; --generations) {
    const std::shared_ptr<const OpenGeneration> frozen = open_.Freeze();
    if (frozen == nullptr) break;
    if (absl::Status sealed = SealGeneration(*frozen); !sealed.ok()) return sealed;
    open_.DropFrozen();
  }
  return absl::OkStatus();
}

absl::Status Sealer::SealGeneration(const OpenGeneration& generation) {
  // A number once begun is never used again: chunks that a crash left behind must not pass for
  // those of the sealing that does them over.
  const uint32_t seal_number = ++seal_number_begun_;
  auto changes = std::make_unique<DatabaseChanges>(database_);
  PutSealBegun(*changes, seal_number);
  DaysTotals added;
  absl::Status written;
  absl::btree_map<Day, std::shared_ptr<const Partition>> partitions;
  for (size_t segment = 0; segment < generation.segments(); ++segment) {
    generation.ForEachSeries(segment, [&](SeriesId id, const SampleColumns& samples) {
      if (!written.ok()) return;
      for (const ChunkRow& row :
           MakeChunkRows(index_.SlotOfSeries(id), id, seal_number, InTimeOrder(samples))) {
        const std::string key = row.key.Encode();
        std::shared_ptr<const Partition>& partition = partitions[row.day];
        if (partition == nullptr) {
          auto made = database_.CreatePartition(RawPartition(row.day));
          if (!made.ok()) {
            written = made.status();
            return;
          }
          partition = *std::move(made);
        }
        changes->Put(*partition, key, row.value);
        DayTotals& totals = added[row.day];
        totals.samples += row.samples;
        totals.chunk_bytes += key.size() + row.value.size();
      }
    });
    if (!written.ok()) return written;
    if (changes->bytes() < kWriteBytes) continue;
    written = database_.Write(std::move(*changes), Durability::kWithNextSync);
    if (!written.ok()) return written;
    changes = std::make_unique<DatabaseChanges>(database_);
  }

  // From here on the batch records are not needed: the chunks become durable with the watermark.
  const Watermark watermark{generation.last_log_number(), seal_number};
  PutWatermark(*changes, watermark);
  for (const auto& [key, sequence] : generation.marks()) {
    SenderMarks::Put(*changes, key, sequence);
  }
  changes->DeleteRange(Family::kBatches, BatchKey{watermark_.log_number + 1}.Encode(),
                       BatchKey{watermark.log_number + 1}.Encode());
  DaysTotals days;
  {
    absl::MutexLock state(&state_mutex_);
    days = days_;
  }
  uint64_t samples = 0;
  for (const auto& [day, totals] : added) {
    days[day].samples += totals.samples;
    days[day].chunk_bytes += totals.chunk_bytes;
    samples += totals.samples;
    PutDayTotals(*changes, day, days[day]);
  }
  written = database_.Write(std::move(*changes), Durability::kSynced);
  if (!written.ok()) return written;
  watermark_ = watermark;
  seals_.Increment();
  samples_sealed_.Add(samples);
  absl::MutexLock state(&state_mutex_);
  days_ = std::move(days);
  return absl::OkStatus();
}

absl::Status Sealer::DropBefore(Day first_kept) {
  absl::MutexLock seal(&seal_mutex_);
  DaysTotals days;
  {
    absl::MutexLock state(&state_mutex_);
    days = days_;
  }
  if (days.empty() || days.begin()->first >= first_kept) return absl::OkStatus();
  DatabaseChanges changes(database_);
  while (!days.empty() && days.begin()->first < first_kept) {
    DeleteDayTotals(changes, days.begin()->first);
    days.erase(days.begin());
  }
  if (absl::Status written = database_.Write(std::move(changes), Durability::kSynced);
      !written.ok()) {
    return written;
  }
  {
    absl::MutexLock state(&state_mutex_);
    days_ = std::move(days);
  }
  for (const auto& partition : database_.Partitions()) {
    if (partition->id().end_day() > first_kept) continue;
    if (absl::Status dropped = database_.DropPartition(partition); !dropped.ok()) return dropped;
  }
  return absl::OkStatus();
}

DayTotals Sealer::Totals() const {
  absl::ReaderMutexLock lock(&state_mutex_);
  DayTotals sum;
  for (const auto& [day, totals] : days_) {
    sum.samples += totals.samples;
    sum.chunk_bytes += totals.chunk_bytes;
  }
  return sum;
}

}  // namespace ora::storage
