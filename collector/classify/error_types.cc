#include "collector/classify/error_types.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ora::collector {
namespace {

constexpr size_t kSearchBytesMax = 4096;  // A type further on is not worth the time.
constexpr absl::string_view kTraceback = "Traceback (most recent call last)";

bool IsTypeByte(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == ':' || c == '$';
}

// The part of a type's name after the last `.`, `:` or `$`.
absl::string_view LastPart(absl::string_view type) {
  const size_t separator = type.find_last_of(".:$");
  return separator == absl::string_view::npos ? type : type.substr(separator + 1);
}

bool NamesException(absl::string_view type) {
  const absl::string_view last = LastPart(type);
  if (last.empty()) return false;
  for (const absl::string_view suffix : {"Error", "Exception"}) {
    if (last.size() > suffix.size() && absl::EndsWith(last, suffix)) return true;
  }
  if (last == "KeyboardInterrupt" || last == "StopIteration" || last == "SystemExit") return true;
  // C++ keeps to lower case.
  return absl::StartsWith(type, "std::") &&
         (absl::EndsWith(last, "_error") || last == "bad_alloc" || last == "exception" ||
          last == "out_of_range" || last == "invalid_argument");
}

}  // namespace

absl::string_view TypePrefix(absl::string_view text) {
  size_t end = 0;
  while (end < text.size() && end < kErrorTypeBytesMax && IsTypeByte(text[end])) {
    // A single colon ends a name, two are part of it.
    if (text[end] == ':') {
      if (end + 2 >= text.size() || text[end + 1] != ':' || !IsTypeByte(text[end + 2])) break;
      ++end;
    }
    ++end;
  }
  end = end < kErrorTypeBytesMax ? end : kErrorTypeBytesMax;
  while (end > 0 && (text[end - 1] == '.' || text[end - 1] == ':')) --end;
  return text.substr(0, end);
}

absl::string_view LeadingErrorType(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalpha(text[0])) return {};
  const absl::string_view type = TypePrefix(text);
  const char after = type.size() < text.size() ? text[type.size()] : ':';
  if ((after != ':' && after != '\\') || !NamesException(type)) return {};
  return type;
}

absl::string_view LeadingAnyType(absl::string_view text) {
  if (text.empty() || (!absl::ascii_isalpha(text[0]) && text[0] != '_')) return {};
  const absl::string_view type = TypePrefix(text);
  if (type.size() == text.size()) return type;
  const absl::string_view after = text.substr(type.size());
  return after == ":" || absl::StartsWith(after, ": ") ? type : absl::string_view();
}

absl::string_view FindErrorType(absl::string_view text) {
  text = text.substr(0, kSearchBytesMax);
  size_t from = 0;
  while (true) {
    const size_t error = text.find("Error", from);
    const size_t exception = text.find("Exception", from);
    size_t at = error < exception ? error : exception;
    if (at == absl::string_view::npos) return {};
    size_t begin = at;
    while (begin > from && IsTypeByte(text[begin - 1])) --begin;
    while (begin < at && !absl::ascii_isalpha(text[begin])) ++begin;
    const absl::string_view rest = text.substr(begin);
    const absl::string_view type = TypePrefix(rest);
    if (NamesException(type)) return type;
    from = begin + type.size() > at ? begin + type.size() : at + 1;
  }
}

absl::string_view TypeOfTrace(absl::string_view text) {
  if (absl::StrContains(text, kTraceback)) {
    while (absl::EndsWith(text, "\\n")) text.remove_suffix(2);
    const size_t last = text.rfind("\\n");
    if (last == absl::string_view::npos) return {};
    const absl::string_view line = text.substr(last + 2);
    const absl::string_view type = LeadingAnyType(line);
    return type.empty() ? FindErrorType(line) : type;
  }
  const absl::string_view type = LeadingErrorType(text);
  return type.empty() ? FindErrorType(text) : type;
}

}  // namespace ora::collector
