#include "storage/tsdb/series_cursor.h"

#include <algorithm>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/chunk/packed_column.h"
#include "storage/retention/tier_row.h"
#include "storage/retention/tier_samples.h"
#include "storage/tsdb/hot/hot_columns.h"
#include "storage/tsdb/partitions/checked_value.h"
#include "storage/tsdb/partitions/chunk_rows.h"
#include "storage/tsdb/partitions/sample_stretches.h"

namespace ora::storage {
namespace {

// Bytes that a sample takes unpacked, about: more than most do.
constexpr uint64_t kHotSampleBytes = 4;
// A selection that would take more than one part in so many of what is kept leaves it as it is,
constexpr uint64_t kHotShare = 2;
// and one of less than this is kept when it is read the first time.
constexpr uint64_t kHotShareAtOnce = 64;

// Which series that are read are kept unpacked.
enum class Keeping { kNone, kAskedAgain, kAll };

// A partition, and where its rows are stepped through; made for the first series in it.
struct Source {
  PartitionView view;
  std::unique_ptr<RowCursor> rows;
  size_t read_for = 0;  // What `next_` was when it was read last.
};

TimeRange RangeOf(const PartitionId& id, const ChunkKey& key) {
  const int64_t start = StartOf(id.first_day);
  return {start + key.first_offset_millis, start + key.last_offset_millis};
}

class TsdbCursor final : public SeriesCursor {
 public:
  TsdbCursor(const CursorSources& sources, CursorSelection selection)
      : sources_(sources),
        selection_(std::move(selection)),
        tier_column_(ColumnFor(selection_.function)) {
    keeping_ = ChooseKeeping();
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

  // The columns keep their length until all is read, so that what the next series writes over is
  // not cleared before.
  absl::Status ReadSamples(SampleColumns& columns) override {
    stretches_.clear();
    end_ = 0;
    if (!tiers_.empty()) {
      if (absl::Status read = ReadTiers(columns); !read.ok()) return read;
    }
    for (Source& source : raw_) {
      if (!Holds(source)) continue;
      if (absl::Status read = ReadRaw(source, columns); !read.ok()) return read;
    }
    columns.time_millis.resize(end_);
    columns.values.resize(end_);
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
      tier_samples_.clear();
      AppendTierSamples(row.row, tier_column_, tier_samples_);
      TrimTail(selection_.range, 0, tier_samples_);
      if (tier_samples_.size() == 0) continue;
      AddSealed(tier_samples_, columns);
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

  void AddSealed(const SampleColumns& samples, SampleColumns& columns) {
    const size_t end = end_ + samples.size();
    if (columns.size() < end) {
      columns.time_millis.resize(end);
      columns.values.resize(end);
    }
    const auto at = static_cast<std::ptrdiff_t>(end_);
    std::copy(samples.time_millis.begin(), samples.time_millis.end(),
              columns.time_millis.begin() + at);
    std::copy(samples.values.begin(), samples.values.end(), columns.values.begin() + at);
    AddStretch(samples.size(), 0);
  }

  // Of so many samples, which stand behind the others.
  void AddStretch(size_t count, uint64_t rank) {
    stretches_.push_back({end_, end_ + count, rank});
    end_ += count;
  }

  // What is kept unpacked, or is to be; else what the database has.
  absl::Status ReadRaw(Source& source, SampleColumns& columns) {
    if (!source.view.writes) return ReadRows(source, columns);
    const HotKey key{source.view.partition->number(), current().id};
    std::shared_ptr<const HotSeries> hot = sources_.hot->Find(key, *source.view.writes);
    if (hot == nullptr || !hot->Has(selection_.range)) {
      if (!IsKept(key)) return ReadRows(source, columns);
      absl::StatusOr<std::shared_ptr<const HotSeries>> unpacked = Unpack(source, hot.get());
      if (!unpacked.ok()) return unpacked.status();
      hot = *std::move(unpacked);
    }
    for (const HotRow& row : hot->rows) AddHot(row, columns);
    return absl::OkStatus();
  }

  void AddHot(const HotRow& row, SampleColumns& columns) {
    const TimeRange& range = selection_.range;
    if (row.column == nullptr || !row.Overlaps(range)) return;
    const PackedColumn& column = *row.column;
    size_t begin =
        row.range.start_millis >= range.start_millis ? 0 : column.CountBefore(range.start_millis);
    const size_t end = row.range.end_millis <= range.end_millis
                           ? column.size()
                           : column.CountBefore(range.end_millis + 1);
    if (begin >= end) return;
    if (selection_.only_newest) begin = end - 1;
    column.Read(begin, end, end_, columns);
    AddStretch(end - begin, row.seal_number);
  }

  // Reads the rows that overlap the range, and keeps them together with what is known already.
  // What is damaged is not kept, so that each reader is told of it.
  absl::StatusOr<std::shared_ptr<const HotSeries>> Unpack(Source& source, const HotSeries* known) {
    const uint64_t damaged_before = damaged_chunks_;
    auto read = std::make_shared<HotSeries>();
    read->writes = *source.view.writes;
    absl::Status stepped = ForEachRow(source, [&](const ChunkKey& key, absl::string_view value) {
      HotRow row{RangeOf(source.view.id(), key), key.seal_number, nullptr};
      if (known != nullptr) row.column = known->ColumnOf(row);
      if (row.column == nullptr && row.Overlaps(selection_.range)) {
        const absl::StatusOr<absl::string_view> chunk = CheckedBytes(value);
        absl::StatusOr<PackedColumn> column =
            chunk.ok() ? PackedColumn::OfChunk(*chunk) : chunk.status();
        if (column.ok()) {
          row.column = std::make_shared<const PackedColumn>(*std::move(column));
        } else {
          SkipDamaged(source, absl::StrCat(", sealing ", key.seal_number), column.status());
        }
      }
      read->rows.push_back(std::move(row));
      return Step::kOn;
    });
    if (!stepped.ok()) return stepped;
    read->rows.shrink_to_fit();
    const HotKey key{source.view.partition->number(), current().id};
    if (damaged_chunks_ == damaged_before) sources_.hot->Put(key, read);
    return read;
  }

  absl::Status ReadRows(Source& source, SampleColumns& columns) {
    return ForEachRow(source, [&](const ChunkKey& key, absl::string_view value) {
      const TimeRange row = RangeOf(source.view.id(), key);
      if (row.start_millis > selection_.range.end_millis) return Step::kNoFurther;
      if (row.end_millis < selection_.range.start_millis) return Step::kOn;
      const absl::StatusOr<size_t> read =
          ReadChunkValueAt(value, selection_.range.end_millis, end_, columns);
      if (read.ok()) {
        CloseGap(*read, columns, key.seal_number);
      } else {
        SkipDamaged(source, absl::StrCat(", sealing ", key.seal_number), read.status());
      }
      return Step::kOn;
    });
  }

  // Of so many samples that were read behind the others, those in the range come to stand there.
  void CloseGap(size_t read, SampleColumns& columns, uint64_t rank) {
    const auto times = columns.time_millis.begin() + static_cast<std::ptrdiff_t>(end_);
    const auto values = columns.values.begin() + static_cast<std::ptrdiff_t>(end_);
    const auto end = static_cast<std::ptrdiff_t>(read);
    auto before = std::lower_bound(times, times + end, selection_.range.start_millis) - times;
    if (before == end) return;
    if (selection_.only_newest) before = end - 1;
    if (before > 0) {
      std::copy(times + before, times + end, times);
      std::copy(values + before, values + end, values);
    }
    AddStretch(static_cast<size_t>(end - before), rank);
  }

  enum class Step { kOn, kNoFurther };

  // Visits the rows of the current series in a raw partition, in the order of their keys.
  absl::Status ForEachRow(Source& source,
                          absl::FunctionRef<Step(const ChunkKey&, absl::string_view)> visit) {
    RowCursor& rows = RowsOf(source);
    const std::string prefix = ChunkKey::PrefixOf(current().slot, current().id);
    // Neighbours in the order of labels often are in that of ids: then the cursor is there already.
    const bool again = std::exchange(source.read_for, next_) == next_;
    if (again || !rows.Valid() || !absl::StartsWith(rows.key(), prefix)) rows.Seek(prefix);
    for (; rows.Valid() && absl::StartsWith(rows.key(), prefix); rows.Next()) {
      const absl::optional<ChunkKey> key = ChunkKey::Decode(rows.key());
      if (key && visit(*key, rows.value()) == Step::kNoFurther) break;
    }
    const absl::Status stepped = rows.status();
    if (!absl::IsDataLoss(stepped)) return stepped;
    // The next series is sought anew, so that only this one loses what lies in the block.
    SkipDamaged(source, ", and what follows in its block", stepped);
    return absl::OkStatus();
  }

  void ReadOpen(SampleColumns& columns) {
    const size_t begin = columns.size();
    sources_.open->Read(selection_.view, next_ - 1, current().id, selection_.range.end_millis,
                        columns);
    SortTail(begin, columns);
    TrimTail(selection_.range, begin, columns);
    stretches_.push_back({begin, columns.size(), kOpenRank});
  }

  // A selection of more than there is room for would push out what others ask for, and be pushed
  // out itself before it is asked for again; a large one is worth keeping only if it comes again.
  Keeping ChooseKeeping() const {
    double bytes = 0;
    for (const PartitionView& view : selection_.partitions) {
      const uint64_t series = view.contents->ids.cardinality();
      if (view.id().resolution != Resolution::kRaw || series == 0) continue;
      const int64_t start = std::max(selection_.range.start_millis, StartOf(view.id().first_day));
      const int64_t end = std::min(selection_.range.end_millis, StartOf(view.id().end_day()));
      const double part = static_cast<double>(end - start) / static_cast<double>(kDayMillis);
      const double each = static_cast<double>(view.contents->samples) / static_cast<double>(series);
      bytes += part * each * kHotSampleBytes * static_cast<double>(selection_.series.size());
    }
    const auto room = static_cast<double>(sources_.hot->bytes_max());
    if (bytes > room / kHotShare) return Keeping::kNone;
    return bytes > room / kHotShareAtOnce ? Keeping::kAskedAgain : Keeping::kAll;
  }

  bool IsKept(const HotKey& key) const {
    return keeping_ == Keeping::kAll ||
           (keeping_ == Keeping::kAskedAgain && sources_.hot->IsAskedAgain(key));
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
  Keeping keeping_ = Keeping::kNone;
  size_t end_ = 0;  // How many sealed samples of the series were read.
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
