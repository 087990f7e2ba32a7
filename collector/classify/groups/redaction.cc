#include "collector/classify/groups/redaction.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kMark = "***";
constexpr size_t kCardDigitsMin = 13;
constexpr size_t kCardDigitsMax = 19;

// The first group of each is the secret.
constexpr const char* kPatterns[] = {
    // Named values, quoted or not; a name may stand within a longer one (`db_password`).
    R"re((?i)(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|session[_-]?id)\w*["']?\s*(?:[:=]|=>)\s*"((?:[^"\\]|\\.)+)")re",
    R"re((?i)(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|session[_-]?id)\w*["']?\s*(?:[:=]|=>)\s*'((?:[^'\\]|\\.)+)')re",
    R"re((?i)(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|session[_-]?id)\w*["']?\s*(?:[:=]|=>)\s*([^\s"',;&)}\]]+))re",
    R"re((?i)authorization["']?\s*[:=]\s*["']?(?:[a-z]+\s+)?([^\s"',;]+))re",
    R"re((?i)\b(?:bearer|basic)\s+([a-z0-9+/_.=~-]{8,}))re",
    R"re((?i)\b(?:set-)?cookie["']?\s*[:=]\s*["']?([^"'\n]+))re",
    R"re(://([^/\s:@]+:[^/\s@]+)@)re",
    R"re(\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*))re",
    R"re(\b((?:AKIA|ASIA)[A-Z0-9]{16})\b)re",
    R"re(\b((?:ghp|gho|ghs|ghu|glpat|xox[abp]|sk_live|rk_live)[_-][A-Za-z0-9_-]{10,}))re",
    R"re(-----BEGIN [A-Z ]*PRIVATE KEY-----((?s:.)*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z))re",
};

// Luhn's sum, which every card number satisfies and one in ten other numbers.
bool IsCardNumber(absl::string_view digits) {
  if (digits.size() < kCardDigitsMin || digits.size() > kCardDigitsMax) return false;
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    const int twice = i % 2 == 1 ? 2 * digit : digit;
    sum += twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 == 0;
}

// Digits in groups with a blank or `-` between them count as one number.
std::string WithoutCards(absl::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    if (!absl::ascii_isdigit(text[at])) {
      result += text[at++];
      continue;
    }
    std::string digits;
    size_t end = at;
    while (end < text.size() && (absl::ascii_isdigit(text[end]) ||
                                 ((text[end] == ' ' || text[end] == '-') && end + 1 < text.size() &&
                                  absl::ascii_isdigit(text[end + 1])))) {
      if (absl::ascii_isdigit(text[end])) digits += text[end];
      ++end;
    }
    if (IsCardNumber(digits)) {
      absl::StrAppend(&result, kMark);
    } else {
      result.append(text.data() + at, end - at);
    }
    at = end;
  }
  return result;
}

std::string WithoutMatches(const std::string& text, const RE2& regex, int group) {
  std::string result;
  size_t from = 0;
  re2::StringPiece groups[2];
  while (from <= text.size() &&
         regex.Match(text, from, text.size(), RE2::UNANCHORED, groups, group + 1)) {
    const re2::StringPiece& secret = groups[group];
    if (secret.data() == nullptr || secret.empty()) {
      // Nothing to take out here: go on behind it.
      const auto end = static_cast<size_t>(groups[0].data() - text.data()) + groups[0].size();
      const size_t next = end > from ? end : from + 1;
      result.append(text, from, next - from);
      from = next;
      continue;
    }
    const auto begin = static_cast<size_t>(secret.data() - text.data());
    result.append(text, from, begin - from);
    absl::StrAppend(&result, kMark);
    from = begin + secret.size();
  }
  if (from < text.size()) result.append(text, from, std::string::npos);
  return result;
}

}  // namespace

absl::StatusOr<Redaction> Redaction::Make(const std::vector<std::string>& patterns) {
  if (patterns.size() > kRedactionPatternsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("redaction: ", patterns.size(), " patterns; at most ", kRedactionPatternsMax));
  }
  Redaction redaction;
  RE2::Options bytes(RE2::Latin1);  // A secret need not be UTF-8.
  bytes.set_log_errors(false);
  for (const char* text : kPatterns) {
    redaction.patterns_.push_back({std::make_unique<RE2>(text, bytes), 1});
  }
  for (size_t i = 0; i < patterns.size(); ++i) {
    auto regex = std::make_unique<RE2>(patterns[i], RE2::Quiet);
    if (!regex->ok()) {
      return absl::InvalidArgumentError(absl::StrCat("redaction pattern ", i, ": `", patterns[i],
                                                     "` is no RE2: ", regex->error()));
    }
    const int group = regex->NumberOfCapturingGroups() > 0 ? 1 : 0;
    redaction.patterns_.push_back({std::move(regex), group});
  }
  return redaction;
}

std::string Redaction::Apply(absl::string_view text) const {
  text = text.substr(0, kRedactedBytesMax);
  std::string result(text);
  for (const Pattern& pattern : patterns_) {
    result = WithoutMatches(result, *pattern.regex, pattern.group);
  }
  return WithoutCards(result);
}

}  // namespace ora::collector
