#include "proto/contract/sample_rule_checks.h"

#include <cmath>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/config_ranges.h"
#include "proto/contract/label_checks.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"
#include "re2/re2.h"

namespace ora::contract {
namespace {

using config::v1::SampleRelabel;
using config::v1::SampleRule;

bool IsMetricName(absl::string_view name) {
  if (name.empty() || name.size() > kLabelNameBytesMax || absl::ascii_isdigit(name[0])) {
    return false;
  }
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != ':') return false;
  }
  return true;
}

// A label that a rule may set: not one that every series of a log has.
absl::Status CheckTarget(absl::string_view field, const std::string& label) {
  if (!IsLabelName(label)) {
    return FieldError(field,
                      absl::StrCat("`", label, "` is no label; write [a-zA-Z_][a-zA-Z0-9_]*"));
  }
  for (const char* taken : {"instance", "job", "component", "category", "log", "le", "__name__"}) {
    if (label == taken) {
      return FieldError(field, absl::StrCat("`", label, "` is set by the collector; name another"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRegex(absl::string_view field, const RE2& regex) {
  if (regex.ok()) return absl::OkStatus();
  return FieldError(field, absl::StrCat("`", regex.pattern(), "` is no RE2: ", regex.error()));
}

absl::Status CheckReplacement(absl::string_view field, const std::string& text, const RE2& regex) {
  const int groups = regex.NumberOfCapturingGroups();
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '$') continue;
    const char digit = text[i + 1] == '{' && i + 2 < text.size() ? text[i + 2] : text[i + 1];
    if (absl::ascii_isdigit(digit) && digit - '0' > groups) {
      return FieldError(field, absl::StrCat("names group $", absl::string_view(&digit, 1),
                                            " but its regex has ", groups));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRelabel(const std::string& path, const SampleRelabel& relabel) {
  ORA_RETURN_IF_ERROR(CheckCount(absl::StrCat(path, ".source_labels"), relabel.source_labels_size(),
                                 kSampleSourcesMax));
  const RE2 regex(relabel.regex().empty() ? "(.*)" : relabel.regex(), RE2::Quiet);
  ORA_RETURN_IF_ERROR(CheckRegex(absl::StrCat(path, ".regex"), regex));
  if (relabel.has_replacement()) {
    ORA_RETURN_IF_ERROR(
        CheckReplacement(absl::StrCat(path, ".replacement"), relabel.replacement(), regex));
  }
  switch (relabel.action()) {
    case config::v1::SAMPLE_RELABEL_ACTION_UNSPECIFIED:
    case config::v1::SAMPLE_RELABEL_ACTION_REPLACE:
    case config::v1::SAMPLE_RELABEL_ACTION_LOWERCASE:
    case config::v1::SAMPLE_RELABEL_ACTION_UPPERCASE:
      return CheckTarget(absl::StrCat(path, ".target_label"), relabel.target_label());
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckValue(const std::string& path, const SampleRule& rule, const RE2& regex) {
  const std::string field = absl::StrCat(path, ".value");
  if (rule.value().empty()) {
    if (rule.kind() != config::v1::SAMPLE_KIND_HISTOGRAM) return absl::OkStatus();
    return FieldError(field, "is empty; name the group whose number the histogram observes");
  }
  int number = 0;
  const bool known = absl::SimpleAtoi(rule.value(), &number)
                         ? number >= 1 && number <= regex.NumberOfCapturingGroups()
                         : regex.NamedCapturingGroups().count(rule.value()) > 0;
  if (known) return absl::OkStatus();
  return FieldError(field, absl::StrCat("`", rule.value(), "` is no group of its regex"));
}

absl::Status CheckBuckets(const std::string& path, const SampleRule& rule) {
  const std::string field = absl::StrCat(path, ".buckets");
  ORA_RETURN_IF_ERROR(CheckCount(field, rule.buckets_size(), kSampleBucketsMax));
  for (int i = 0; i < rule.buckets_size(); ++i) {
    if (std::isfinite(rule.buckets(i)) && (i == 0 || rule.buckets(i) > rule.buckets(i - 1))) {
      continue;
    }
    return FieldError(absl::StrCat(field, "[", i, "]"),
                      absl::StrCat("is ", rule.buckets(i), "; write bounds that ascend"));
  }
  return absl::OkStatus();
}

absl::Status CheckRule(const std::string& path, const SampleRule& rule) {
  if (!IsMetricName(rule.metric()) || absl::StartsWith(rule.metric(), "ora_")) {
    return FieldError(absl::StrCat(path, ".metric"),
                      absl::StrCat("is `", rule.metric(), "`; write 1 to ", kLabelNameBytesMax,
                                   " of [a-zA-Z0-9_:], not beginning with a digit or `ora_`"));
  }
  const RE2 regex(rule.regex(), RE2::Quiet);
  if (rule.regex().empty()) {
    return FieldError(absl::StrCat(path, ".regex"), "is empty; write what the lines match");
  }
  ORA_RETURN_IF_ERROR(CheckRegex(absl::StrCat(path, ".regex"), regex));
  ORA_RETURN_IF_ERROR(CheckValue(path, rule, regex));
  for (const auto& [name, group] : regex.NamedCapturingGroups()) {
    if (name == rule.value()) continue;
    ORA_RETURN_IF_ERROR(CheckTarget(absl::StrCat(path, ".regex"), name));
  }
  if (!std::isfinite(rule.scale())) {
    return FieldError(absl::StrCat(path, ".scale"), "is no number; write one that is not 0");
  }
  ORA_RETURN_IF_ERROR(CheckBuckets(path, rule));
  ORA_RETURN_IF_ERROR(
      CheckCount(absl::StrCat(path, ".relabel"), rule.relabel_size(), kSampleRelabelsMax));
  for (int i = 0; i < rule.relabel_size(); ++i) {
    ORA_RETURN_IF_ERROR(CheckRelabel(absl::StrCat(path, ".relabel[", i, "]"), rule.relabel(i)));
  }
  return CheckNumber(absl::StrCat(path, ".series_max"), rule.series_max(), {1, kSampleSeriesMax});
}

}  // namespace

absl::Status CheckSampleRules(
    const google::protobuf::RepeatedPtrField<config::v1::SampleRule>& rules) {
  ORA_RETURN_IF_ERROR(CheckCount("sample_rules", rules.size(), kSampleRulesMax));
  std::set<std::string> metrics;
  for (int i = 0; i < rules.size(); ++i) {
    const std::string path = absl::StrCat("sample_rules[", i, "]");
    ORA_RETURN_IF_ERROR(CheckRule(path, rules[i]));
    if (!metrics.insert(rules[i].metric()).second) {
      return FieldError(absl::StrCat(path, ".metric"),
                        absl::StrCat("`", rules[i].metric(), "` is another rule's already"));
    }
  }
  return absl::OkStatus();
}

}  // namespace ora::contract
