#include "aggregator/rules/files/rule_file.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "aggregator/promql/parser/literals.h"
#include "aggregator/promql/parser/parser.h"
#include "aggregator/rules/annotation_template.h"
#include "ora/config/v1/rule_file.pb.h"
#include "proto/yaml/yaml_reader.h"

namespace ora::aggregator {
namespace {

constexpr size_t kGroupNameBytesMax = 200;
constexpr absl::Duration kDurationMax = absl::Hours(24 * 365 * 10);

using LabelMap = google::protobuf::Map<std::string, std::string>;

v1::Severity SeverityOf(absl::string_view label) {
  const std::string word = absl::AsciiStrToLower(label);
  if (word == "critical" || word == "page" || word == "fatal") return v1::SEVERITY_CRITICAL;
  if (word == "error" || word == "major") return v1::SEVERITY_ERROR;
  return v1::SEVERITY_WARNING;
}

// The file without its folders.
absl::string_view BaseName(absl::string_view file) {
  const size_t slash = file.rfind('/');
  return slash == absl::string_view::npos ? file : file.substr(slash + 1);
}

// Where in the file a complaint belongs.
class Complaints {
 public:
  Complaints(const yaml::FieldPositions& positions, std::vector<std::string>& errors)
      : positions_(positions), errors_(errors) {}

  void Add(const std::string& path, absl::string_view what) {
    if (errors_.size() >= kRuleFileErrorsMax) return;
    errors_.push_back(absl::StrCat(positions_.Find(path), ": ", path, ": ", what));
  }
  void Add(const std::string& path, const absl::Status& status) {
    if (!status.ok()) Add(path, {status.message().data(), status.message().size()});
  }

 private:
  const yaml::FieldPositions& positions_;
  std::vector<std::string>& errors_;
};

// Turns the file's messages into options, and complains of what is wrong.
class RuleFileChecker {
 public:
  RuleFileChecker(const std::string& file, absl::Duration interval, Complaints& complaints)
      : file_(file), interval_(interval), complaints_(complaints) {}

  std::vector<RuleGroupOptions> Groups(const config::v1::RuleFile& file) {
    std::vector<RuleGroupOptions> groups;
    if (static_cast<size_t>(file.groups_size()) > kRuleFileGroupsMax) {
      complaints_.Add("groups", absl::StrCat("has ", file.groups_size(), " groups; at most ",
                                             kRuleFileGroupsMax));
      return groups;
    }
    std::set<std::string> names;
    for (int i = 0; i < file.groups_size(); ++i) {
      const config::v1::RuleGroup& group = file.groups(i);
      const std::string path = absl::StrCat("groups[", i, "]");
      if (group.name().empty() || group.name().size() > kGroupNameBytesMax) {
        complaints_.Add(path + ".name", absl::StrCat("has ", group.name().size(),
                                                     " bytes; write 1 to ", kGroupNameBytesMax));
      } else if (!names.insert(group.name()).second) {
        complaints_.Add(path + ".name", absl::StrCat("groupname: \"", group.name(),
                                                     "\" is repeated in the same file"));
      }
      groups.push_back(Group(group, path));
    }
    return groups;
  }

 private:
  RuleGroupOptions Group(const config::v1::RuleGroup& group, const std::string& path) {
    RuleGroupOptions options;
    // A group's name is part of keys that `/` divides.
    options.name = absl::StrCat(absl::StrReplaceAll(group.name(), {{"%", "%25"}, {"/", "%2F"}}),
                                "@", BaseName(file_));
    options.title = group.name();
    options.file = file_;
    options.interval = DurationOf(path + ".interval", group.interval(), interval_);
    if (options.interval < kRuleIntervalMin) {
      complaints_.Add(path + ".interval",
                      absl::StrCat("is ", group.interval(), "; write ",
                                   absl::FormatDuration(kRuleIntervalMin), " or more"));
    }
    options.query_offset =
        DurationOf(path + ".query_offset", group.query_offset(), absl::ZeroDuration());
    options.limit = group.limit();
    CheckLabels(path + ".labels", group.labels());
    for (int i = 0; i < group.rules_size(); ++i) {
      if (++rules_ > kRuleFileRulesMax) {
        complaints_.Add(absl::StrCat(path, ".rules[", i, "]"),
                        absl::StrCat("is past the ", kRuleFileRulesMax, " rules of one file"));
        return options;
      }
      AddRule(group, group.rules(i), absl::StrCat(path, ".rules[", i, "]"), options);
    }
    return options;
  }

  void AddRule(const config::v1::RuleGroup& group, const config::v1::Rule& rule,
               const std::string& path, RuleGroupOptions& options) {
    if (rule.record().empty() == rule.alert().empty()) {
      complaints_.Add(path, rule.record().empty() ? "one of 'record' or 'alert' must be set"
                                                  : "only one of 'record' and 'alert' must be set");
      return;
    }
    CheckExpression(path + ".expr", rule.expr());
    CheckLabels(path + ".labels", rule.labels());
    storage::Labels labels = ToLabels(group.labels());
    for (const auto& [name, value] : rule.labels()) labels.Set(name, value);
    if (rule.record().empty()) {
      AddAlert(rule, path, std::move(labels), options);
    } else {
      AddRecording(rule, path, std::move(labels), options);
    }
  }

