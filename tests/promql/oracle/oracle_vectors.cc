// Aggregations, matching of vectors, sets and classic histograms.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/status/status_macros.h"
#include "tests/promql/oracle/oracle.h"

namespace ora::promql::oracle {
namespace {

using storage::Labels;

Labels Only(const Labels& labels, const std::vector<std::string>& names) {
  Labels kept;
  for (const std::string& name : names) kept.Set(name, std::string(labels.Get(name)));
  return kept;
}

Labels Without(Labels labels, const std::vector<std::string>& names) {
  for (const std::string& name : names) labels.Remove(name);
  return labels;
}

Labels GroupOf(const Aggregate& aggregate, const Labels& labels) {
  if (aggregate.grouping == Grouping::kBy) return Only(labels, aggregate.labels);
  Labels group = Without(labels, aggregate.labels);
  group.Remove(storage::kMetricNameLabel);
  return group;
}

Labels MatchKey(const VectorMatching& matching, const Labels& labels) {
  if (matching.match_on == MatchOn::kOn) return Only(labels, matching.labels);
  Labels key = Without(labels, matching.labels);
  key.Remove(storage::kMetricNameLabel);
  return key;
}

double Fold(AggregateOperator op, const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  long double sum = 0;
  double least = std::nan("");
  double greatest = std::nan("");
  for (const double value : values) {
    sum += value;
    if (!(least <= value) && !std::isnan(value)) least = value;
    if (!(greatest >= value) && !std::isnan(value)) greatest = value;
  }
  if (op == AggregateOperator::kSum) return static_cast<double>(sum);
  if (op == AggregateOperator::kAvg) return static_cast<double>(sum / n);
  if (op == AggregateOperator::kMin) return least;
  if (op == AggregateOperator::kMax) return greatest;
  if (op == AggregateOperator::kCount) return n;
  if (op == AggregateOperator::kGroup) return 1;
  const long double mean = sum / n;
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto variance = static_cast<double>(squares / n);
  return op == AggregateOperator::kStdvar ? variance : std::sqrt(variance);
}

// Of a group in the order of the input.
Vector Picked(AggregateOperator op, Vector group, double k) {
  const auto better = [op](const Element& a, const Element& b) {
    if (op == AggregateOperator::kLimitk) return false;
    if (std::isnan(a.value) || std::isnan(b.value)) return !std::isnan(a.value);
    return op == AggregateOperator::kTopk ? a.value > b.value : a.value < b.value;
  };
  // The first of the best, again and again.
  Vector picked;
  while (!group.empty() && static_cast<double>(picked.size()) + 1 <= k) {
    size_t best = 0;
    for (size_t i = 1; i < group.size(); ++i) {
      const bool both_nan = std::isnan(group[i].value) && std::isnan(group[best].value);
      if (!both_nan && better(group[i], group[best])) best = i;
    }
    picked.push_back(group[best]);
    group.erase(group.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return picked;
}

bool Picks(AggregateOperator op) {
  return op == AggregateOperator::kTopk || op == AggregateOperator::kBottomk ||
         op == AggregateOperator::kLimitk;
}

}  // namespace

absl::StatusOr<Vector> Aggregated(const Aggregate& aggregate, const Vector& vector, double scalar,
                                  const std::string& text) {
  std::map<Labels, Vector> groups;
  for (const Element& element : vector) {
    Element counted = element;
    if (aggregate.op == AggregateOperator::kCountValues) {
      counted.labels.Set(text, absl::StrFormat("%.0f", element.value));
    }
    Labels group = GroupOf(aggregate, counted.labels);
    if (aggregate.op == AggregateOperator::kCountValues) {
      group.Set(text, std::string(counted.labels.Get(text)));
    }
    groups[group].push_back(element);
  }
  if (Picks(aggregate.op)) {
    if (std::isnan(scalar) && !vector.empty()) return absl::InvalidArgumentError("k is NaN");
    if (std::fabs(scalar) > 9e18) return absl::InvalidArgumentError("k is too large");
  }
  Vector result;
  for (const auto& [labels, members] : groups) {
    if (Picks(aggregate.op)) {
      const Vector picked = Picked(aggregate.op, members, scalar);
      result.insert(result.end(), picked.begin(), picked.end());
      continue;
    }
    std::vector<double> values;
    for (const Element& member : members) values.push_back(member.value);
    // As in Prometheus, a name by which values are counted stays.
    const bool named =
        labels.Has(storage::kMetricNameLabel) && aggregate.op != AggregateOperator::kCountValues;
    double value = aggregate.op == AggregateOperator::kCountValues
                       ? static_cast<double>(values.size())
                   : aggregate.op == AggregateOperator::kQuantile ? SimpleQuantile(scalar, values)
                                                                  : Fold(aggregate.op, values);
    result.push_back({labels, named && members[0].drop_name, value});
  }
  return result;
}

absl::StatusOr<Vector> Matched(const Binary& binary, NameRemoval removal, const Vector& left,
                               const Vector& right) {
  const VectorMatching& matching = binary.matching;
  const bool swapped = matching.cardinality == Cardinality::kOneToMany;
  const bool one_to_one = matching.cardinality == Cardinality::kOneToOne;
  const bool filter = IsComparison(binary.op) && !binary.return_bool;
  const Vector& many = swapped ? right : left;
  const Vector& one = swapped ? left : right;
  Vector result;
  if (left.empty() || right.empty()) return result;
  std::map<Labels, const Element*> partners;
  for (const Element& element : one) {
    if (!partners.try_emplace(MatchKey(matching, element.labels), &element).second) {
      return absl::InvalidArgumentError("found duplicate series for the match group");
    }
  }
  std::set<Labels> matched;
  for (const Element& element : many) {
    const auto partner = partners.find(MatchKey(matching, element.labels));
    if (partner == partners.end()) continue;
    const double a = swapped ? partner->second->value : element.value;
    const double b = swapped ? element.value : partner->second->value;
    const double computed = Arithmetic(binary.op, a, b);
    if (filter && computed == 0) continue;
    if (one_to_one && !matched.insert(partner->first).second) {
      return absl::InvalidArgumentError("multiple matches for labels");
    }
    Labels labels = element.labels;
    const bool bool_at_once = binary.return_bool && removal == NameRemoval::kAtOnce;
    if (!IsComparison(binary.op) || bool_at_once) labels.Remove(storage::kMetricNameLabel);
    if (one_to_one) {
      labels = matching.match_on == MatchOn::kOn ? Only(labels, matching.labels)
                                                 : Without(labels, matching.labels);
    }
    for (const std::string& name : matching.include) {
      labels.Set(name, std::string(partner->second->labels.Get(name)));
    }
    result.push_back({labels, binary.return_bool, filter ? a : computed});
  }
  ORA_RETURN_IF_ERROR(CheckUnique(result));
  return result;
}

Vector Combined(const Binary& binary, const Vector& left, const Vector& right) {
  const auto has_partner = [&binary](const Element& element, const Vector& others) {
    return std::any_of(others.begin(), others.end(), [&](const Element& other) {
      return MatchKey(binary.matching, other.labels) == MatchKey(binary.matching, element.labels);
    });
  };
  Vector result;
  for (const Element& element : left) {
    const bool partner = has_partner(element, right);
    if (binary.op == BinaryOperator::kAnd && !partner) continue;
    if (binary.op == BinaryOperator::kUnless && partner) continue;
    result.push_back(element);
  }
  if (binary.op != BinaryOperator::kOr) return result;
  for (const Element& element : right) {
    if (!has_partner(element, left)) result.push_back(element);
  }
  return result;
}

namespace {

using Buckets = std::map<double, double>;  // Cumulative counts by bound.

double QuantileOf(double q, Buckets buckets) {
  if (std::isnan(q)) return q;
  if (q < 0) return -HUGE_VAL;
  if (q > 1) return HUGE_VAL;
  if (buckets.rbegin()->first != HUGE_VAL) return std::nan("");
  double before = buckets.begin()->second;
  for (auto& [bound, count] : buckets) {
    const bool same = std::fabs(count - before) <= 1e-12 * (std::fabs(count) + std::fabs(before));
    if (same || count < before) count = before;
    before = count;
  }
  const double total = buckets.rbegin()->second;
  if (buckets.size() < 2 || total == 0 || std::isnan(total)) return std::nan("");
  const double rank = q * total;
  double start = 0;
  double below = 0;
  for (auto bucket = buckets.begin(); std::next(bucket) != buckets.end(); ++bucket) {
    if (bucket->second >= rank) {
      if (bucket == buckets.begin() && bucket->first <= 0) return bucket->first;
      return start + (bucket->first - start) * ((rank - below) / (bucket->second - below));
    }
    start = bucket->first;
    below = bucket->second;
  }
  return start;
}

double FractionOf(double lower, double upper, const Buckets& buckets) {
  if (buckets.rbegin()->first != HUGE_VAL) return std::nan("");
  const double total = buckets.rbegin()->second;
  if (total == 0 || std::isnan(lower) || std::isnan(upper)) return std::nan("");
  if (lower >= upper) return 0;
  const auto below = [&buckets, total](double value) {
    double start = buckets.begin()->first > 0 ? 0 : -HUGE_VAL;
    double count = 0;
    for (const auto& [bound, cumulative] : buckets) {
      if (value <= start) break;
      if (value < bound) {
        if (std::isinf(start)) return std::min(cumulative, total);
        return std::min(count + (cumulative - count) * (value - start) / (bound - start), total);
      }
      start = bound;
      count = cumulative;
    }
    return std::min(count, total);
  };
  return (below(upper) - below(lower)) / total;
}

}  // namespace

absl::StatusOr<Vector> Histograms(absl::string_view name, const std::vector<double>& scalars,
                                  const Vector& buckets) {
  Vector result;
  if (name != "histogram_quantile" && name != "histogram_fraction") return result;
  std::map<Labels, Buckets> histograms;
  for (const Element& element : buckets) {
    const std::string text(element.labels.Get("le"));
    char* end = nullptr;
    const double bound = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') continue;
    Labels labels = element.labels;
    labels.Remove("le");
    histograms[labels][bound] += element.value;
  }
  for (const auto& [labels, counts] : histograms) {
    const double value = name == "histogram_quantile" ? QuantileOf(scalars[0], counts)
                                                      : FractionOf(scalars[0], scalars[1], counts);
    result.push_back({labels, true, value});
  }
  return result;
}

}  // namespace ora::promql::oracle
