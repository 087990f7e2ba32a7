#include "collector/process/component_rules.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

constexpr size_t kGroupsMax = 10;  // The whole match and $1 to $9.
using Groups = std::array<re2::StringPiece, kGroupsMax>;

std::string Substitute(absl::string_view text, const Groups& groups) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] >= '1' && text[i + 1] <= '9') {
      const re2::StringPiece group = groups[static_cast<size_t>(text[i + 1] - '0')];
      result.append(group.data(), group.size());
      ++i;
    } else {
      result.push_back(text[i]);
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<ComponentRules> ComponentRules::Make(const config::v1::ProcessConfig& config) {
  ComponentRules rules;
  for (int i = 0; i < config.rules_size(); ++i) {
    const config::v1::ProcessRule& from = config.rules(i);
    Rule rule{.component = from.component(), .name = from.name()};
    if (!from.command_line_regex().empty()) {
      rule.command_line = std::make_unique<RE2>(from.command_line_regex(), RE2::Quiet);
      if (!rule.command_line->ok()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "processes.rules[", i, "].command_line_regex: \"", from.command_line_regex(),
            "\" is no regular expression: ", rule.command_line->error()));
      }
      rules.wants_command_line_ = true;
    }
    rules.rules_.push_back(std::move(rule));
  }
  return rules;
}

absl::optional<std::string> ComponentRules::Match(absl::string_view name,
                                                  absl::string_view command_line) const {
  for (const Rule& rule : rules_) {
    if (!rule.name.empty() && rule.name != name) continue;
    Groups groups;
    if (rule.command_line != nullptr) {
      const re2::StringPiece text(command_line.data(), command_line.size());
      const int wanted = 1 + std::min(rule.command_line->NumberOfCapturingGroups(),
                                      static_cast<int>(kGroupsMax) - 1);
      if (!rule.command_line->Match(text, 0, text.size(), RE2::UNANCHORED, groups.data(), wanted)) {
        continue;
      }
    }
    std::string component = Substitute(rule.component, groups);
    if (!component.empty()) return component;
  }
  return absl::nullopt;
}

}  // namespace ora::collector
