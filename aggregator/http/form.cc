#include "aggregator/http/form.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kQuotedBytesMax = 60;

int HexDigit(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  return absl::ascii_tolower(c) - 'a' + 10;
}

}  // namespace

absl::StatusOr<std::string> DecodePercent(absl::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kIsBlank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else if (i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
               absl::ascii_isxdigit(text[i + 2])) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("invalid URL escape in `",
                                                     text.substr(i, kQuotedBytesMax),
                                                     "`; write % and two hexadecimal digits"));
    }
  }
  return decoded;
}

absl::Status ParseForm(absl::string_view text, std::vector<HttpParameter>& parameters) {
  if (text.empty()) return absl::OkStatus();
  for (const absl::string_view part : absl::StrSplit(text, '&')) {
    if (part.empty()) continue;
    if (parameters.size() >= kParametersMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kParametersMax, " parameters; send fewer"));
    }
    const std::pair<absl::string_view, absl::string_view> sides =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    HttpParameter& parameter = parameters.emplace_back();
    ORA_ASSIGN_OR_RETURN(parameter.name, DecodePercent(sides.first, Plus::kIsBlank));
    ORA_ASSIGN_OR_RETURN(parameter.value, DecodePercent(sides.second, Plus::kIsBlank));
  }
  return absl::OkStatus();
}

}  // namespace ora::aggregator
