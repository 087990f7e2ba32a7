#include "storage/tsdb/series_cursor.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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
      : sources_(sources), selection_(std::move(selection)) {
    for (PartitionView& view : selection_.partitions) {
      if (view.id().resolution == Resolution::kRaw) raw_.push_back({std::move(view), nullptr});
    }
    // A series is read in the order of time, so that mostly nothing needs sorting.
    std::stable_sort(raw_.begin(), raw_.end(), [](const Source& a, const Source& b) {
      return a.view.id().first_day < b.view.id().first_day;
    });
  }

  bool Next() override {
    if (next_ >= selection_.series.size()) return false;
    ++next_;
    labels_ = sources_.index->LabelsOf(current().id);
    return true;
  }

  const Labels& labels() const override { return labels_; }
  size_t series_count() const override { return selection_.series.size(); }

  absl::Status ReadSamples(SampleColumns& columns) override {
    columns.clear();
    stretches_.clear();
    for (Source& source : raw_) {
      if (!source.view.contents->ids.contains(current().id)) continue;
      if (absl::Status read = ReadRaw(source, columns); !read.ok()) return read;
    }
    ReadOpen(columns);
    OrderStretches(stretches_, columns);
    return absl::OkStatus();
  }

  std::vector<std::string> warnings() const override {
    if (damaged_chunks_ == 0) return {};
    return {absl::StrCat("partial: ", damaged_chunks_, " damaged chunks skipped")};
  }

 private:
  const SeriesIndex::Entry& current() const { return selection_.series[next_ - 1]; }

  absl::Status ReadRaw(Source& source, SampleColumns& columns) {
    if (source.rows == nullptr) {
      source.rows = sources_.database->Rows(*source.view.partition, selection_.view.sealed.get());
    }
    RowCursor& rows = *source.rows;
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

  const CursorSources sources_;
  CursorSelection selection_;
  std::vector<Source> raw_;  // Sorted by day.
  size_t next_ = 0;          // The position of the series after the current one.
  Labels labels_;
  std::vector<SampleStretch> stretches_;  // Of the series that is being read.
  uint64_t damaged_chunks_ = 0;
};

}  // namespace

std::unique_ptr<SeriesCursor> MakeSeriesCursor(const CursorSources& sources,
                                               CursorSelection selection) {
  return std::make_unique<TsdbCursor>(sources, std::move(selection));
}

}  // namespace ora::storage
