#include "storage/tsdb/series_cursor.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/tsdb/sealed_chunks.h"

namespace ora::storage {
namespace {

bool Ascends(const std::vector<int64_t>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
}

// Cuts off what is outside of the range; times ascend.
void Trim(const TimeRange& range, SampleColumns& columns) {
  auto& times = columns.time_millis;
  const auto end = std::upper_bound(times.begin(), times.end(), range.end_millis) - times.begin();
  times.resize(static_cast<size_t>(end));
  columns.values.resize(static_cast<size_t>(end));
  const auto begin =
      std::lower_bound(times.begin(), times.end(), range.start_millis) - times.begin();
  times.erase(times.begin(), times.begin() + begin);
  columns.values.erase(columns.values.begin(), columns.values.begin() + begin);
}

// Sorts by time; of samples at one time the one whose `rank` is highest stays, and of those with
// one rank the last.
void SortByTime(const std::vector<uint64_t>& rank, SampleColumns& columns) {
  std::vector<size_t> order(columns.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(columns.time_millis[a], rank[a]) < std::pair(columns.time_millis[b], rank[b]);
  });
  SampleColumns sorted;
  for (const size_t at : order) {
    if (!sorted.time_millis.empty() && sorted.time_millis.back() == columns.time_millis[at]) {
      sorted.values.back() = columns.values[at];
      continue;
    }
    sorted.time_millis.push_back(columns.time_millis[at]);
    sorted.values.push_back(columns.values[at]);
  }
  columns = std::move(sorted);
}

class TsdbCursor final : public SeriesCursor {
 public:
  TsdbCursor(const CursorSources& sources, CursorSelection selection)
      : sources_(sources), selection_(std::move(selection)) {}

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
    // How late each stretch of samples was stored: the number of its sealing; open ones last.
    std::vector<Stretch> stretches;
    rows_.resize(selection_.partitions.size());
    for (size_t at = 0; at < rows_.size(); ++at) {
      if (absl::Status read = ReadDay(at, columns, stretches); !read.ok()) return read;
    }
    sources_.open->Read(selection_.view, next_ - 1, current().id, columns);
    if (!Ascends(columns.time_millis)) {
      std::vector<uint64_t> rank(columns.size(), UINT64_MAX);
      for (const Stretch& stretch : stretches) {
        std::fill(rank.begin() + static_cast<std::ptrdiff_t>(stretch.begin),
                  rank.begin() + static_cast<std::ptrdiff_t>(stretch.end), stretch.seal_number);
      }
      SortByTime(rank, columns);
    }
    Trim(selection_.range, columns);
    return absl::OkStatus();
  }

  std::vector<std::string> warnings() const override {
    if (damaged_chunks_ == 0) return {};
    return {absl::StrCat("partial: ", damaged_chunks_, " damaged chunks skipped")};
  }

 private:
  struct Stretch {
    size_t begin = 0;
    size_t end = 0;
    uint32_t seal_number = 0;
  };

  const SeriesIndex::Entry& current() const { return selection_.series[next_ - 1]; }

  absl::Status ReadDay(size_t at, SampleColumns& columns, std::vector<Stretch>& stretches) {
    const Partition& partition = *selection_.partitions[at];
    const Day day = partition.id().first_day;
    std::unique_ptr<RowCursor>& rows = rows_[at];
    if (rows == nullptr) rows = sources_.database->Rows(partition, selection_.view.sealed.get());
    const std::string prefix = ChunkKey::PrefixOf(current().slot, current().id);
    for (rows->Seek(prefix); rows->Valid() && absl::StartsWith(rows->key(), prefix); rows->Next()) {
      const absl::optional<ChunkKey> key = ChunkKey::Decode(rows->key());
      if (!key) continue;
      if (StartOf(day) + key->first_offset_millis > selection_.range.end_millis) break;
      if (StartOf(day) + key->last_offset_millis < selection_.range.start_millis) continue;
      const size_t begin = columns.size();
      const absl::Status appended = AppendChunkValue(rows->value(), columns);
      if (!appended.ok()) {
        SkipDamaged(day, absl::StrCat(", sealing ", key->seal_number), appended);
        continue;
      }
      stretches.push_back({begin, columns.size(), key->seal_number});
    }
    const absl::Status stepped = rows->status();
    if (!absl::IsDataLoss(stepped)) return stepped;
    SkipDamaged(day, ", and what follows in its block", stepped);
    return absl::OkStatus();
  }

  void SkipDamaged(Day day, absl::string_view part, const absl::Status& reason) {
    ++damaged_chunks_;
    sources_.damage->Report(absl::StrCat("chunk of ", labels_.ToString(), ", day ", day, part),
                            reason.message());
  }

  const CursorSources sources_;
  const CursorSelection selection_;
  size_t next_ = 0;  // The position of the series after the current one.
  Labels labels_;
  std::vector<std::unique_ptr<RowCursor>> rows_;  // By partition; made for the first read.
  uint64_t damaged_chunks_ = 0;
};

}  // namespace

std::unique_ptr<SeriesCursor> MakeSeriesCursor(const CursorSources& sources,
                                               CursorSelection selection) {
  return std::make_unique<TsdbCursor>(sources, std::move(selection));
}

}  // namespace ora::storage
