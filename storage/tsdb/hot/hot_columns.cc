#include "storage/tsdb/hot/hot_columns.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace ora::storage {
namespace {

// Of the tables and lists that one series takes beside its rows.
constexpr size_t kSeriesBytes = 160;

}  // namespace

bool HotSeries::Has(const TimeRange& wanted) const {
  return std::all_of(rows.begin(), rows.end(), [&](const HotRow& row) {
    return row.column != nullptr || !row.Overlaps(wanted);
  });
}

std::shared_ptr<const PackedColumn> HotSeries::ColumnOf(const HotRow& row) const {
  const auto same = [&](const HotRow& one) {
    return one.seal_number == row.seal_number && one.range.start_millis == row.range.start_millis &&
           one.range.end_millis == row.range.end_millis;
  };
  const auto found = std::find_if(rows.begin(), rows.end(), same);
  return found == rows.end() ? nullptr : found->column;
}

size_t HotSeries::bytes() const {
  size_t bytes = kSeriesBytes + rows.capacity() * sizeof(HotRow);
  for (const HotRow& row : rows) bytes += row.column == nullptr ? 0 : row.column->bytes();
  return bytes;
}

HotColumns::HotColumns(uint64_t bytes_max) : bytes_max_(bytes_max), asked_(kAskedPlaces) {}

bool HotColumns::IsAskedAgain(const HotKey& key) {
  constexpr int kMarkShift = 32;
  const uint64_t hash = absl::HashOf(key);
  const auto mark = static_cast<uint32_t>(hash >> kMarkShift) | 1;
  return asked_[hash % kAskedPlaces].exchange(mark, std::memory_order_relaxed) == mark;
}

HotColumns::Shard& HotColumns::ShardOf(const HotKey& key) {
  return shards_[absl::HashOf(key) % kShards];
}

void HotColumns::Shard::Drop(std::list<Kept>::iterator place) {
  bytes -= place->bytes;
  places.erase(place->key);
  kept.erase(place);
}

std::shared_ptr<const HotSeries> HotColumns::Find(const HotKey& key, uint64_t writes) {
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  const auto found = shard.places.find(key);
  if (found == shard.places.end() || found->second->series->writes != writes) return nullptr;
  shard.kept.splice(shard.kept.begin(), shard.kept, found->second);
  return found->second->series;
}

void HotColumns::Put(const HotKey& key, std::shared_ptr<const HotSeries> series) {
  const size_t bytes = series->bytes();
  const uint64_t bytes_max = bytes_max_ / kShards;
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  if (const auto found = shard.places.find(key); found != shard.places.end()) {
    if (found->second->series->writes > series->writes) return;  // By one who reads the past.
    shard.Drop(found->second);
  }
  if (bytes > bytes_max) return;
  while (shard.bytes + bytes > bytes_max) shard.Drop(std::prev(shard.kept.end()));
  shard.kept.push_front({key, std::move(series), bytes});
  shard.places.emplace(key, shard.kept.begin());
  shard.bytes += bytes;
}

uint64_t HotColumns::bytes() const {
  uint64_t bytes = 0;
  for (const Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace ora::storage