  void AddAlert(const config::v1::Rule& rule, const std::string& path, storage::Labels labels,
                RuleGroupOptions& options) {
    AlertRule alert;
    alert.name = rule.alert();
    alert.expression = rule.expr();
    alert.pending_duration = DurationOf(path + ".for", rule.for_(), absl::ZeroDuration());
    alert.keep_firing_duration =
        DurationOf(path + ".keep_firing_for", rule.keep_firing_for(), absl::ZeroDuration());
    alert.severity = SeverityOf(labels.Get("severity"));
    alert.labels = std::move(labels);
    alert.annotations = ToLabels(rule.annotations());
    CheckTemplates(path + ".labels", rule.labels());
    CheckLabels(path + ".annotations", rule.annotations());
    CheckTemplates(path + ".annotations", rule.annotations());
    for (const AlertRule& other : options.rules) {
      if (other.name != alert.name || other.labels != alert.labels) continue;
      complaints_.Add(path + ".alert",
                      absl::StrCat("`", alert.name,
                                   "` is in this group with the same labels "
                                   "already; give one of them another name or label"));
    }
    options.rules.push_back(std::move(alert));
  }

  void AddRecording(const config::v1::Rule& rule, const std::string& path, storage::Labels labels,
                    RuleGroupOptions& options) {
    if (!promql::IsPlainMetricName(rule.record())) {
      complaints_.Add(path + ".record", absl::StrCat("`", rule.record(),
                                                     "` is no metric's name; write letters, "
                                                     "digits, _ and :, no digit first"));
    }
    for (const auto& [field, value] :
         {std::pair("for", rule.for_()), std::pair("keep_firing_for", rule.keep_firing_for())}) {
      if (value.empty()) continue;
      complaints_.Add(absl::StrCat(path, ".", field),
                      absl::StrCat("invalid field '", field, "' in recording rule"));
    }
    if (!rule.annotations().empty()) {
      complaints_.Add(path + ".annotations", "invalid field 'annotations' in recording rule");
    }
    options.recordings.push_back(
        {rule.record(), rule.expr(), std::move(labels), options.rules.size()});
  }

  void CheckExpression(const std::string& path, const std::string& text) {
    if (text.empty()) {
      complaints_.Add(path, "field 'expr' must be set in rule");
      return;
    }
    const absl::StatusOr<promql::ExprPtr> parsed = promql::ParseExpression(text);
    complaints_.Add(path, parsed.status());
    if (parsed.ok() && (*parsed)->type != promql::ValueType::kVector &&
        (*parsed)->type != promql::ValueType::kScalar) {
      complaints_.Add(path, absl::StrCat("is of type ", promql::Text((*parsed)->type),
                                         "; write an instant vector or a scalar"));
    }
  }

  void CheckLabels(const std::string& path, const LabelMap& labels) {
    for (const auto& [name, value] : std::map(labels.begin(), labels.end())) {
      if (promql::IsPlainLabelName(name) && name != storage::kMetricNameLabel) continue;
      complaints_.Add(absl::StrCat(path, ".", name), absl::StrCat("invalid label name: ", name));
    }
  }

  void CheckTemplates(const std::string& path, const LabelMap& texts) {
    for (const auto& [name, text] : std::map(texts.begin(), texts.end())) {
      complaints_.Add(absl::StrCat(path, ".", name), AnnotationTemplate::Parse(text).status());
    }
  }

  absl::Duration DurationOf(const std::string& path, const std::string& text,
                            absl::Duration otherwise) {
    if (text.empty()) return otherwise;
    if (text == "0") return absl::ZeroDuration();
    const absl::StatusOr<int64_t> millis = promql::ParseDurationMillis(text);
    if (!millis.ok()) {
      complaints_.Add(path, absl::StrCat("not a valid duration string: \"", text,
                                         "\"; write such as 5m or 1h30m"));
      return otherwise;
    }
    if (absl::Milliseconds(*millis) > kDurationMax) {
      complaints_.Add(path, absl::StrCat("is ", text, "; at most 10y"));
      return otherwise;
    }
    return absl::Milliseconds(*millis);
  }

  static storage::Labels ToLabels(const LabelMap& map) {
    std::vector<storage::Label> labels;
    for (const auto& [name, value] : map) labels.push_back({name, value});
    return storage::Labels(std::move(labels));
  }

  const std::string& file_;
  const absl::Duration interval_;
  Complaints& complaints_;
  size_t rules_ = 0;
};

}  // namespace

RuleFileReading ReadRuleFile(const std::string& file, absl::string_view text,
                             absl::Duration interval) {
  RuleFileReading reading;
  config::v1::RuleFile message;
  yaml::FieldPositions positions;
  const absl::Status read = yaml::ReadYamlWithPositions(file, text, message, positions);
  if (!read.ok()) {
    reading.errors.emplace_back(read.message());
    return reading;
  }
  Complaints complaints(positions, reading.errors);
  reading.groups = RuleFileChecker(file, interval, complaints).Groups(message);
  return reading;
}

size_t RuleCount(const RuleFileReading& reading) {
  size_t count = 0;
  for (const RuleGroupOptions& group : reading.groups) {
    count += group.rules.size() + group.recordings.size();
  }
  return count;
}

}  // namespace ora::aggregator
