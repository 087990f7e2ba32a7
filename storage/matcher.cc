#include "storage/matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "storage/text.h"

namespace ora::storage {
namespace {

constexpr size_t kRegexBytesMax = 4 << 10;
constexpr int64_t kCompiledBytesMax = 1 << 20;

absl::string_view OperatorOf(MatchType type) {
  switch (type) {
    case MatchType::kEqual:
      return "=";
    case MatchType::kNotEqual:
      return "!=";
    case MatchType::kRegex:
      return "=~";
    case MatchType::kNotRegex:
      return "!~";
  }
  return "=";
}

// Of more texts than this RE2 is faster than comparing each.
constexpr std::ptrdiff_t kTextsMax = 64;

// Whether `expression` is a few texts with `|` between them, in which no character means anything
// else.
bool IsTexts(absl::string_view expression) {
  if (std::count(expression.begin(), expression.end(), '|') >= kTextsMax) return false;
  constexpr absl::string_view kPlain = "_-:/ ,=@%&~!#;<>|\"'";
  return std::all_of(expression.begin(), expression.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kPlain.find(c) != absl::string_view::npos;
  });
}

bool IsOneOfTexts(absl::string_view value, absl::string_view expression) {
  for (;;) {
    const size_t end = expression.find('|');
    if (value == expression.substr(0, end)) return true;
    if (end == absl::string_view::npos) return false;
    expression.remove_prefix(end + 1);
  }
}

}  // namespace

Matcher::Matcher(absl::string_view name, MatchType type, absl::string_view value)
    : name_(name), type_(type), value_(value) {}

absl::StatusOr<Matcher> Matcher::Make(absl::string_view name, MatchType type,
                                      absl::string_view value) {
  Matcher matcher(name, type, value);
  if (type == MatchType::kRegex || type == MatchType::kNotRegex) {
    if (value.size() > kRegexBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("regular expression for label ", name, " has ", value.size(),
                       " bytes, at most ", kRegexBytesMax, " are allowed; match by more labels"));
    }
    if (!IsTexts(value)) {
      RE2::Options options;
      options.set_dot_nl(true);
      options.set_log_errors(false);
      options.set_max_mem(kCompiledBytesMax);
      auto regex = std::make_shared<RE2>(re2::StringPiece(value.data(), value.size()), options);
      if (!regex->ok()) {
        return absl::InvalidArgumentError(absl::StrCat("regular expression ",
                                                       QuoteLabelValue(value), " for label ", name,
                                                       ": ", regex->error()));
      }
      matcher.regex_ = std::move(regex);
    }
  }
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

Matcher Matcher::Equal(absl::string_view name, absl::string_view value) {
  Matcher matcher(name, MatchType::kEqual, value);
  matcher.matches_empty_ = value.empty();
  return matcher;
}

bool Matcher::MatchesRegex(absl::string_view value) const {
  if (regex_ == nullptr) return IsOneOfTexts(value, value_);
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
}

bool Matcher::Matches(absl::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
      return MatchesRegex(value);
    case MatchType::kNotRegex:
      return !MatchesRegex(value);
  }
  return false;
}

std::string Matcher::ToString() const {
  return absl::StrCat(name_, OperatorOf(type_), QuoteLabelValue(value_));
}

}  // namespace ora::storage
