#include "collector/classify/samples/relabeling.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

constexpr int kGroupsMax = 10;  // `$0` to `$9`.

// A label of its own hides a fact of the same name.
absl::string_view ValueOf(absl::string_view name, const SampleFacts& facts,
                          const SampleLabels& labels) {
  if (const auto own = labels.find(name); own != labels.end()) return own->second;
  if (name == "__line__") return facts.line;
  if (name == "level") return facts.level;
  if (name == "component") return facts.component;
  if (name == "category") return facts.category;
  if (name == "log") return facts.log;
  return {};
}

// `text` with its `$1` and `${1}` in place.
std::string Expand(absl::string_view text, const re2::StringPiece (&groups)[kGroupsMax]) {
  std::string expanded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool braced = i + 3 < text.size() && text[i + 1] == '{' && text[i + 3] == '}';
    const size_t at = braced ? i + 2 : i + 1;
    if (text[i] != '$' || at >= text.size() || !absl::ascii_isdigit(text[at])) {
      expanded += text[i];
      continue;
    }
    const re2::StringPiece& group = groups[text[at] - '0'];
    expanded.append(group.data(), group.size());
    i = braced ? at + 1 : at;
  }
  return expanded;
}

}  // namespace

Relabeling::Relabeling(const google::protobuf::RepeatedPtrField<config::v1::SampleRelabel>& steps) {
  for (const config::v1::SampleRelabel& from : steps) {
    Step step;
    step.action = from.action() == config::v1::SAMPLE_RELABEL_ACTION_UNSPECIFIED
                      ? config::v1::SAMPLE_RELABEL_ACTION_REPLACE
                      : from.action();
    step.sources.assign(from.source_labels().begin(), from.source_labels().end());
    step.separator = from.has_separator() ? from.separator() : ";";
    step.regex = std::make_unique<RE2>(from.regex().empty() ? "(.*)" : from.regex(), RE2::Quiet);
    step.target = from.target_label();
    step.replacement = from.has_replacement() ? from.replacement() : "$1";
    steps_.push_back(std::move(step));
  }
}

RelabelResult Relabeling::Apply(const SampleFacts& facts, SampleLabels& labels) const {
  for (const Step& step : steps_) {
    if (ApplyStep(step, facts, labels) == RelabelResult::kDropped) return RelabelResult::kDropped;
  }
  for (auto at = labels.begin(); at != labels.end();) {
    const bool gone = at->second.empty() || absl::StartsWith(at->first, "__");
    at = gone ? labels.erase(at) : std::next(at);
  }
  return RelabelResult::kKept;
}

RelabelResult Relabeling::ApplyStep(const Step& step, const SampleFacts& facts,
                                    SampleLabels& labels) {
  const bool drops = step.action == config::v1::SAMPLE_RELABEL_ACTION_LABELDROP;
  if (drops || step.action == config::v1::SAMPLE_RELABEL_ACTION_LABELKEEP) {
    for (auto at = labels.begin(); at != labels.end();) {
      at = RE2::FullMatch(at->first, *step.regex) == drops ? labels.erase(at) : std::next(at);
    }
    return RelabelResult::kKept;
  }
  std::string joined;
  for (size_t i = 0; i < step.sources.size(); ++i) {
    absl::StrAppend(&joined, i == 0 ? "" : step.separator, ValueOf(step.sources[i], facts, labels));
  }
  re2::StringPiece groups[kGroupsMax];
  const int count = std::min(kGroupsMax, 1 + step.regex->NumberOfCapturingGroups());
  const bool matches = step.regex->Match(joined, 0, joined.size(), RE2::ANCHOR_BOTH, groups, count);
  switch (step.action) {
    case config::v1::SAMPLE_RELABEL_ACTION_KEEP:
      return matches ? RelabelResult::kKept : RelabelResult::kDropped;
    case config::v1::SAMPLE_RELABEL_ACTION_DROP:
      return matches ? RelabelResult::kDropped : RelabelResult::kKept;
    case config::v1::SAMPLE_RELABEL_ACTION_LOWERCASE:
      labels[step.target] = absl::AsciiStrToLower(joined);
      return RelabelResult::kKept;
    case config::v1::SAMPLE_RELABEL_ACTION_UPPERCASE:
      labels[step.target] = absl::AsciiStrToUpper(joined);
      return RelabelResult::kKept;
    default:
      if (matches) labels[step.target] = Expand(step.replacement, groups);
      return RelabelResult::kKept;
  }
}

}  // namespace ora::collector
