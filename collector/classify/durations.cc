#include "collector/classify/durations.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace ora::collector {
namespace {

constexpr size_t kBeforeBytes = 48;  // How far before a number a word may speak of it.
constexpr size_t kNumberBytesMax = 24;
constexpr size_t kSearchBytesMax = 16 << 10;

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_'; }

struct Unit {
  absl::string_view name;
  double seconds;
};

// Longer names before their beginnings.
constexpr std::array<Unit, 26> kUnits = {{
    {"milliseconds", 1e-3},
    {"millisecond", 1e-3},
    {"millis", 1e-3},
    {"msecs", 1e-3},
    {"msec", 1e-3},
    {"ms", 1e-3},
    {"minutes", 60},
    {"minute", 60},
    {"mins", 60},
    {"min", 60},
    {"microseconds", 1e-6},
    {"microsecond", 1e-6},
    {"m", 60},
    {"usecs", 1e-6},
    {"usec", 1e-6},
    {"us", 1e-6},
    {"nanoseconds", 1e-9},
    {"ns", 1e-9},
    {"seconds", 1},
    {"second", 1},
    {"secs", 1},
    {"sec", 1},
    {"s", 1},
    {"\xC2\xB5s", 1e-6},
    {"\xCE\xBCs", 1e-6},
    {"hours", 3600},
}};

// The unit that `text` begins with, which no letter follows.
const Unit* LeadingUnit(absl::string_view text) {
  for (const Unit& unit : kUnits) {
    if (text.size() < unit.name.size() || text[0] != unit.name[0]) continue;
    if (!absl::StartsWith(text, unit.name)) continue;
    if (text.size() == unit.name.size() || !IsWordByte(text[unit.name.size()])) return &unit;
  }
  return nullptr;
}

absl::optional<double> Bounded(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kDurationSecondsMax) return absl::nullopt;
  return seconds;
}

absl::optional<double> ParseNumber(absl::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return absl::nullopt;
  return value;
}

struct Compound {
  size_t size = 0;  // 0: none.
  double seconds = 0;
};

// The compound duration that `text` begins with, as Go writes it: `1m30.5s`, `2h0m1s`.
Compound LeadingCompound(absl::string_view text) {
  double total = 0;
  size_t at = 0;
  while (at < text.size() && absl::ascii_isdigit(text[at])) {
    size_t end = at;
    while (end < text.size() && (absl::ascii_isdigit(text[end]) || text[end] == '.')) ++end;
    const absl::optional<double> number = ParseNumber(text.substr(at, end - at));
    if (!number.has_value() || end >= text.size()) return {};
    const char unit = text[end];
    const bool milli = unit == 'm' && end + 1 < text.size() && text[end + 1] == 's';
    if (unit == 'h') {
      total += *number * 3600;
    } else if (milli) {
      total += *number * 1e-3;
    } else if (unit == 'm') {
      total += *number * 60;
    } else if (unit == 's') {
      total += *number;
    } else {
      return {};
    }
    at = end + (milli ? 2 : 1);
  }
  if (at == 0 || (at < text.size() && IsWordByte(text[at]))) return {};
  return {at, total};
}

struct Word {
  absl::string_view name;
  bool speaks;  // Of a duration; else of something that is none.
};

constexpr std::array<Word, 40> kWords = {{
    {"took", true},       {"elapsed", true},   {"duration", true},  {"latency", true},
    {"time", true},       {"in", true},        {"completed", true}, {"complete", true},
    {"response", true},   {"finished", true},  {"spent", true},     {"runtime", true},
    {"done", true},       {"rt", true},        {"after", true},     {"taken", true},
    {"responded", true},  {"processed", true}, {"takes", true},     {"lasted", true},
    {"timeout", false},   {"timed", false},    {"retry", false},    {"retrying", false},
    {"sleep", false},     {"sleeping", false}, {"wait", false},     {"waiting", false},
    {"interval", false},  {"every", false},    {"uptime", false},   {"ttl", false},
    {"expires", false},   {"expire", false},   {"next", false},     {"delay", false},
    {"reconnect", false}, {"backoff", false},  {"again", false},    {"deadline", false},
}};

enum class Verdict { kSilent, kDuration, kOther };

// What the words of `text` say of the number beside it. One that denies wins.
Verdict Judge(absl::string_view text) {
  Verdict verdict = Verdict::kSilent;
  size_t i = 0;
  while (i < text.size()) {
    if (!absl::ascii_isalpha(text[i])) {
      ++i;
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && absl::ascii_isalpha(text[end])) ++end;
    const absl::string_view word = text.substr(i, end - i);
    for (const Word& known : kWords) {
      if (known.name.size() != word.size() || !absl::EqualsIgnoreCase(known.name, word)) continue;
      if (!known.speaks) return Verdict::kOther;
      verdict = Verdict::kDuration;
    }
    i = end;
  }
  return verdict;
}

