#include "collector/classify/durations.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "collector/classify/word_table.h"

namespace ora::collector {
namespace {

constexpr size_t kBeforeBytes = 48;  // How far before a number a word may speak of it.
constexpr size_t kNumberBytesMax = 24;
constexpr size_t kSearchBytesMax = 16 << 10;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool IsWordByte(char c) { return IsLetter(c) || IsDigit(c) || c == '_'; }

// Seconds in one. Of letters, so that a unit is all of the word that it stands in.
constexpr WordTable<double, 24> kUnits{std::array<KnownWord<double>, 24>{{
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
    {"m", 60},
    {"microseconds", 1e-6},
    {"microsecond", 1e-6},
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
    {"hours", 3600},
}}};
constexpr size_t kUnitBytesMax = 12;

struct LeadingUnit {
  size_t size = 0;  // 0: none.
  double seconds = 0;
};

// The unit that `text` begins with, which no letter follows.
LeadingUnit FindUnit(absl::string_view text) {
  size_t size = 0;
  while (size < text.size() && size <= kUnitBytesMax && IsWordByte(text[size])) ++size;
  if (size > 0) {
    const double* const seconds = kUnits.Find(text.substr(0, size));
    return seconds == nullptr ? LeadingUnit() : LeadingUnit{size, *seconds};
  }
  for (const absl::string_view micro : {"\xC2\xB5s", "\xCE\xBCs"}) {
    if (absl::StartsWith(text, micro) &&
        (text.size() == micro.size() || !IsWordByte(text[micro.size()]))) {
      return {micro.size(), 1e-6};
    }
  }
  return {};
}

absl::optional<double> Bounded(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kDurationSecondsMax) return absl::nullopt;
  return seconds;
}

// Numbers of so many digits, and the powers of ten below, are told exactly by a double: their
// quotient is the nearest one to what is written.
constexpr size_t kExactDigits = 15;
constexpr std::array<double, kExactDigits + 1> kPowersOfTen = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

absl::optional<double> ParseNumber(absl::string_view text) {
  if (text.size() <= kExactDigits) {
    uint64_t digits = 0;
    size_t after_point = 0;
    size_t step = 0;
    size_t count = 0;
    for (const char c : text) {
      if (IsDigit(c)) {
        digits = digits * 10 + static_cast<uint64_t>(c - '0');
        after_point += step;
        ++count;
      } else if (c == '.' && step == 0) {
        step = 1;
      } else {
        count = 0;
        break;
      }
    }
    if (count > 0 && count + step == text.size()) {
      return static_cast<double>(digits) / kPowersOfTen[after_point];
    }
  }
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
  while (at < text.size() && IsDigit(text[at])) {
    size_t end = at;
    while (end < text.size() && (IsDigit(text[end]) || text[end] == '.')) ++end;
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

enum class Verdict { kSilent, kDuration, kOther };

// Words that say that a number beside them is a duration, and such that say that it is none.
constexpr WordTable<Verdict, 40, WordCase::kAny> kWords{std::array<KnownWord<Verdict>, 40>{{
    {"took", Verdict::kDuration},      {"elapsed", Verdict::kDuration},
    {"duration", Verdict::kDuration},  {"latency", Verdict::kDuration},
    {"time", Verdict::kDuration},      {"in", Verdict::kDuration},
    {"completed", Verdict::kDuration}, {"complete", Verdict::kDuration},
    {"response", Verdict::kDuration},  {"finished", Verdict::kDuration},
    {"spent", Verdict::kDuration},     {"runtime", Verdict::kDuration},
    {"done", Verdict::kDuration},      {"rt", Verdict::kDuration},
    {"after", Verdict::kDuration},     {"taken", Verdict::kDuration},
    {"responded", Verdict::kDuration}, {"processed", Verdict::kDuration},
    {"takes", Verdict::kDuration},     {"lasted", Verdict::kDuration},
    {"timeout", Verdict::kOther},      {"timed", Verdict::kOther},
    {"retry", Verdict::kOther},        {"retrying", Verdict::kOther},
    {"sleep", Verdict::kOther},        {"sleeping", Verdict::kOther},
    {"wait", Verdict::kOther},         {"waiting", Verdict::kOther},
    {"interval", Verdict::kOther},     {"every", Verdict::kOther},
    {"uptime", Verdict::kOther},       {"ttl", Verdict::kOther},
    {"expires", Verdict::kOther},      {"expire", Verdict::kOther},
    {"next", Verdict::kOther},         {"delay", Verdict::kOther},
    {"reconnect", Verdict::kOther},    {"backoff", Verdict::kOther},
    {"again", Verdict::kOther},        {"deadline", Verdict::kOther},
}}};

// A bit for each letter of `text`, which is of at most 64 bytes.
uint64_t LettersOf(absl::string_view text, const TextIndex* index) {
  if (text.empty()) return 0;
  if (index != nullptr) {
    return index->Letters(text.data()) & ~uint64_t{0} >> (64 - text.size());
  }
  uint64_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    letters |= uint64_t{IsLetter(text[i])} << i;
  }
  return letters;
}

// What the words before the number at `number` say of it. One that denies wins.
Verdict Judge(absl::string_view text, size_t number, const TextIndex* index) {
  const size_t from = number > kBeforeBytes ? number - kBeforeBytes : 0;
  const absl::string_view before = text.substr(from, number - from);
  Verdict verdict = Verdict::kSilent;
  uint64_t letters = LettersOf(before, index);
  while (letters != 0) {
    const int begin = __builtin_ctzll(letters);
    const int size = __builtin_ctzll(~(letters >> begin));
    letters &= ~uint64_t{0} << (begin + size);  // There are fewer than 64.
    const Verdict* const known =
        kWords.Find(before.substr(static_cast<size_t>(begin), static_cast<size_t>(size)));
    if (known == nullptr) continue;
    if (*known == Verdict::kOther) return Verdict::kOther;
    verdict = Verdict::kDuration;
  }
  return verdict;
}

// The seconds of the number with a unit whose last digit is at `last`, if it is a duration.
absl::optional<double> DurationAt(absl::string_view text, size_t last, const TextIndex* index) {
  size_t begin = last;
  while (begin > 0 && last - begin < kNumberBytesMax &&
         (IsDigit(text[begin - 1]) || text[begin - 1] == '.')) {
    --begin;
  }
  while (begin < last && text[begin] == '.') ++begin;
  if (begin > 0) {
    const char left = text[begin - 1];
    // A name, a negative number, a part of a date or an address.
    if (IsWordByte(left) || left == '-' || left == '/' || left == '.' || left == '+') {
      return absl::nullopt;
    }
    if (left == ':' && begin > 1 && IsDigit(text[begin - 2])) return absl::nullopt;
  }
  const bool apart = text[last + 1] == ' ';
  size_t after = last + (apart ? 2 : 1);
  double seconds = 0;
  if (const LeadingUnit unit = FindUnit(text.substr(after)); unit.size > 0) {
    const absl::optional<double> number = ParseNumber(text.substr(begin, last + 1 - begin));
    if (!number.has_value()) return absl::nullopt;
    seconds = *number * unit.seconds;
    after += unit.size;
  } else {
    const Compound compound = apart ? Compound() : LeadingCompound(text.substr(begin));
    if (compound.size == 0) return absl::nullopt;
    after = begin + compound.size;
    seconds = compound.seconds;
  }
  const bool enclosed =
      begin > 0 && text[begin - 1] == '(' && after < text.size() && text[after] == ')';
  Verdict verdict = Judge(text, begin, index);
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

constexpr std::array<KnownWord<bool>, 25> kFieldNames = {{
    {"duration", true},
    {"took", true},
    {"elapsed", true},
    {"latency", true},
    {"response_time", true},
    {"responseTime", true},
    {"request_time", true},
    {"requestTime", true},
    {"elapsed_time", true},
    {"elapsedTime", true},
    {"time_taken", true},
    {"timeTaken", true},
    {"rt", true},
    {"response_duration", true},
    {"request_duration", true},
    {"exec_time", true},
    {"execution_time", true},
    {"runtime", true},
    {"process_time", true},
    {"processing_time", true},
    {"service_time", true},
    {"total_time", true},
    {"upstream_response_time", true},
    {"dur", true},
    {"responsetime", true},
}};
constexpr WordTable<bool, kFieldNames.size()> kFields{kFieldNames};

// What may follow a field's name to tell the unit: a sign or a capital letter, then small ones.
constexpr std::array<KnownWord<double>, 24> kFieldUnitNames = {{
    {"_ms", 1e-3},
    {"Ms", 1e-3},
    {".ms", 1e-3},
    {"_millis", 1e-3},
    {"Millis", 1e-3},
    {"_msec", 1e-3},
    {"_milliseconds", 1e-3},
    {"_us", 1e-6},
    {"Us", 1e-6},
    {"_micros", 1e-6},
    {"Micros", 1e-6},
    {"_usec", 1e-6},
    {"_microseconds", 1e-6},
    {"_ns", 1e-9},
    {"Ns", 1e-9},
    {"_nanos", 1e-9},
    {"Nanos", 1e-9},
    {"_nsec", 1e-9},
    {"_nanoseconds", 1e-9},
    {"_seconds", 1},
    {"Seconds", 1},
    {"_secs", 1},
    {"_sec", 1},
    {"_s", 1},
}};
constexpr WordTable<double, kFieldUnitNames.size()> kFieldUnits{kFieldUnitNames};
constexpr size_t kFieldUnitBytesMax = 13;

// For each first letter of a field's name the second ones, a bit each: most keys end here.
constexpr std::array<uint32_t, 26> kFieldBeginnings = [] {
  std::array<uint32_t, 26> seconds{};
  for (const KnownWord<bool>& field : kFieldNames) {
    seconds[static_cast<size_t>(field.name[0] - 'a')] |= uint32_t{1} << (field.name[1] - 'a');
  }
  return seconds;
}();

// As much of a byte as tells letters apart, in both cases.
constexpr size_t LetterOf(char c) { return static_cast<uint8_t>(c) % 32; }

// For each last letter of a field's name the ones before it, a bit each.
constexpr std::array<uint32_t, 32> kFieldEnds = [] {
  std::array<uint32_t, 32> before{};
  const auto add = [&before](absl::string_view name) {
    before[LetterOf(name.back())] |= uint32_t{1} << LetterOf(name[name.size() - 2]);
  };
  for (const KnownWord<bool>& field : kFieldNames) add(field.name);
  for (const KnownWord<double>& unit : kFieldUnitNames) add(unit.name);
  add("event.duration");
  return before;
}();

bool MayBeDurationField(absl::string_view key) {
  if (key.size() < 2) return false;
  const auto first = static_cast<uint8_t>(key[0] - 'a');
  const auto second = static_cast<uint8_t>(key[1] - 'a');
  return first < 26 && second < 26 && (kFieldBeginnings[first] >> second & 1) != 0 &&
         (kFieldEnds[LetterOf(key.back())] >> LetterOf(key[key.size() - 2]) & 1) != 0;
}

// The seconds of the field whose `=` or `:` is at `sign`, without a unit.
absl::optional<double> FieldAt(absl::string_view text, size_t sign) {
  if (sign < 2 || (kFieldEnds[LetterOf(text[sign - 1])] >> LetterOf(text[sign - 2]) & 1) == 0) {
    return absl::nullopt;
  }
  size_t begin = sign;
  while (begin > 0 && sign - begin < kBeforeBytes && IsWordByte(text[begin - 1])) --begin;
  const absl::optional<double> scale = DurationFieldScale(text.substr(begin, sign - begin));
  if (!scale.has_value()) return absl::nullopt;
  size_t from = sign + 1;
  if (text[from] == ' ') ++from;
  size_t end = from;
  while (end < text.size() && (IsDigit(text[end]) || text[end] == '.')) ++end;
  // A unit decides, and is found by its own candidate.
  absl::string_view rest = text.substr(end);
  if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  if (FindUnit(rest).size > 0 || (end < text.size() && IsWordByte(text[end]))) {
    return absl::nullopt;
  }
  absl::string_view digits = text.substr(from, end - from);
  if (!digits.empty() && digits.back() == '.') digits.remove_suffix(1);
  const absl::optional<double> number = ParseNumber(digits);
  return number.has_value() ? Bounded(*number * *scale) : absl::nullopt;
}

// `at` is a digit that a unit may follow, or a sign that a field's number may follow.
absl::optional<double> TryAt(absl::string_view text, size_t at, const TextIndex* index) {
  return IsDigit(text[at]) ? DurationAt(text, at, index) : FieldAt(text, at);
}

bool IsUnitStart(char c) {
  return c == 's' || c == 'm' || c == 'u' || c == 'n' || c == 'h' || c == '\xC2' || c == '\xCE';
}

// Whether TryAt is worth a call at `at`; the bytes beyond are looked at as far as they are there.
// TextMarks.duration has a mark behind each such place, and little else.
bool IsCandidate(absl::string_view text, size_t at) {
  const char c = text[at];
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  const char third = at + 2 < text.size() ? text[at + 2] : '\0';
  if (IsDigit(c)) return IsUnitStart(next) || (next == ' ' && IsUnitStart(third));
  if (c != '=' && c != ':') return false;
  if (at == 0 || !IsLetter(text[at - 1])) return false;
  return IsDigit(next) || (next == ' ' && IsDigit(third));
}

}  // namespace

absl::optional<double> FindDuration(absl::string_view text, const TextIndex* index) {
  if (text.empty()) return absl::nullopt;
  text = text.substr(0, kSearchBytesMax);
  if (index == nullptr) {
    for (size_t at = 0; at < text.size(); ++at) {
      if (!IsCandidate(text, at)) continue;
      if (const auto seconds = TryAt(text, at, nullptr)) return seconds;
    }
    return absl::nullopt;
  }
  const char* const end = text.data() + text.size();
  const char* mark = index->Duration(text.data(), end);
  for (; mark < end; mark = index->Duration(mark + 1, end)) {
    size_t at = static_cast<size_t>(mark - text.data());
    if (at > 0 && (mark[-1] == ' ' || mark[-1] == '\t')) --at;
    if (at == 0 || !IsCandidate(text, at - 1)) continue;
    if (const auto seconds = TryAt(text, at - 1, index)) return seconds;
  }
  return absl::nullopt;
}

absl::optional<double> DurationFieldScale(absl::string_view key) {
  if (key == "event.duration") return 1e-9;  // The Elastic Common Schema.
  if (!MayBeDurationField(key)) return absl::nullopt;
  size_t at = key.size() - 1;
  while (at > 0 && key.size() - at <= kFieldUnitBytesMax && key[at] >= 'a' && key[at] <= 'z') --at;
  const double* const unit = kFieldUnits.Find(key.substr(at));
  const absl::string_view name = unit == nullptr ? key : key.substr(0, at);
  if (kFields.Find(name) == nullptr) return absl::nullopt;
  return unit == nullptr ? 1 : *unit;
}

absl::optional<double> ParseDurationField(absl::string_view value, double scale) {
  value = absl::StripAsciiWhitespace(value);
  if (value.empty() || value.size() > 2 * kNumberBytesMax || !IsDigit(value[0])) {
    return absl::nullopt;
  }
  if (const absl::optional<double> number = ParseNumber(value)) return Bounded(*number * scale);
  const Compound compound = LeadingCompound(value);
  if (compound.size == value.size()) return Bounded(compound.seconds);
  size_t end = 0;
  while (end < value.size() && (IsDigit(value[end]) || value[end] == '.')) ++end;
  const absl::optional<double> number = ParseNumber(value.substr(0, end));
  absl::string_view rest = value.substr(end);
  if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  const LeadingUnit unit = FindUnit(rest);
  if (!number.has_value() || unit.size == 0 || unit.size != rest.size()) return absl::nullopt;
  return Bounded(*number * unit.seconds);
}

}  // namespace ora::collector
