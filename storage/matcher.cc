#include "storage/matcher.h"

#include <re2/re2.h>

#include "absl/status/status.h"
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
    RE2::Options options;
    options.set_dot_nl(true);
    options.set_log_errors(false);
    options.set_max_mem(kCompiledBytesMax);
    auto regex = std::make_shared<RE2>(re2::StringPiece(value.data(), value.size()), options);
    if (!regex->ok()) {
      return absl::InvalidArgumentError(absl::StrCat("regular expression ", QuoteLabelValue(value),
                                                     " for label ", name, ": ", regex->error()));
    }
    matcher.regex_ = std::move(regex);
  }
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

Matcher Matcher::Equal(absl::string_view name, absl::string_view value) {
  Matcher matcher(name, MatchType::kEqual, value);
  matcher.matches_empty_ = value.empty();
  return matcher;
}

bool Matcher::Matches(absl::string_view value) const {
  switch (type_) {
    case MatchType::kEqual:
      return value == value_;
    case MatchType::kNotEqual:
      return value != value_;
    case MatchType::kRegex:
      return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
    case MatchType::kNotRegex:
      return !RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
  }
  return false;
}

std::string Matcher::ToString() const {
  return absl::StrCat(name_, OperatorOf(type_), QuoteLabelValue(value_));
}

}  // namespace ora::storage
