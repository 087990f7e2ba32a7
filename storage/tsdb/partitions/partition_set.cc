#include "storage/tsdb/partitions/partition_set.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/chunk/chunk_codec.h"

namespace ora::storage {
namespace {

constexpr absl::string_view kRowPrefix = "partition/";

std::string RowKey(const PartitionId& id) { return absl::StrCat(kRowPrefix, id.Name()); }

}  // namespace

bool Overlaps(const PartitionId& id, const TimeRange& range) {
  return StartOf(id.first_day) <= range.end_millis && range.start_millis < StartOf(id.end_day());
}

std::vector<PartitionView> Joined(std::vector<PartitionView> before,
                                  const std::vector<PartitionView>& after) {
  std::vector<PartitionView> joined = std::move(before);
  for (const PartitionView& view : after) {
    const auto at =
        std::lower_bound(joined.begin(), joined.end(), view.id(),
                         [](const PartitionView& a, const PartitionId& id) { return a.id() < id; });
    // One that was dropped and made again meanwhile has two sets of rows.
    if (at == joined.end() || at->partition != view.partition) {
      joined.insert(at, {view.partition, view.contents, absl::nullopt});
    } else if (at->contents != view.contents) {
      at->contents = std::make_shared<PartitionContents>(PartitionContents{
          .ids = at->contents->ids | view.contents->ids,
          .last_offset_millis =
              std::max(at->contents->last_offset_millis, view.contents->last_offset_millis)});
    }
  }
  for (PartitionView& view : joined) {
    if (view.writes && *view.writes != view.partition->writes_begun()) view.writes.reset();
  }
  return joined;
}

PartitionSet::PartitionSet(Database& database, DamageReport report)
    : database_(database), report_(std::move(report)) {}

absl::Status PartitionSet::Load(const ShardReach& reach) {
  absl::MutexLock writers(&writers_);
  sealed_through_ = reach.sealed_through;
  for (const std::shared_ptr<const Partition>& partition : database_.Partitions()) {
    absl::StatusOr<PartitionContents> contents = ReadContents(*partition, reach);
    if (!contents.ok()) return contents.status();
    absl::MutexLock lock(&mutex_);
    partitions_[partition->id()] = {
        partition, std::make_shared<PartitionContents>(*std::move(contents)), absl::nullopt};
  }
  return DropOrphanRows();
}

absl::StatusOr<PartitionContents> PartitionSet::ReadContents(const Partition& partition,
                                                             const ShardReach& reach) {
  if (reach.rows == PartitionRows::kMayBeOld) return Recount(partition, reach);
  const std::string object = absl::StrCat("record of partition ", partition.id().Name());
  const auto row = database_.Get(Family::kMeta, RowKey(partition.id()));
  if (!row.ok() && !absl::IsDataLoss(row.status())) return row.status();
  if (!row.ok()) {
    report_(object, row.status().message());
  } else if (row->has_value()) {
    absl::StatusOr<PartitionContents> contents = DecodePartitionRecord(**row);
    if (contents.ok() || !absl::IsDataLoss(contents.status())) return contents;
    report_(object, contents.status().message());
  }
  return Recount(partition, reach);
}

// All series count as young and changed: what a merge or a tier does twice stays as it is.
absl::StatusOr<PartitionContents> PartitionSet::Recount(const Partition& partition,
                                                        const ShardReach& reach) {
  PartitionContents contents;
  const bool raw = partition.id().resolution == Resolution::kRaw;
  const std::unique_ptr<RowCursor> rows = database_.Rows(partition, nullptr);
  for (rows->Seek(""); rows->Valid(); rows->Next()) {
    const absl::optional<ChunkKey> chunk = ChunkKey::Decode(rows->key());
    const absl::optional<TierKey> tier = TierKey::Decode(rows->key());
    if (raw ? !chunk || chunk->seal_number > reach.sealed_through : !tier) continue;
    contents.ids.add(raw ? chunk->id : tier->id);
    contents.bytes += rows->key().size() + rows->value().size();
    if (!raw) continue;
    contents.samples += ChunkSampleCount(rows->value()).value_or(0);
    ++contents.young_rows;
    contents.SeeOffset(chunk->last_offset_millis);
  }
  if (raw) {
    contents.young = contents.changed = contents.ids;
    contents.young_samples = contents.samples;
  }
  if (!absl::IsDataLoss(rows->status())) {
    if (!rows->status().ok()) return rows->status();
    return contents;
  }
  // Which series have rows behind the damage nobody knows: all are looked for.
  report_(absl::StrCat("rows of partition ", partition.id().Name()), rows->status().message());
  contents.ids.addRange(1, reach.id_next);
  contents.SeeOffset(std::numeric_limits<uint32_t>::max());
  return contents;
}

absl::Status PartitionSet::DropOrphanRows() {
  DatabaseChanges changes(database_);
  bool any = false;
  const std::unique_ptr<RowCursor> rows = database_.Rows(Family::kMeta, nullptr);
  for (rows->Seek(kRowPrefix); rows->Valid(); rows->Next()) {
    absl::string_view name = rows->key();
    if (!absl::ConsumePrefix(&name, kRowPrefix)) break;
    const absl::optional<PartitionId> id = PartitionId::Parse(name);
    if (id && Find(*id)) continue;
    changes.Delete(Family::kMeta, rows->key());
    any = true;
  }
  if (!any) return absl::OkStatus();
  return database_.Write(std::move(changes), Durability::kWithNextSync);
}

std::vector<PartitionView> PartitionSet::All() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<PartitionView> all;
  all.reserve(partitions_.size());
  for (const auto& [id, view] : partitions_) all.push_back(view);
  return all;
}