// The seconds of the number with a unit whose last digit is at `last`, if it is a duration.
absl::optional<double> DurationAt(absl::string_view text, size_t last) {
  size_t begin = last;
  while (begin > 0 && last - begin < kNumberBytesMax &&
         (absl::ascii_isdigit(text[begin - 1]) || text[begin - 1] == '.')) {
    --begin;
  }
  while (begin < last && text[begin] == '.') ++begin;
  if (begin > 0) {
    const char left = text[begin - 1];
    // A name, a negative number, a part of a date or an address.
    if (IsWordByte(left) || left == '-' || left == '/' || left == '.' || left == '+') {
      return absl::nullopt;
    }
    if (left == ':' && begin > 1 && absl::ascii_isdigit(text[begin - 2])) return absl::nullopt;
  }
  size_t after = last + 1;
  double seconds = 0;
  if (const Compound compound = LeadingCompound(text.substr(begin)); compound.size > 0) {
    after = begin + compound.size;
    seconds = compound.seconds;
  } else {
    if (text[after] == ' ') ++after;
    const Unit* unit = LeadingUnit(text.substr(after));
    const absl::optional<double> number = ParseNumber(text.substr(begin, last + 1 - begin));
    if (unit == nullptr || !number.has_value()) return absl::nullopt;
    seconds = *number * unit->seconds;
    after += unit->name.size();
  }
  const bool enclosed =
      begin > 0 && text[begin - 1] == '(' && after < text.size() && text[after] == ')';
  const size_t from = begin > kBeforeBytes ? begin - kBeforeBytes : 0;
  Verdict verdict = Judge(text.substr(from, begin - from));
  if (verdict == Verdict::kSilent) {
    absl::string_view rest = text.substr(after, kBeforeBytes / 4);
    verdict = absl::StrContains(rest, "elapsed") || absl::StrContains(rest, "to complete")
                  ? Verdict::kDuration
                  : Verdict::kSilent;
  }
  if (verdict == Verdict::kOther || (verdict == Verdict::kSilent && !enclosed)) {
    return absl::nullopt;
  }
  return Bounded(seconds);
}

// The seconds of the field whose `=` or `:` is at `sign`, without a unit.
absl::optional<double> FieldAt(absl::string_view text, size_t sign) {
  size_t begin = sign;
  while (begin > 0 && sign - begin < kBeforeBytes && IsWordByte(text[begin - 1])) --begin;
  const absl::optional<double> scale = DurationFieldScale(text.substr(begin, sign - begin));
  if (!scale.has_value()) return absl::nullopt;
  size_t from = sign + 1;
  if (text[from] == ' ') ++from;
  size_t end = from;
  while (end < text.size() && (absl::ascii_isdigit(text[end]) || text[end] == '.')) ++end;
  // A unit decides, and is found by its own candidate.
  absl::string_view rest = text.substr(end);
  if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  if (LeadingUnit(rest) != nullptr || (end < text.size() && IsWordByte(text[end]))) {
    return absl::nullopt;
  }
  absl::string_view digits = text.substr(from, end - from);
  if (!digits.empty() && digits.back() == '.') digits.remove_suffix(1);
  const absl::optional<double> number = ParseNumber(digits);
  return number.has_value() ? Bounded(*number * *scale) : absl::nullopt;
}

// `at` is a digit that a unit may follow, or a sign that a field's number may follow.
absl::optional<double> TryAt(absl::string_view text, size_t at) {
  return absl::ascii_isdigit(text[at]) ? DurationAt(text, at) : FieldAt(text, at);
}

bool IsUnitStart(char c) {
  return c == 's' || c == 'm' || c == 'u' || c == 'n' || c == 'h' || c == '\xC2' || c == '\xCE';
}

// Whether TryAt is worth a call at `at`; the bytes beyond are looked at as far as they are there.
bool IsCandidate(absl::string_view text, size_t at) {
  const char c = text[at];
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  const char third = at + 2 < text.size() ? text[at + 2] : '\0';
  if (absl::ascii_isdigit(c)) return IsUnitStart(next) || (next == ' ' && IsUnitStart(third));
  if (c != '=' && c != ':') return false;
  if (at == 0 || !absl::ascii_isalpha(text[at - 1])) return false;
  return absl::ascii_isdigit(next) || (next == ' ' && absl::ascii_isdigit(third));
}

#if defined(__SSE2__)
__m128i Load(const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

__m128i IsDigit(__m128i bytes) {
  const __m128i shifted = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(127 - '9')));
  return _mm_cmpgt_epi8(shifted, _mm_set1_epi8(127 - 10));
}

__m128i Is(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }

