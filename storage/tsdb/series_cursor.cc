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
  size_t read_for = 0;  // What `next_` was when it was read last.
};

class TsdbCursor final : public SeriesCursor {
 public:
  TsdbCursor(const CursorSources& sources, CursorSelection selection)
      : sources_(sources),
        selection_(std::move(selection)),
        tier_column_(ColumnFor(selection_.function)) {
    for (PartitionView& view : selection_.partitions) {
      std::vector<Source>& where = view.id().resolution == Resolution::kRaw ? raw_ : tiers_;
      where.push_back({std::move(view), nullptr, 0});
    }
    // A series is read in the order of time, so that mostly nothing needs sorting.
    std::stable_sort(raw_.begin(), raw_.end(), [](const Source& a, const Source& b) {
      return a.view.id().first_day < b.view.id().first_day;
    });
  }

  bool Next() override {
    if (next_ >= selection_.series.size()) return false;
    ++next_;
    labels_known_ = false;
    return true;
  }

  const Labels& labels() const override {
    if (!labels_known_) labels_ = selection_.series.LabelsAt(next_ - 1);
    labels_known_ = true;
    return labels_;
  }
  absl::string_view LabelValue(absl::string_view name) const override {
    return selection_.series.LabelValueAt(next_ - 1, name);
  }
  size_t series_count() const override { return selection_.series.size(); }

  absl::Status ReadSamples(SampleColumns& columns) override {
    columns.clear();
    stretches_.clear();
    sealed_end_ = 0;
    if (!tiers_.empty()) {
      if (absl::Status read = ReadTiers(); !read.ok()) return read;
    }
    for (Source& source : raw_) {
      if (!Holds(source)) continue;
      if (absl::Status read = ReadRaw(source); !read.ok()) return read;
    }
    for (SampleStretch& stretch : stretches_) Move(sealed_, stretch, columns);
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
  absl::Status ReadTiers() {
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
      tier_samples_.clear();
      AppendTierSamples(row.row, tier_column_, tier_samples_);
      TrimTail(selection_.range, 0, tier_samples_);
      if (tier_samples_.size() == 0) continue;
      AddSealed(tier_samples_);
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

  // Puts samples of a tier among the sealed ones.
  void AddSealed(const SampleColumns& samples) {
    const size_t end = sealed_end_ + samples.size();
    if (sealed_.size() < end) {
      sealed_.time_millis.resize(end);
      sealed_.values.resize(end);
    }
    const auto at = static_cast<std::ptrdiff_t>(sealed_end_);
    std::copy(samples.time_millis.begin(), samples.time_millis.end(),
              sealed_.time_millis.begin() + at);
    std::copy(samples.values.begin(), samples.values.end(), sealed_.values.begin() + at);
    stretches_.push_back({sealed_end_, end, 0});
    sealed_end_ = end;
  }

  // Appends a stretch of `from` to `to`, where it is from then on.
  static void Move(const SampleColumns& from, SampleStretch& stretch, SampleColumns& to) {
    const auto begin = static_cast<std::ptrdiff_t>(stretch.begin);
    const auto end = static_cast<std::ptrdiff_t>(stretch.end);
    stretch.begin = to.size();
    to.time_millis.insert(to.time_millis.end(), from.time_millis.begin() + begin,
                          from.time_millis.begin() + end);
    to.values.insert(to.values.end(), from.values.begin() + begin, from.values.begin() + end);
    stretch.end = to.size();
  }

  absl::Status ReadRaw(Source& source) {
    RowCursor& rows = RowsOf(source);
    const int64_t start = StartOf(source.view.id().first_day);
    const std::string prefix = ChunkKey::PrefixOf(current().slot, current().id);
    // Neighbours in the order of labels often are in that of ids: then the cursor is there already.
    const bool again = std::exchange(source.read_for, next_) == next_;
    if (again || !rows.Valid() || !absl::StartsWith(rows.key(), prefix)) rows.Seek(prefix);
    for (; rows.Valid() && absl::StartsWith(rows.key(), prefix); rows.Next()) {
      const absl::optional<ChunkKey> key = ChunkKey::Decode(rows.key());
      if (!key) continue;
      if (start + key->first_offset_millis > selection_.range.end_millis) break;
      if (start + key->last_offset_millis < selection_.range.start_millis) continue;
      const absl::StatusOr<size_t> read =
          ReadChunkValueAt(rows.value(), selection_.range.end_millis, sealed_end_, sealed_);
      if (!read.ok()) {
        SkipDamaged(source, absl::StrCat(", sealing ", key->seal_number), read.status());
        continue;
      }
      const auto first = sealed_.time_millis.begin() + static_cast<std::ptrdiff_t>(sealed_end_);
      const size_t before =
          static_cast<size_t>(std::lower_bound(first, first + static_cast<std::ptrdiff_t>(*read),
                                               selection_.range.start_millis) -
                              first);
      stretches_.push_back({sealed_end_ + before, sealed_end_ + *read, key->seal_number});
      sealed_end_ += *read;
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
    sources_.damage->Report(absl::StrCat("chunk of ", labels().ToString(), ", partition ",
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
  mutable Labels labels_;      // Made when they are asked for.
  mutable bool labels_known_ = false;
  // Where sealed samples of the series are unpacked, up to the end: longer than it as a rule, since
  // it is not cleared from one series to the next.
  SampleColumns sealed_;
  size_t sealed_end_ = 0;
  SampleColumns tier_samples_;
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
