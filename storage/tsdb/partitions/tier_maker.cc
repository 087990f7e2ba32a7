#include "storage/tsdb/partitions/tier_maker.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "storage/retention/downsample.h"
#include "storage/retention/fuller_row.h"
#include "storage/tsdb/partitions/checked_value.h"
#include "storage/tsdb/partitions/chunk_rows.h"
#include "storage/tsdb/partitions/sample_stretches.h"

namespace ora::storage {
namespace {

// A sealing waits for no more than a step: about as many bytes written, or samples read.
constexpr size_t kStepBytes = 4 << 20;
constexpr uint64_t kStepSamples = 5'000'000;

}  // namespace

// One call of Make.
struct TierMaker::Pass {
  PartitionView raw;
  std::vector<PartitionView> tiers;
  std::vector<SeriesIndex::Entry> series;  // In the order of their rows.
  size_t next = 0;
};

// A tier's partition in a step.
struct TierMaker::Tier {
  PartitionView view;
  PartitionContents contents;
};

// What one write changes.
struct TierMaker::Step {
  explicit Step(const Database& database) : changes(database) {}

  DatabaseChanges changes;
  std::unique_ptr<RowCursor> cursor;
  uint32_t sealed_through = 0;
  std::vector<Tier> tiers;
  Roaring made;
  uint64_t samples_read = 0;
  uint64_t rows = 0;
};

TierMaker::TierMaker(const TierSources& sources, DamageReport report, Clock& clock,
                     Counters& counters)
    : sources_(sources),
      report_(std::move(report)),
      clock_(clock),
      rows_made_(counters.Get("ora_storage_tier_rows_made_total")) {}

absl::Status TierMaker::Make(const PartitionId& raw) {
  const absl::optional<PartitionView> view = sources_.partitions.Find(raw);
  if (!view || view->contents->changed.isEmpty()) return absl::OkStatus();
  Pass pass{.raw = *view};
  if (absl::Status made = MakePartitions(pass); !made.ok()) return made;
  for (const SeriesId series : view->contents->changed) {
    // One whose record is damaged has a slot that nobody knows.
    const bool known = sources_.index.IsAllotted(series);
    pass.series.push_back({series, known ? sources_.index.SlotOfSeries(series) : Slot{0}});
  }
  std::sort(pass.series.begin(), pass.series.end(),
            [](const SeriesIndex::Entry& a, const SeriesIndex::Entry& b) {
              return std::pair(a.slot, a.id) < std::pair(b.slot, b.id);
            });
  while (pass.next < pass.series.size() && !sources_.closing.load()) {
    if (absl::Status step = TakeStep(pass); !step.ok()) return step;
  }
  return absl::OkStatus();
}

absl::Status TierMaker::MakePartitions(Pass& pass) {
  absl::MutexLock writers(&sources_.partitions.writers());
  const PartitionId& raw = pass.raw.id();
  for (const Resolution resolution : {Resolution::kFiveMinutes, Resolution::kOneHour}) {
    const PartitionId id{resolution, raw.rule, FirstDayOf(resolution, raw.first_day)};
    const bool kept = sources_.plan.KeptFor(resolution, raw.rule) > absl::ZeroDuration();
    if (!kept || sources_.plan.IsExpired(id, clock_.Now())) continue;
    absl::StatusOr<PartitionView> tier = sources_.partitions.Make(id);
    if (!tier.ok()) return tier.status();
    pass.tiers.push_back(*std::move(tier));
  }
  return absl::OkStatus();
}

absl::Status TierMaker::TakeStep(Pass& pass) {
  absl::MutexLock writers(&sources_.partitions.writers());
  const absl::optional<PartitionView> raw = sources_.partitions.Find(pass.raw.id());
  if (!raw || raw->partition != pass.raw.partition) {  // It was dropped meanwhile.
    pass.next = pass.series.size();
    return absl::OkStatus();
  }
  Step step(sources_.database);
  step.cursor = sources_.database.Rows(*raw->partition, nullptr);
  step.sealed_through = sources_.partitions.sealed_through();
  for (const PartitionView& tier : pass.tiers) {
    const absl::optional<PartitionView> now = sources_.partitions.Find(tier.id());
    if (now && now->partition == tier.partition) step.tiers.push_back({*now, *now->contents});
  }
  size_t next = pass.next;
  while (next < pass.series.size() && step.changes.bytes() < kStepBytes &&
         step.samples_read < kStepSamples) {
    const SeriesIndex::Entry& series = pass.series[next++];
    if (!raw->contents->changed.contains(series.id)) continue;  // Deleted meanwhile.
    if (step.tiers.empty() || !sources_.index.IsAllotted(series.id)) {
      step.made.add(series.id);
      continue;
    }
    if (absl::Status made = MakeRows(pass, series, step); !made.ok()) return made;
  }
  PartitionContents contents = *raw->contents;
  contents.changed -= step.made;
  PartitionSet::Put(step.changes, raw->id(), contents);
  for (const Tier& tier : step.tiers) {
    PartitionSet::Put(step.changes, tier.view.id(), tier.contents);
  }
  if (absl::Status written =
          sources_.database.Write(std::move(step.changes), Durability::kWithNextSync);
      !written.ok()) {
    return written;
  }
  sources_.partitions.Set(raw->id(), std::move(contents));
  for (Tier& tier : step.tiers) {
    sources_.partitions.Set(tier.view.id(), std::move(tier.contents));
  }
  pass.next = next;
  rows_made_.Add(step.rows);
  return absl::OkStatus();
}

absl::Status TierMaker::MakeRows(const Pass& pass, const SeriesIndex::Entry& series, Step& step) {
  SampleColumns columns;
  std::vector<SampleStretch> stretches;
  RowCursor& rows = *step.cursor;
  const std::string prefix = ChunkKey::PrefixOf(series.slot, series.id);
  for (rows.Seek(prefix); rows.Valid() && absl::StartsWith(rows.key(), prefix); rows.Next()) {
    const absl::optional<ChunkKey> key = ChunkKey::Decode(rows.key());
    if (key && key->seal_number > step.sealed_through) return absl::OkStatus();  // Not yet.
    const size_t begin = columns.size();
    // What is damaged has been reported, or will be by who reads it.
    if (!key || !AppendChunkValue(rows.value(), columns).ok()) continue;
    stretches.push_back({begin, columns.size(), key->seal_number});
  }
  if (!rows.status().ok() && !absl::IsDataLoss(rows.status())) return rows.status();
  step.made.add(series.id);
  step.samples_read += columns.size();
  OrderStretches(stretches, columns);
  if (columns.size() == 0) return absl::OkStatus();
  const MetricKind kind = KindOf(sources_.index.LabelsOf(series.id));
  const TierKey key{series.slot, series.id, pass.raw.id().first_day};
  for (Tier& tier : step.tiers) {
    TierRow row = Downsample(columns, tier.view.id().resolution, kind);
    if (absl::Status put = PutRow(key, std::move(row), tier, step); !put.ok()) return put;
  }
  return absl::OkStatus();
}

absl::Status TierMaker::PutRow(const TierKey& key, TierRow row, Tier& tier, Step& step) {
  const std::string encoded_key = key.Encode();
  if (tier.contents.ids.contains(key.id)) {
    const auto stored = sources_.database.Get(*tier.view.partition, encoded_key);
    if (!stored.ok() && !absl::IsDataLoss(stored.status())) return stored.status();
    if (stored.ok() && stored->has_value()) {
      tier.contents.bytes -= encoded_key.size() + (*stored)->size();
      const absl::StatusOr<absl::string_view> bytes = CheckedBytes(**stored);
      const absl::StatusOr<TierRow> before =
          bytes.ok() ? DecodeTierRow(*bytes, key.day) : bytes.status();
      if (before.ok()) {
        row = FullerRow(*before, row);
      } else {
        report_(absl::StrCat("row of series ", key.id, ", day ", key.day, ", partition ",
                             tier.view.id().Name()),
                before.status().message());
      }
    }
  }
  std::string value = EncodeTierRow(row, key.day);
  AppendChecksum(value);
  step.changes.Put(*tier.view.partition, encoded_key, value);
  tier.contents.ids.add(key.id);
  tier.contents.bytes += encoded_key.size() + value.size();
  ++step.rows;
  return absl::OkStatus();
}

}  // namespace ora::storage
