#include "aggregator/promql/eval/label_functions.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::promql {
namespace {

absl::Status SetLabel(GridSeries& series, const std::string& name, const std::string& value) {
  if (value.size() > kMadeLabelBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("label ", name, " would have a value of more than ", kMadeLabelBytesMax,
                     " bytes; join or replace fewer or shorter labels"));
  }
  series.labels.Set(name, value);
  if (name == storage::kMetricNameLabel) series.drop_name = false;
  return absl::OkStatus();
}

// What `$1` and `${name}` in `text` stand for, as in Go: an unknown group is empty, the longest
// run of letters, digits and `_` is the name. Stops where the result is too long.
std::string Expand(const std::string& text, const re2::RE2& regex,
                   const std::vector<re2::StringPiece>& groups) {
  std::string out;
  for (size_t i = 0; i < text.size() && out.size() <= kMadeLabelBytesMax; ++i) {
    if (text[i] != '$') {
      out += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const bool braces = i + 1 < text.size() && text[i + 1] == '{';
    const size_t begin = i + (braces ? 2 : 1);
    size_t end = begin;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) {
      ++end;
    }
    if (end == begin || (braces && (end == text.size() || text[end] != '}'))) {
      out += '$';
      continue;
    }
    const std::string name = text.substr(begin, end - begin);
    size_t group = groups.size();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      if (name.size() <= 3) group = std::stoul(name);
    } else if (const auto named = regex.NamedCapturingGroups().find(name);
               named != regex.NamedCapturingGroups().end()) {
      group = static_cast<size_t>(named->second);
    }
    if (group < groups.size()) out.append(groups[group].data(), groups[group].size());
    i = braces ? end : end - 1;
  }
  return out;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The run of digits, or of anything else, that `text` begins with; taken from it.
absl::string_view TakeRun(absl::string_view& text) {
  size_t end = 1;
  while (end < text.size() && IsDigit(text[end]) == IsDigit(text[0])) ++end;
  const absl::string_view run = text.substr(0, end);
  text.remove_prefix(end);
  return run;
}

bool NaturallyLess(absl::string_view a, absl::string_view b) {
  while (!a.empty() && !b.empty()) {
    absl::string_view x = TakeRun(a);
    absl::string_view y = TakeRun(b);
    if (x == y) continue;
    if (!IsDigit(x[0]) || !IsDigit(y[0])) return x < y;
    while (x.size() > 1 && x[0] == '0') x.remove_prefix(1);
    while (y.size() > 1 && y[0] == '0') y.remove_prefix(1);
    if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
  }
  return a.empty() && !b.empty();
}

}  // namespace

bool IsLabelName(absl::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const size_t length = CharacterLength(name);
    if (length == 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

VectorGrid SortByLabels(VectorGrid vector, const std::vector<std::string>& names,
                        LabelOrder order) {
  const auto less = [&names](const GridSeries& a, const GridSeries& b) {
    for (const std::string& name : names) {
      const absl::string_view x = a.labels.Get(name);
      const absl::string_view y = b.labels.Get(name);
      if (x != y) return NaturallyLess(x, y);
    }
    return a.labels < b.labels;
  };
  std::stable_sort(vector.begin(), vector.end(), [&](const GridSeries& a, const GridSeries& b) {
    return order == LabelOrder::kAscending ? less(a, b) : less(b, a);
  });
  return vector;
}

absl::StatusOr<VectorGrid> ReplaceLabel(VectorGrid vector, const LabelReplacement& replacement) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex("^(?s:" + replacement.regex + ")$", options);
  if (!regex.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid regular expression in label_replace(): ", replacement.regex));
  }
  if (!IsLabelName(replacement.target)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid destination label name in label_replace(): ", replacement.target));
  }
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (GridSeries& series : vector) {
    const std::string source(series.labels.Get(replacement.source));
    if (!regex.Match(source, 0, source.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                     static_cast<int>(groups.size()))) {
      continue;
    }
    ORA_RETURN_IF_ERROR(
        SetLabel(series, replacement.target, Expand(replacement.replacement, regex, groups)));
  }
  return Unite(std::move(vector), SameLabels::kRefuse);
}

absl::StatusOr<VectorGrid> JoinLabels(VectorGrid vector, const LabelJoin& join) {
  if (!IsLabelName(join.target)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid destination label name in label_join(): ", join.target));
  }
  for (const std::string& source : join.sources) {
    if (IsLabelName(source)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("invalid source label name in label_join(): ", source));
  }
  for (GridSeries& series : vector) {
    std::vector<std::string> values;
    values.reserve(join.sources.size());
    for (const std::string& source : join.sources) {
      values.emplace_back(series.labels.Get(source));
    }
    ORA_RETURN_IF_ERROR(SetLabel(series, join.target, absl::StrJoin(values, join.separator)));
  }
  return Unite(std::move(vector), SameLabels::kRefuse);
}

}  // namespace ora::promql
