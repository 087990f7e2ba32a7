#include "collector/classify/groups/message_mask.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

constexpr size_t kIdBytesMin = 8;

// Bytes of one token: what blanks, brackets, quotes and signs of lists end.
bool EndsToken(char c) {
  return absl::ascii_isspace(c) || absl::StrContains("()[]{}<>,;=\"'`|", c);
}

bool IsAll(absl::string_view text, bool (*holds)(char)) {
  for (const char c : text) {
    if (!holds(c)) return false;
  }
  return !text.empty();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

size_t CountOf(absl::string_view text, char wanted) {
  size_t count = 0;
  for (const char c : text) count += c == wanted ? 1 : 0;
  return count;
}

bool HasDigit(absl::string_view text) {
  for (const char c : text) {
    if (IsDigit(c)) return true;
  }
  return false;
}

bool IsTime(absl::string_view token) {
  // 2026-11-23, 2026-11-23T09:14:02.113Z, 09:14:02
  const auto plain = [](char c) { return IsDigit(c) || absl::StrContains("-/:.,TZ+", c); };
  if (token.size() < 8 || !IsDigit(token[0]) || !IsAll(token, plain)) return false;
  return CountOf(token, ':') == 2 || CountOf(token, '-') >= 2 || CountOf(token, '/') == 2;
}

bool IsAddress(absl::string_view token) {
  if (absl::StartsWithIgnoreCase(token, "0x") && IsAll(token.substr(2), IsHex)) return true;
  const absl::string_view host = token.substr(0, token.find_first_of(":/"));
  if (CountOf(host, '.') == 3 && IsAll(host, [](char c) { return IsDigit(c) || c == '.'; })) {
    return true;  // With a port or a mask behind it or not.
  }
  return CountOf(token, ':') >= 2 &&
         IsAll(token, [](char c) { return IsHex(c) || absl::StrContains(":.%", c); });
}

bool IsId(absl::string_view token) {
  if (token.size() < kIdBytesMin || !HasDigit(token)) return false;
  return IsAll(token, [](char c) { return IsHex(c) || c == '-'; }) ||
         (token.size() >= 2 * kIdBytesMin &&
          IsAll(token, [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; }));
}

bool IsPath(absl::string_view token) {
  if (absl::StrContains(token, "://")) return true;
  return token.size() > 1 && (token[0] == '/' || absl::StartsWith(token, "./") ||
                              absl::StartsWith(token, "~/") || CountOf(token, '/') >= 2);
}

// The digits in `token` as `<n>` each run of them, with its point.
void AppendWithoutNumbers(absl::string_view token, std::string& masked) {
  for (size_t i = 0; i < token.size();) {
    if (!IsDigit(token[i])) {
      masked += token[i++];
      continue;
    }
    while (i < token.size() && (IsDigit(token[i]) || (token[i] == '.' && i + 1 < token.size() &&
                                                      IsDigit(token[i + 1])))) {
      ++i;
    }
    masked += "<n>";
  }
}

void AppendToken(absl::string_view token, std::string& masked) {
  // Signs of the sentence are no part of a value.
  size_t size = token.size();
  while (size > 0 && (token[size - 1] == '.' || token[size - 1] == ':' || token[size - 1] == '!' ||
                      token[size - 1] == '?')) {
    --size;
  }
  const absl::string_view value = token.substr(0, size);
  if (IsTime(value)) {
    masked += "<time>";
  } else if (IsAddress(value)) {
    masked += "<addr>";
  } else if (IsPath(value)) {
    masked += "<path>";
  } else if (IsAll(value, IsDigit)) {
    masked += "<n>";
  } else if (IsId(value)) {
    masked += "<id>";
  } else {
    AppendWithoutNumbers(value, masked);
  }
  masked.append(token.data() + size, token.size() - size);
}

// The bytes of the quoted text that begins at `at`, its quotes among them; 0 if it has no end. An
// apostrophe within a word begins none.
size_t QuotedSize(absl::string_view text, size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '\'' && quote != '`') return 0;
  if (quote == '\'' && at > 0 && absl::ascii_isalnum(text[at - 1])) return 0;
  for (size_t i = at + 1; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote || (quote == '`' && text[i] == '\'')) {
      return i + 1 - at;
    }
  }
  return 0;
}

}  // namespace

std::string MaskVariables(absl::string_view message) {
  message = absl::StripAsciiWhitespace(message.substr(0, kMaskedBytesMax));
  std::string masked;
  for (size_t at = 0; at < message.size();) {
    if (const size_t quoted = QuotedSize(message, at); quoted > 0) {
      masked += "<s>";
      at += quoted;
    } else if (absl::ascii_isspace(message[at])) {
      while (at < message.size() && absl::ascii_isspace(message[at])) ++at;
      masked += ' ';
    } else if (EndsToken(message[at])) {
      masked += message[at++];
    } else {
      size_t end = at + 1;
      while (end < message.size() && !EndsToken(message[end])) ++end;
      AppendToken(message.substr(at, end - at), masked);
      at = end;
    }
  }
  return masked;
}

}  // namespace ora::collector
