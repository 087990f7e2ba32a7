#include "aggregator/rules/files/test_bench.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

bool Matches(const storage::Labels& labels, const std::vector<storage::Matcher>& matchers) {
  return std::all_of(matchers.begin(), matchers.end(), [&labels](const storage::Matcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name()));
  });
}

class BenchCursor final : public storage::SeriesCursor {
 public:
  struct Selected {
    storage::Labels labels;
    storage::SampleColumns samples;
  };
  explicit BenchCursor(std::vector<Selected> selected) : selected_(std::move(selected)) {}

  bool Next() override { return next_++ < selected_.size(); }
  const storage::Labels& labels() const override { return selected_[next_ - 1].labels; }
  absl::Status ReadSamples(storage::SampleColumns& columns) override {
    columns = selected_[next_ - 1].samples;
    return absl::OkStatus();
  }
  size_t series_count() const override { return selected_.size(); }
  std::vector<std::string> warnings() const override { return {}; }

 private:
  const std::vector<Selected> selected_;
  size_t next_ = 0;
};

}  // namespace

absl::Status BenchSeries::Add(const storage::Labels& labels, const storage::Sample& sample) {
  if (++added_ > samples_max_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the test has more than ", samples_max_,
                     " samples, those that its rules record among them; make it shorter"));
  }
  series_[labels][sample.time_millis] = sample.value;
  return absl::OkStatus();
}

absl::Status BenchSeries::Record(const std::string& source,
                                 const std::vector<EvaluatedSeries>& series, int64_t time_millis) {
  for (const storage::Labels& labels : recorded_[source]) {
    ORA_RETURN_IF_ERROR(Add(labels, {time_millis, storage::StaleMarker()}));
  }
  std::vector<storage::Labels> now;
  for (const EvaluatedSeries& one : series) {
    ORA_RETURN_IF_ERROR(Add(one.labels, {time_millis, one.value}));
    now.push_back(one.labels);
  }
  recorded_[source] = std::move(now);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> BenchSeries::Select(
    const storage::SelectRequest& request) {
  std::vector<BenchCursor::Selected> selected;
  for (const auto& [labels, samples] : series_) {
    if (!Matches(labels, request.matchers)) continue;
    BenchCursor::Selected& one = selected.emplace_back();
    one.labels = labels;
    const auto end = samples.upper_bound(request.range.end_millis);
    for (auto at = samples.lower_bound(request.range.start_millis); at != end; ++at) {
      one.samples.time_millis.push_back(at->first);
      one.samples.values.push_back(at->second);
    }
  }
  if (selected.size() > request.series_max) {
    return absl::ResourceExhaustedError(absl::StrCat("selection matches ", selected.size(),
                                                     " series, the limit is ", request.series_max));
  }
  return std::make_unique<BenchCursor>(std::move(selected));
}

absl::StatusOr<std::vector<std::string>> BenchSeries::LabelNames(
    const std::vector<storage::Matcher>& matchers) {
  std::set<std::string> names;
  for (const auto& [labels, samples] : series_) {
    if (!Matches(labels, matchers)) continue;
    for (const storage::LabelView label : labels) names.emplace(label.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

absl::StatusOr<std::vector<std::string>> BenchSeries::LabelValues(
    absl::string_view label, const std::vector<storage::Matcher>& matchers) {
  std::set<std::string> values;
  for (const auto& [labels, samples] : series_) {
    if (Matches(labels, matchers) && labels.Has(label)) {
      values.insert(std::string(labels.Get(label)));
    }
  }
  return std::vector<std::string>(values.begin(), values.end());
}

absl::Status BenchState::Apply(const storage::StateChanges& changes) {
  for (const storage::StateChanges::Change& change : changes.changes) {
    const auto key = std::make_pair(change.kind, change.key);
    if (change.value.has_value()) {
      records_[key] = *change.value;
    } else {
      records_.erase(key);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> BenchState::Get(absl::string_view kind, absl::string_view key) {
  const auto found = records_.find({std::string(kind), std::string(key)});
  if (found == records_.end()) return absl::NotFoundError(absl::StrCat("no record ", key));
  return found->second;
}

absl::StatusOr<std::vector<storage::StateRecord>> BenchState::Scan(absl::string_view kind,
                                                                   absl::string_view after,
                                                                   size_t records_max) {
  std::vector<storage::StateRecord> records;
  for (auto at = records_.upper_bound({std::string(kind), std::string(after)});
       at != records_.end() && at->first.first == kind && records.size() < records_max; ++at) {
    records.push_back({at->first.second, at->second});
  }
  return records;
}

}  // namespace ora::aggregator
