#include "storage/tsdb/series_cursor.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/retention/tier_row.h"
#include "storage/retention/tier_samples.h"
#include "storage/tsdb/partitions/checked_value.h"
#include "storage/tsdb/partitions/chunk_rows.h"
#include "storage/tsdb/partitions/sample_stretches.h"

namespace ora::storage {
namespace {

// A partition, and where its rows are stepped through; made for the first series in it.
struct Source {
  PartitionView view;
  std::unique_ptr<RowCursor> rows;
};

class TsdbCursor final : public SeriesCursor {
 public:
  TsdbCursor(const CursorSources& sources, CursorSelection selection)
      : sources_(sources),
        selection_(std::move(selection)),
        tier_column_(ColumnFor(selection_.function)) {
    for (PartitionView& view : selection_.partitions) {
      std::vector<Source>& where = view.id().resolution == Resolution::kRaw ? raw_ : tiers_;
      where.push_back({std::move(view), nullptr});
    }
    // A series is read in the order of time, so that mostly nothing needs sorting.
    std::stable_sort(raw_.begin(), raw_.end(), [](const Source& a, const Source& b) {
      return a.view.id().first_day < b.view.id().first_day;
    });
  }

  bool Next() override {
    if (next_ >= selection_.series.size()) return false;
    labels_ = selection_.series.LabelsAt(next_++);
    return true;
  }

  const Labels& labels() const override { return labels_; }
  size_t series_count() const override { return selection_.series.size(); }

  absl::Status ReadSamples(SampleColumns& columns) override {
    columns.clear();
    stretches_.clear();
    if (!tiers_.empty()) {
      if (absl::Status read = ReadTiers(columns); !read.ok()) return read;
    }
    for (Source& source : raw_) {
      if (!Holds(source)) continue;
      if (absl::Status read = ReadRaw(source, columns); !read.ok()) return read;
    }
    ReadOpen(columns);
    OrderStretches(stretches_, columns);
    return absl::OkStatus();
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> warnings;
    if (damaged_chunks_ > 0) {
      warnings.push_back(absl::StrCat("partial: ", damaged_chunks_, " damaged chunks skipped"));
    }
    if (tier_use_) warnings.push_back(TierWarning(selection_.function, *tier_use_));
    return warnings;
  }

 private:
  SeriesIndex::Entry current() const { return selection_.series[next_ - 1]; }

  bool Holds(const Source& source) const {
    return source.view.contents->ids.contains(current().id);
  }

  RowCursor& RowsOf(Source& source) const {
    if (source.rows == nullptr) {
      // A tier's rows that are newer than the snapshot are of a raw partition that went after it,
      // and so is read itself.
      source.rows = sources_.database->Rows(*source.view.partition, selection_.view.sealed.get());
    }
    return *source.rows;
  }

  // Of days without raw samples of the series: the finest tier's rows.
  absl::Status ReadTiers(SampleColumns& columns) {
    days_read_.clear();
    for (const Source& source : raw_) {
      if (Holds(source)) days_read_.push_back(source.view.id().first_day);
    }
    tier_rows_.clear();
    for (size_t i = 0; i < tiers_.size(); ++i) {  // Sorted by resolution, the finest first.
      // Two rules have rows of the same day where a series went from one to the other.
      if (i > 0 && tiers_[i].view.id().resolution != tiers_[i - 1].view.id().resolution) {
        for (const DayRow& row : tier_rows_) days_read_.push_back(row.day);
      }
      if (!Holds(tiers_[i])) continue;
      if (absl::Status read = ReadTier(tiers_[i]); !read.ok()) return read;
    }
    std::stable_sort(tier_rows_.begin(), tier_rows_.end(),
                     [](const DayRow& a, const DayRow& b) { return a.day < b.day; });
    for (const DayRow& row : tier_rows_) {
      const size_t begin = columns.size();
      AppendTierSamples(row.row, tier_column_, columns);
      TrimTail(selection_.range, begin, columns);
      if (columns.size() == begin) continue;
      stretches_.push_back({begin, columns.size(), 0});
      TierUse use{row.row.resolution, StartOf(row.day + 1)};
      if (tier_use_) {
        use.coarsest = std::max(use.coarsest, tier_use_->coarsest);
        use.end_millis = std::max(use.end_millis, tier_use_->end_millis);
      }
      tier_use_ = use;
    }
    return absl::OkStatus();
  }

  bool IsRead(Day day) const {
    return std::find(days_read_.begin(), days_read_.end(), day) != days_read_.end();
  }

