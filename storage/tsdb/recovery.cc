#include "storage/tsdb/recovery.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/series_record.h"
#include "storage/tsdb/row_scan.h"

namespace ora::storage {
namespace {

// Which series are there, so that the index is not asked a sample.
std::vector<bool> KnownSeries(const SeriesIndex& index) {
  std::vector<bool> known(index.IdNext());
  for (SeriesId id = 1; id < known.size(); ++id) known[id] = index.IsPublished(id);
  return known;
}

// Series keys as numbers that sort as they do.
constexpr uint64_t kSeriesNumbers = uint64_t{1} << 48;
uint64_t NumberOf(const SeriesKey& key) { return uint64_t{key.slot} << 32 | key.id; }
SeriesKey SeriesKeyOf(uint64_t number) {
  return {.slot = static_cast<Slot>(number >> 32), .id = static_cast<SeriesId>(number)};
}
std::string EncodedSeriesKey(uint64_t number) {
  return number < kSeriesNumbers ? SeriesKeyOf(number).Encode() : std::string(kKeyPastAll);
}

// Takes batch records in the order of their numbers.
class Replay {
 public:
  Replay(const SeriesIndex& index, const Watermark& watermark, DamageLog& damage,
         const ReplayTargets& targets)
      : damage_(damage), targets_(targets), known_(KnownSeries(index)) {
    recovered_.log_number_next = watermark.log_number + 1;
  }

  // Returns the record's number.
  absl::optional<uint64_t> Row(absl::string_view row_key, absl::string_view value) {
    const absl::optional<BatchKey> key = BatchKey::Decode(row_key);
    if (!key) {
      damage_.Report("batch record", "its key has the wrong length");
      return absl::nullopt;
    }
    if (key->log_number > recovered_.log_number_next) {
      damage_.ReportMissing("batch records", key->log_number - recovered_.log_number_next);
    }
    recovered_.log_number_next = key->log_number + 1;
    const absl::StatusOr<BatchRecord> record = BatchRecord::Parse(value);
    if (!record.ok()) {
      damage_.Report(absl::StrCat("batch record ", key->log_number), record.status().message());
      return key->log_number;
    }
    senders_.clear();
    record->ForEachMark(
        [this](const BatchMark& mark) { senders_.push_back(targets_.marks.Replay(mark)); });
    const uint64_t dropped =
        targets_.open.ApplyKnown(key->log_number, *record, senders_,
                                 [this](SeriesId id) { return id < known_.size() && known_[id]; });
    if (dropped > 0) {
      damage_.Report(absl::StrCat("batch record ", key->log_number),
                     absl::StrCat(dropped, " samples are of series whose record is lost"));
    }
    recovered_.samples += record->samples() - dropped;
    ++recovered_.batches;
    return key->log_number;
  }

  const Recovered& recovered() const { return recovered_; }

 private:
  DamageLog& damage_;
  const ReplayTargets targets_;
  const std::vector<bool> known_;
  std::vector<Sender*> senders_;
  Recovered recovered_;
};

}  // namespace

absl::Status RecoverSeries(const Database& database, const ShardMeta& meta, DamageLog& damage,
                           SeriesIndex& index) {
  SeriesId id_next = meta.series_id_next;
  const auto visit = [&](const RowCursor& row) -> absl::optional<uint64_t> {
    const absl::optional<SeriesKey> key = SeriesKey::Decode(row.key());
    if (!key) {
      damage.Report("series record", "its key has the wrong length");
      return absl::nullopt;
    }
    id_next = std::max(id_next, key->id + 1);
    const absl::StatusOr<Labels> labels = DecodeSeriesRecord(row.value());
    absl::Status restored = labels.status();
    if (restored.ok()) restored = index.Restore({key->id, key->slot}, *labels);
    if (!restored.ok()) damage.Report(absl::StrCat("series ", key->id), restored.message());
    return NumberOf(*key);
  };
  const auto report = [&](uint64_t number, const absl::Status& reason) {
    const SeriesKey from = SeriesKeyOf(number);
    damage.Report(
        absl::StrCat("block of series records from slot ", from.slot, ", series ", from.id),
        reason.message());
  };
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kSeries, nullptr);
  const ScanEnd end = ScanRows(*rows, 0, EncodedSeriesKey, visit, report);
  index.SkipIdsBelow(id_next);
  return end.status;
}

absl::StatusOr<Recovered> RecoverOpenChunks(const Database& database, const SeriesIndex& index,
                                            const Watermark& watermark, DamageLog& damage,
                                            const ReplayTargets& targets) {
  Replay replay(index, watermark, damage, targets);
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kBatches, nullptr);
  const ScanEnd end = ScanRows(
      *rows, watermark.log_number + 1, [](uint64_t number) { return BatchKey{number}.Encode(); },
      [&](const RowCursor& row) { return replay.Row(row.key(), row.value()); },
      [&](uint64_t number, const absl::Status& reason) {
        damage.Report(absl::StrCat("block of batch records from ", number), reason.message());
      });
  if (!end.status.ok()) return end.status;
  Recovered recovered = replay.recovered();
  // A number that a damaged record may bear is not used again.
  recovered.log_number_next = std::max(recovered.log_number_next, end.number);
  return recovered;
}

}  // namespace ora::storage
