#include "storage/index/label_postings.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "storage/index/regex_shape.h"

namespace ora::storage {
namespace {

Roaring UnionOf(std::vector<const Roaring*>& parts) {
  if (parts.empty()) return {};
  if (parts.size() == 1) return *parts[0];
  return Roaring::fastunion(parts.size(), parts.data());
}

// Cheap conditions first: they leave less for the others.
int RankOf(const Matcher& matcher) {
  if (matcher.type() == MatchType::kEqual && !matcher.MatchesEmpty()) return 0;
  return matcher.MatchesEmpty() ? 2 : 1;
}

}  // namespace

void LabelPostings::Add(uint32_t id, absl::string_view name, absl::string_view value) {
  by_name_[name][value].add(id);
}

Roaring LabelPostings::UnionOfMatching(const ByValue& values, const Matcher& matcher) const {
  std::vector<const Roaring*> parts;
  const auto add = [&](absl::string_view value) {
    if (const auto at = values.find(value); at != values.end()) parts.push_back(&at->second);
  };
  if (matcher.type() == MatchType::kEqual) {
    add(matcher.value());
    return UnionOf(parts);
  }
  RegexShape shape;
  if (matcher.type() == MatchType::kRegex) shape = RegexShape::Of(matcher.value());
  if (!shape.literals.empty()) {
    for (const std::string& literal : shape.literals) add(literal);
    return UnionOf(parts);
  }
  for (auto at = values.lower_bound(shape.prefix);
       at != values.end() && absl::StartsWith(at->first, shape.prefix); ++at) {
    if (shape.prefix_is_enough || matcher.Matches(at->first)) parts.push_back(&at->second);
  }
  return UnionOf(parts);
}

Roaring LabelPostings::UnionOfNotMatching(const ByValue& values, const Matcher& matcher) const {
  std::vector<const Roaring*> parts;
  if (matcher.type() == MatchType::kNotEqual) {
    if (const auto at = values.find(matcher.value()); at != values.end()) {
      parts.push_back(&at->second);
    }
    return UnionOf(parts);
  }
  for (const auto& [value, ids] : values) {
    if (!matcher.Matches(value)) parts.push_back(&ids);
  }
  return UnionOf(parts);
}

Roaring LabelPostings::Resolve(absl::Span<const Matcher> matchers) const {
  std::vector<const Matcher*> ordered;
  for (const Matcher& matcher : matchers) ordered.push_back(&matcher);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Matcher* a, const Matcher* b) { return RankOf(*a) < RankOf(*b); });
  Roaring result;
  bool narrowed = false;  // Until then the result is every series.
  for (const Matcher* matcher : ordered) {
    const auto values = by_name_.find(matcher->name());
    const bool known = values != by_name_.end();
    if (!matcher->MatchesEmpty()) {
      if (!known) return {};
      Roaring matching = UnionOfMatching(values->second, *matcher);
      if (narrowed) {
        result &= matching;
      } else {
        result = std::move(matching);
      }
      narrowed = true;
      if (result.isEmpty()) return result;
    } else {
      // Series without the label match as well, so it is the others that go.
      if (!narrowed) result = all_;
      narrowed = true;
      if (known) result -= UnionOfNotMatching(values->second, *matcher);
    }
  }
  return narrowed ? result : all_;
}

std::vector<std::string> LabelPostings::NamesAmong(const Roaring& among) const {
  std::vector<std::string> names;
  for (const auto& [name, values] : by_name_) {
    const bool borne = std::any_of(values.begin(), values.end(), [&](const auto& value) {
      return value.second.intersect(among);
    });
    if (borne) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> LabelPostings::ValuesAmong(absl::string_view name,
                                                    const Roaring& among) const {
  std::vector<std::string> found;
  const auto values = by_name_.find(name);
  if (values == by_name_.end()) return found;
  for (const auto& [value, ids] : values->second) {
    if (ids.intersect(among)) found.emplace_back(value);
  }
  return found;
}

}  // namespace ora::storage
