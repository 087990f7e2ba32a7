#include "collector/classify/header_formats.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ora::collector {
namespace {

constexpr size_t kAccessHeaderBytesMax = 256;  // Address, user and the `[` of the time.

// What 16 bytes look like: `0` stands for a digit, `?` for any byte.
class Pattern16 {
 public:
  explicit constexpr Pattern16(const char (&pattern)[17]) {
    for (size_t i = 0; i < 16; ++i) {
      want_[i] = pattern[i];
      most_[i] = static_cast<char>(pattern[i] == '0' ? 9 : pattern[i] == '?' ? -1 : 0);
    }
  }

  bool Fits(const char* text) const {
#if defined(__SSE2__)
    const auto load = [](const char* from) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    };
    const __m128i above = _mm_sub_epi8(load(text), load(want_));
    const __m128i fits = _mm_cmpeq_epi8(_mm_min_epu8(above, load(most_)), above);
    return _mm_movemask_epi8(fits) == 0xFFFF;
#else
    for (size_t i = 0; i < 16; ++i) {
      if (static_cast<uint8_t>(text[i] - want_[i]) > static_cast<uint8_t>(most_[i])) return false;
    }
    return true;
#endif
  }

 private:
  char want_[16] = {};
  char most_[16] = {};  // How far above it a byte may be.
};

constexpr Pattern16 kDateAndTime("0000?00?00?00:00");
constexpr Pattern16 kTimeAtItsEnd("0?00?00?00:00:00");  // From the third byte of a date on.
constexpr Pattern16 kBsdTime("??? ?0 00:00:00 ");

// Whether `text` looks like `pattern`, in which `0` stands for a digit.
bool Matches(absl::string_view text, absl::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '0' ? !absl::ascii_isdigit(text[i]) : text[i] != pattern[i]) return false;
  }
  return true;
}

bool IsMonth(absl::string_view text) {
  if (text.size() < 3) return false;
  switch (text[0]) {
    case 'J':
      return absl::StartsWith(text, "Jan") || absl::StartsWith(text, "Jun") ||
             absl::StartsWith(text, "Jul");
    case 'F':
      return absl::StartsWith(text, "Feb");
    case 'M':
      return absl::StartsWith(text, "Mar") || absl::StartsWith(text, "May");
    case 'A':
      return absl::StartsWith(text, "Apr") || absl::StartsWith(text, "Aug");
    case 'S':
      return absl::StartsWith(text, "Sep");
    case 'O':
      return absl::StartsWith(text, "Oct");
    case 'N':
      return absl::StartsWith(text, "Nov");
    case 'D':
      return absl::StartsWith(text, "Dec");
    default:
      return false;
  }
}

// `Nov 23 05:45:09 `, with the day's first digit or a blank.
constexpr size_t kBsdTimeBytes = 16;
bool IsBsdTime(absl::string_view text) {
  return text.size() >= kBsdTimeBytes && kBsdTime.Fits(text.data()) &&
         (text[4] == ' ' || absl::ascii_isdigit(text[4])) && IsMonth(text);
}

// Passes `count` words and the blanks after them; empty if there are fewer.
absl::string_view AfterWords(absl::string_view text, int count) {
  for (int i = 0; i < count; ++i) {
    const size_t blank = text.find(' ');
    if (blank == absl::string_view::npos) return {};
    text.remove_prefix(blank + 1);
  }
  return text;
}

// The first blank of `text` from `from` on, tabs not among them; npos if there is none.
size_t FindBlank(absl::string_view text, size_t from, const TextIndex* index) {
  if (index == nullptr || from >= text.size()) return text.find(' ', from);
  const char* const end = text.data() + text.size();
  const char* at = index->Blank(text.data() + from, end);
  while (at < end && *at == '\t') at = index->Blank(at + 1, end);
  return at == end ? absl::string_view::npos : static_cast<size_t>(at - text.data());
}

// What follows `host tag: ` or `host `.
absl::string_view BsdMessage(absl::string_view text, const TextIndex* index) {
  const size_t host_end = FindBlank(text, 0, index);
  if (host_end == absl::string_view::npos) return {};
  const absl::string_view after_host = text.substr(host_end + 1);
  const size_t blank = FindBlank(after_host, 0, index);
  // Most tags end so; others may have a colon within, and begin their message there.
  size_t colon = absl::string_view::npos;
  if (index != nullptr && !after_host.empty()) {
    const char* const end = after_host.data() + after_host.size();
    const char* const found = index->Colon(after_host.data(), end);
    if (found < end) colon = static_cast<size_t>(found - after_host.data());
  } else {
    colon = after_host.find(':');
  }
  if (colon >= blank) return after_host;
  absl::string_view message = after_host.substr(colon + 1);
  while (!message.empty() && absl::ascii_isspace(message[0])) message.remove_prefix(1);
  return message;
}

