// Series held in memory, as a SeriesReader: for tests of what reads series.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "storage/series_reader.h"

namespace ora::fakes {

// Thread-safe. A cursor sees what was there when it was made.
class MemorySeries : public storage::SeriesReader {
 public:
  // Adds samples to a series; of two at one time the later added stays.
  void Add(const storage::Labels& labels, const std::vector<storage::Sample>& samples)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    auto& times = series_[labels];
    for (const storage::Sample& sample : samples) times[sample.time_millis] = sample.value;
  }

  void Clear() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    series_.clear();
  }

  // Told by every cursor from now on.
  void SetWarnings(std::vector<std::string> warnings) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    warnings_ = std::move(warnings);
  }

  absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> Select(
      const storage::SelectRequest& request) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    auto cursor = std::make_unique<Cursor>();
    for (const auto& [labels, times] : series_) {
      if (!Matches(labels, request.matchers)) continue;
      storage::SampleColumns columns;
      for (auto sample = times.lower_bound(request.range.start_millis);
           sample != times.end() && sample->first <= request.range.end_millis; ++sample) {
        columns.time_millis.push_back(sample->first);
        columns.values.push_back(sample->second);
      }
      cursor->selected.emplace_back(labels, std::move(columns));
    }
    if (cursor->selected.size() > request.series_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat("selection matches ", cursor->selected.size(), " series, the limit is ",
                       request.series_max));
    }
    cursor->notes = warnings_;
    return cursor;
  }

  absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<storage::Matcher>& matchers) override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    std::set<std::string> names;
    for (const auto& [labels, times] : series_) {
      if (!Matches(labels, matchers)) continue;
      for (const storage::LabelView label : labels) names.emplace(label.name);
    }
    return std::vector<std::string>(names.begin(), names.end());
  }

  absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view label, const std::vector<storage::Matcher>& matchers) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    std::set<std::string> values;
    for (const auto& [labels, times] : series_) {
      if (Matches(labels, matchers) && labels.Has(label)) values.emplace(labels.Get(label));
    }
    return std::vector<std::string>(values.begin(), values.end());
  }

 private:
  struct Cursor : storage::SeriesCursor {
    bool Next() override {
      if (next == selected.size()) return false;
      ++next;
      return true;
    }
    const storage::Labels& labels() const override { return selected[next - 1].first; }
    absl::Status ReadSamples(storage::SampleColumns& columns) override {
      columns = selected[next - 1].second;
      return absl::OkStatus();
    }
    size_t series_count() const override { return selected.size(); }
    std::vector<std::string> warnings() const override { return notes; }

    std::vector<std::pair<storage::Labels, storage::SampleColumns>> selected;
    std::vector<std::string> notes;
    size_t next = 0;
  };

  static bool Matches(const storage::Labels& labels,
                      const std::vector<storage::Matcher>& matchers) {
    return std::all_of(matchers.begin(), matchers.end(), [&](const storage::Matcher& matcher) {
      return matcher.Matches(labels.Get(matcher.name()));
    });
  }

  absl::Mutex mutex_;
  std::map<storage::Labels, std::map<int64_t, double>> series_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> warnings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ora::fakes