// A bit for each of the 16 bytes at `at` that IsCandidate may be true of; 18 bytes are read.
uint32_t CandidateMask(const char* at) {
  const __m128i bytes = Load(at);
  const __m128i next = Load(at + 1);
  const __m128i third = Load(at + 2);
  const __m128i digit = IsDigit(bytes);
  const __m128i sign = _mm_or_si128(Is(bytes, '='), Is(bytes, ':'));
  const __m128i blank = Is(next, ' ');
  // m, n, s, u and what is not ASCII; h is the only rare one left to these.
  const auto unit = [](__m128i of) {
    const __m128i few = _mm_or_si128(_mm_or_si128(Is(of, 'm'), Is(of, 's')),
                                     _mm_or_si128(Is(of, 'u'), Is(of, 'n')));
    return _mm_or_si128(_mm_or_si128(few, Is(of, 'h')), _mm_cmplt_epi8(of, _mm_setzero_si128()));
  };
  const __m128i unit_after = _mm_or_si128(unit(next), _mm_and_si128(blank, unit(third)));
  const __m128i digit_after = _mm_or_si128(IsDigit(next), _mm_and_si128(blank, IsDigit(third)));
  return static_cast<uint32_t>(_mm_movemask_epi8(
      _mm_or_si128(_mm_and_si128(digit, unit_after), _mm_and_si128(sign, digit_after))));
}
#endif

// `key` without the suffix of these that it has; empty if it has none.
absl::string_view StemOf(absl::string_view key, std::initializer_list<absl::string_view> suffixes) {
  for (const absl::string_view suffix : suffixes) {
    if (absl::EndsWith(key, suffix)) return key.substr(0, key.size() - suffix.size());
  }
  return {};
}

bool IsDurationStem(absl::string_view stem) {
  if (stem.size() < 2 || stem.size() > 22) return false;
  for (const absl::string_view known : {"duration",
                                        "took",
                                        "elapsed",
                                        "latency",
                                        "response_time",
                                        "responseTime",
                                        "request_time",
                                        "requestTime",
                                        "elapsed_time",
                                        "elapsedTime",
                                        "time_taken",
                                        "timeTaken",
                                        "rt",
                                        "response_duration",
                                        "request_duration",
                                        "exec_time",
                                        "execution_time",
                                        "runtime",
                                        "process_time",
                                        "processing_time",
                                        "service_time",
                                        "total_time",
                                        "upstream_response_time",
                                        "dur",
                                        "responsetime"}) {
    if (stem == known) return true;
  }
  return false;
}

}  // namespace

absl::optional<double> FindDuration(absl::string_view text) {
  text = text.substr(0, kSearchBytesMax);
  size_t at = 0;
#if defined(__SSE2__)
  for (; at + 18 <= text.size(); at += 16) {
    for (uint32_t mask = CandidateMask(text.data() + at); mask != 0; mask &= mask - 1) {
      const size_t candidate = at + static_cast<size_t>(__builtin_ctz(mask));
      if (!IsCandidate(text, candidate)) continue;
      if (const auto seconds = TryAt(text, candidate)) return seconds;
    }
  }
#endif
  for (; at < text.size(); ++at) {
    if (!IsCandidate(text, at)) continue;
    if (const auto seconds = TryAt(text, at)) return seconds;
  }
  return absl::nullopt;
}

absl::optional<double> DurationFieldScale(absl::string_view key) {
  if (key == "event.duration") return 1e-9;  // The Elastic Common Schema.
  double scale = 1;
  absl::string_view stem =
      StemOf(key, {"_ms", "Ms", ".ms", "_millis", "Millis", "_msec", "_milliseconds"});
  if (!stem.empty()) {
    scale = 1e-3;
  } else if (stem = StemOf(key, {"_us", "Us", "_micros", "Micros", "_usec", "_microseconds"});
             !stem.empty()) {
    scale = 1e-6;
  } else if (stem = StemOf(key, {"_ns", "Ns", "_nanos", "Nanos", "_nsec", "_nanoseconds"});
             !stem.empty()) {
    scale = 1e-9;
  } else {
    stem = StemOf(key, {"_seconds", "Seconds", "_secs", "_sec", "_s"});
  }
  if (!IsDurationStem(stem.empty() ? key : stem)) return absl::nullopt;
  return scale;
}

absl::optional<double> ParseDurationField(absl::string_view value, double scale) {
  value = absl::StripAsciiWhitespace(value);
  if (value.empty() || value.size() > 2 * kNumberBytesMax || !absl::ascii_isdigit(value[0])) {
    return absl::nullopt;
  }
  if (const absl::optional<double> number = ParseNumber(value)) return Bounded(*number * scale);
  const Compound compound = LeadingCompound(value);
  if (compound.size == value.size()) return Bounded(compound.seconds);
  size_t end = 0;
  while (end < value.size() && (absl::ascii_isdigit(value[end]) || value[end] == '.')) ++end;
  const absl::optional<double> number = ParseNumber(value.substr(0, end));
  absl::string_view rest = value.substr(end);
  if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  const Unit* unit = LeadingUnit(rest);
  if (!number.has_value() || unit == nullptr || unit->name.size() != rest.size()) {
    return absl::nullopt;
  }
  return Bounded(*number * unit->seconds);
}

}  // namespace ora::collector