// What follows `host app procid msgid structured-data`.
absl::string_view Rfc5424Message(absl::string_view text) {
  absl::string_view rest = AfterWords(text, 4);
  if (absl::StartsWith(rest, "- ")) return rest.substr(2);
  while (!rest.empty() && rest[0] == '[') {
    size_t end = 1;
    for (; end < rest.size() && rest[end] != ']'; ++end) {
      if (rest[end] == '\\') ++end;
    }
    rest = end < rest.size() ? rest.substr(end + 1) : absl::string_view();
  }
  return absl::StripLeadingAsciiWhitespace(rest);
}

}  // namespace

size_t TimestampSize(absl::string_view text) {
  constexpr size_t kTimeBytes = 8;
  constexpr size_t kDateBytes = 11;
  if (text.empty() || !absl::ascii_isdigit(text[0])) return 0;
  size_t at = kTimeBytes;
  if (text.size() >= kDateBytes + kTimeBytes && kDateAndTime.Fits(text.data()) &&
      kTimeAtItsEnd.Fits(text.data() + 3)) {
    const char sign = text[4];
    if ((sign != '-' && sign != '/') || text[7] != sign) return 0;
    if (text[10] != ' ' && text[10] != 'T') return 0;
    at = kDateBytes + kTimeBytes;
  } else if (!Matches(text, "00:00:00")) {
    return 0;
  }
  if (at + 1 < text.size() && (text[at] == '.' || text[at] == ',') &&
      absl::ascii_isdigit(text[at + 1])) {
    ++at;
    while (at < text.size() && absl::ascii_isdigit(text[at])) ++at;
  }
  if (at == text.size() || text[at] == ' ') return at;
  if (text[at] == 'Z') return at + 1;
  const absl::string_view zone = text.substr(at);
  if (Matches(zone, "+00:00") || Matches(zone, "-00:00")) return at + 6;
  if (Matches(zone, "+0000") || Matches(zone, "-0000")) return at + 5;
  return at;
}

absl::optional<SyslogLine> ParseSyslog(absl::string_view line, const TextIndex* index) {
  SyslogLine result;
  if (!line.empty() && line[0] == '<') {
    size_t at = 1;
    int priority = 0;
    while (at < line.size() && at < 4 && absl::ascii_isdigit(line[at])) {
      priority = priority * 10 + (line[at++] - '0');
    }
    if (at == 1 || at >= line.size() || line[at] != '>' || priority > 191) return absl::nullopt;
    line.remove_prefix(at + 1);
    result.severity = priority & 7;
    if (absl::StartsWith(line, "1 ")) {
      result.message = Rfc5424Message(AfterWords(line, 2));
      return result;
    }
    result.message = line;
  }
  if (IsBsdTime(line)) {
    result.message = BsdMessage(line.substr(kBsdTimeBytes), index);
    return result;
  }
  if (!result.severity.has_value()) return absl::nullopt;
  return result;
}

absl::optional<absl::string_view> TaggedMessage(absl::string_view rest, const TextIndex* index) {
  if (rest.empty() || rest[0] != ' ') return absl::nullopt;
  const size_t host_end = FindBlank(rest, 1, index);
  if (host_end == absl::string_view::npos) return absl::nullopt;
  const absl::string_view tag = rest.substr(host_end + 1);
  const size_t end = FindBlank(tag, 0, index);
  if (end == absl::string_view::npos || end < 2 || tag[end - 1] != ':') return absl::nullopt;
  // `prog[12]:` or `kernel:`; a lone word with a colon is a logger's name as often.
  if (tag[end - 2] != ']' && !absl::StartsWith(tag, "kernel:")) return absl::nullopt;
  return tag.substr(end + 1);
}

absl::optional<Level> ParseGlog(absl::string_view line) {
  if (line.size() < 2 || !absl::ascii_isdigit(line[1])) return absl::nullopt;
  if (!Matches(line.substr(line.empty() ? 0 : 1), "0000 00:00:00.")) return absl::nullopt;
  switch (line[0]) {
    case 'I':
      return Level::kInfo;
    case 'W':
      return Level::kWarning;
    case 'E':
      return Level::kError;
    case 'F':
      return Level::kCritical;
    case 'D':
      return Level::kDebug;
    default:
      return absl::nullopt;
  }
}

absl::optional<AccessLine> ParseAccess(absl::string_view line) {
  const absl::string_view head = line.substr(0, kAccessHeaderBytesMax);
  const size_t open = head.find('[');
  if (open == absl::string_view::npos) return absl::nullopt;
  const absl::string_view time = line.substr(open + 1);
  if (!Matches(time, "00/") || !IsMonth(time.substr(3)) ||
      !Matches(time.substr(6), "/0000:00:00:00")) {
    return absl::nullopt;
  }
  const size_t quote = time.find("] \"");
  if (quote == absl::string_view::npos) return absl::nullopt;
  absl::string_view rest = time.substr(quote + 3);
  size_t end = 0;
  while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
  if (end >= rest.size() || !Matches(rest.substr(end), "\" 000")) return absl::nullopt;
  rest.remove_prefix(end + 2);
  AccessLine result;
  result.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  result.rest = rest.substr(3);
  return result;
}

}  // namespace ora::collector