  absl::Status ReadTier(Source& source) {
    const PartitionId& id = source.view.id();
    // The partition overlaps the range, whose ends may be beyond the days that there are.
    const TimeRange& range = selection_.range;
    const bool from_its_start = range.start_millis <= StartOf(id.first_day);
    Day day = from_its_start ? id.first_day : DayOf(range.start_millis);
    const bool to_its_end = range.end_millis >= StartOf(id.end_day());
    const Day last = to_its_end ? id.end_day() - 1 : DayOf(range.end_millis);
    while (day <= last && IsRead(day)) ++day;
    if (day > last) return absl::OkStatus();
    RowCursor& rows = RowsOf(source);
    const std::string prefix = TierKey::PrefixOf(current().slot, current().id);
    rows.Seek(TierKey{current().slot, current().id, day}.Encode());
    for (; rows.Valid() && absl::StartsWith(rows.key(), prefix); rows.Next()) {
      const absl::optional<TierKey> key = TierKey::Decode(rows.key());
      if (!key || key->day > last) break;
      if (IsRead(key->day)) continue;
      const absl::StatusOr<absl::string_view> bytes = CheckedBytes(rows.value());
      absl::StatusOr<TierRow> row = bytes.ok() ? DecodeTierRow(*bytes, key->day) : bytes.status();
      if (!row.ok()) {
        SkipDamaged(source, absl::StrCat(", day ", key->day), row.status());
        continue;
      }
      tier_rows_.push_back({key->day, *std::move(row)});
    }
    if (!absl::IsDataLoss(rows.status())) return rows.status();
    SkipDamaged(source, ", and what follows in its block", rows.status());
    return absl::OkStatus();
  }

  absl::Status ReadRaw(Source& source, SampleColumns& columns) {
    RowCursor& rows = RowsOf(source);
    const int64_t start = StartOf(source.view.id().first_day);
    const std::string prefix = ChunkKey::PrefixOf(current().slot, current().id);
    for (rows.Seek(prefix); rows.Valid() && absl::StartsWith(rows.key(), prefix); rows.Next()) {
      const absl::optional<ChunkKey> key = ChunkKey::Decode(rows.key());
      if (!key) continue;
      if (start + key->first_offset_millis > selection_.range.end_millis) break;
      if (start + key->last_offset_millis < selection_.range.start_millis) continue;
      const size_t begin = columns.size();
      const absl::Status appended = AppendChunkValue(rows.value(), columns);
      if (!appended.ok()) {
        SkipDamaged(source, absl::StrCat(", sealing ", key->seal_number), appended);
        continue;
      }
      TrimTail(selection_.range, begin, columns);
      stretches_.push_back({begin, columns.size(), key->seal_number});
    }
    const absl::Status stepped = rows.status();
    if (!absl::IsDataLoss(stepped)) return stepped;
    // The next series is sought anew, so that only this one loses what lies in the block.
    SkipDamaged(source, ", and what follows in its block", stepped);
    return absl::OkStatus();
  }

  void ReadOpen(SampleColumns& columns) {
    const size_t begin = columns.size();
    sources_.open->Read(selection_.view, next_ - 1, current().id, columns);
    SortTail(begin, columns);
    TrimTail(selection_.range, begin, columns);
    stretches_.push_back({begin, columns.size(), kOpenRank});
  }

  void SkipDamaged(const Source& source, absl::string_view part, const absl::Status& reason) {
    ++damaged_chunks_;
    sources_.damage->Report(absl::StrCat("chunk of ", labels_.ToString(), ", partition ",
                                         source.view.id().Name(), part),
                            reason.message());
  }

  struct DayRow {
    Day day = 0;
    TierRow row;
  };

  const CursorSources sources_;
  CursorSelection selection_;
  const TierColumn tier_column_;
  std::vector<Source> raw_;    // Sorted by day.
  std::vector<Source> tiers_;  // Sorted by resolution.
  size_t next_ = 0;            // The position of the series after the current one.
  Labels labels_;
  std::vector<SampleStretch> stretches_;  // Of the series that is being read.
  std::vector<Day> days_read_;            // Of that series, those that need no coarser tier.
  std::vector<DayRow> tier_rows_;         // Of that series.
  uint64_t damaged_chunks_ = 0;
  absl::optional<TierUse> tier_use_;
};

}  // namespace

std::unique_ptr<SeriesCursor> MakeSeriesCursor(const CursorSources& sources,
                                               CursorSelection selection) {
  return std::make_unique<TsdbCursor>(sources, std::move(selection));
}

}  // namespace ora::storage