std::vector<PartitionView> PartitionSet::Overlapping(const TimeRange& range) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<PartitionView> overlapping;
  for (const auto& [id, view] : partitions_) {
    if (!Overlaps(id, range)) continue;
    overlapping.push_back(view);
    overlapping.back().writes = view.partition->writes_over();
  }
  return overlapping;
}

absl::optional<PartitionView> PartitionSet::Find(const PartitionId& id) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto at = partitions_.find(id);
  if (at == partitions_.end()) return absl::nullopt;
  return at->second;
}

absl::StatusOr<PartitionView> PartitionSet::Make(const PartitionId& id) {
  if (absl::optional<PartitionView> view = Find(id)) return *std::move(view);
  absl::StatusOr<std::shared_ptr<const Partition>> made = database_.CreatePartition(id);
  if (!made.ok()) return made.status();
  PartitionView view{*std::move(made), std::make_shared<PartitionContents>(), absl::nullopt};
  absl::MutexLock lock(&mutex_);
  partitions_[id] = view;
  return view;
}

void PartitionSet::Put(DatabaseChanges& changes, const PartitionId& id,
                       const PartitionContents& contents) {
  changes.Put(Family::kMeta, RowKey(id), EncodePartitionRecord(contents));
}

void PartitionSet::Set(const PartitionId& id, PartitionContents contents) {
  auto shared = std::make_shared<const PartitionContents>(std::move(contents));
  absl::MutexLock lock(&mutex_);
  const auto at = partitions_.find(id);
  if (at != partitions_.end()) at->second.contents = std::move(shared);
}

absl::Status PartitionSet::Drop(const PartitionId& id) {
  const absl::optional<PartitionView> view = Find(id);
  if (!view) return absl::OkStatus();
  if (absl::Status dropped = database_.DropPartition(view->partition); !dropped.ok()) {
    return dropped;
  }
  {
    absl::MutexLock lock(&mutex_);
    partitions_.erase(id);
  }
  // Were this lost, Load would do it.
  DatabaseChanges changes(database_);
  changes.Delete(Family::kMeta, RowKey(id));
  return database_.Write(std::move(changes), Durability::kWithNextSync);
}

}  // namespace ora::storage
