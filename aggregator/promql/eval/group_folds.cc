#include "aggregator/promql/eval/group_folds.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregator/promql/eval/statistics.h"

namespace ora::promql {
namespace {

using storage::Label;
using storage::Labels;

struct SumFold {
  void Add(double value) { sum.Add(value); }
  double Result() const { return sum.Total(); }
  KahanSum sum;
};

struct AvgFold {
  void Add(double value) { mean.Add(value); }
  double Result() const { return mean.Mean(); }
  RunningMean mean;
};

struct MinFold {
  void Add(double value) {
    if (!(held <= value)) held = std::isnan(value) ? held : value;
  }
  double Result() const { return held; }
  double held = std::nan("");
};

struct MaxFold {
  void Add(double value) {
    if (!(held >= value)) held = std::isnan(value) ? held : value;
  }
  double Result() const { return held; }
  double held = std::nan("");
};

struct CountFold {
  void Add(double) { count += 1; }
  double Result() const { return count; }
  double count = 0;
};

struct GroupFold {
  void Add(double) {}
  double Result() const { return 1; }
};

struct StdvarFold {
  void Add(double value) {
    count += 1;
    if (count == 1) {
      mean = value;
      squares = std::isfinite(value) ? 0 : std::nan("");
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  double Result() const { return squares / count; }
  double count = 0;
  double mean = 0;
  double squares = 0;
};

struct StddevFold : StdvarFold {
  double Result() const { return std::sqrt(StdvarFold::Result()); }
};

template <typename Fold>
class FoldsOf final : public GroupFolds {
 public:
  explicit FoldsOf(size_t steps) : steps_(steps) {}

  void Add(size_t group, const GridSeries& series) override {
    if (group == groups_.size()) groups_.emplace_back(steps_);
    Column& column = groups_[group];
    series.present.ForEach([&](size_t step) { column.folds[step].Add(series.values[step]); });
    column.present.Add(series.present);
  }

  VectorGrid Take() override {
    VectorGrid result;
    result.reserve(groups_.size());
    for (Column& column : groups_) {
      GridSeries series(Labels(), steps_);
      column.present.ForEach(
          [&](size_t step) { series.values[step] = column.folds[step].Result(); });
      series.present = std::move(column.present);
      result.push_back(std::move(series));
      column.folds = {};
    }
    return result;
  }

 private:
  struct Column {
    explicit Column(size_t steps) : folds(steps), present(steps) {}
    std::vector<Fold> folds;
    StepBits present;
  };

  const size_t steps_;
  std::vector<Column> groups_;
};

void AppendText(absl::string_view text, std::string& key) {
  const auto size = static_cast<uint32_t>(text.size());
  key.append(reinterpret_cast<const char*>(&size), sizeof(size));
  key.append(text.data(), text.size());
}

}  // namespace

SeriesGroups::SeriesGroups(const Aggregate& aggregate) : aggregate_(aggregate) {}

template <typename ValueOf>
void SeriesGroups::AppendKey(const ValueOf& value_of) {
  for (const std::string& name : aggregate_.labels) AppendText(value_of(name), key_);
}

void SeriesGroups::AppendKeyWithout(const Labels& labels) {
  for (const storage::LabelView label : labels) {
    const auto& without = aggregate_.labels;
    if (label.name == storage::kMetricNameLabel) continue;
    if (std::find(without.begin(), without.end(), label.name) != without.end()) continue;
    AppendText(label.name, key_);
    AppendText(label.value, key_);
  }
}

Labels SeriesGroups::LabelsOfGroup(const Labels& labels) const {
  if (aggregate_.grouping == Grouping::kWithout) {
    Labels kept = labels;
    for (const std::string& name : aggregate_.labels) kept.Remove(name);
    kept.Remove(storage::kMetricNameLabel);
    return kept;
  }
  std::vector<Label> kept;
  for (const std::string& name : aggregate_.labels) {
    kept.push_back({name, std::string(labels.Get(name))});
  }
  return Labels(std::move(kept));
}

template <typename LabelsOf>
size_t SeriesGroups::Place(const LabelsOf& labels_of, bool drops_name) {
  const auto found = places_.find(key_);
  if (found != places_.end()) return found->second;
  places_.emplace(key_, groups_.size());
  Labels labels = LabelsOfGroup(labels_of());
  const bool named = labels.Has(storage::kMetricNameLabel);
  groups_.push_back({std::move(labels), named && drops_name});
  return groups_.size() - 1;
}

size_t SeriesGroups::Find(const GridSeries& series) {
  key_.clear();
  if (aggregate_.grouping == Grouping::kWithout) {
    AppendKeyWithout(series.labels);
  } else {
    AppendKey([&](const std::string& name) { return series.labels.Get(name); });
  }
  return Place([&]() -> const Labels& { return series.labels; }, series.drop_name);
}

size_t SeriesGroups::Find(const storage::SeriesCursor& cursor, bool drops_name) {
  key_.clear();
  if (aggregate_.grouping == Grouping::kWithout) {
    AppendKeyWithout(cursor.labels());
  } else {
    AppendKey([&](const std::string& name) { return cursor.LabelValue(name); });
  }
  return Place([&]() -> const Labels& { return cursor.labels(); }, drops_name);
}

std::unique_ptr<GroupFolds> MakeGroupFolds(AggregateOperator op, const StepGrid& grid) {
  switch (op) {
    case AggregateOperator::kSum:
      return std::make_unique<FoldsOf<SumFold>>(grid.count);
    case AggregateOperator::kAvg:
      return std::make_unique<FoldsOf<AvgFold>>(grid.count);
    case AggregateOperator::kMin:
      return std::make_unique<FoldsOf<MinFold>>(grid.count);
    case AggregateOperator::kMax:
      return std::make_unique<FoldsOf<MaxFold>>(grid.count);
    case AggregateOperator::kCount:
      return std::make_unique<FoldsOf<CountFold>>(grid.count);
    case AggregateOperator::kGroup:
      return std::make_unique<FoldsOf<GroupFold>>(grid.count);
    case AggregateOperator::kStddev:
      return std::make_unique<FoldsOf<StddevFold>>(grid.count);
    case AggregateOperator::kStdvar:
      return std::make_unique<FoldsOf<StdvarFold>>(grid.count);
    default:
      return nullptr;
  }
}

}  // namespace ora::promql
