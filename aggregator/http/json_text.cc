#include "aggregator/http/json_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ora::aggregator {
namespace {

constexpr int64_t kMillisPerSecond = 1'000;
// Where Go's strconv, as Prometheus uses it, turns to an exponent.
constexpr int kExponentMin = -6;
constexpr int kExponentMax = 21;
constexpr absl::string_view kReplacement = "\\ufffd";

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The bytes of the UTF-8 character at the beginning of `text`; 0 if there is none.
size_t CharacterBytes(absl::string_view text) {
  const auto at = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  const bool overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
  const bool surrogate = first == 0xED && at(1) > 0x9F;
  const bool beyond = first == 0xF4 && at(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : size;
}

void AppendCharacter(absl::string_view character, std::string& out) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte == '"' || byte == '\\') {
    absl::StrAppend(&out, "\\", character);
  } else if (byte == '\n') {
    out += "\\n";
  } else if (byte == '\r') {
    out += "\\r";
  } else if (byte == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte == 0x7F) {
    absl::StrAppend(&out, "\\u", absl::Hex(byte, absl::kZeroPad4));
  } else {
    absl::StrAppend(&out, character);
  }
}

// The digits of a value's shortest text and where its point is, laid out without an exponent.
void AppendPlainDecimal(absl::string_view digits, int exponent, std::string& out) {
  if (exponent < 0) {
    absl::StrAppend(&out, "0.", std::string(static_cast<size_t>(-exponent - 1), '0'), digits);
    return;
  }
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (whole >= digits.size()) {
    absl::StrAppend(&out, digits, std::string(whole - digits.size(), '0'));
  } else {
    absl::StrAppend(&out, digits.substr(0, whole), ".", digits.substr(whole));
  }
}

}  // namespace

void AppendJsonText(absl::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const size_t size = CharacterBytes(text);
    if (size == 0) {
      absl::StrAppend(&out, kReplacement);
      text.remove_prefix(1);
    } else {
      AppendCharacter(text.substr(0, size), out);
      text.remove_prefix(size);
    }
  }
  out += '"';
}

void AppendJsonNumber(double value, std::string& out) {
  if (!std::isfinite(value) || value == 0) {
    out += std::signbit(value) && value == 0 ? "-0" : "0";
    return;
  }
  char buffer[64];
  // The scientific form: for large numbers the fixed one has more digits than are needed.
  const std::to_chars_result end =
      std::to_chars(std::begin(buffer), std::end(buffer), value, std::chars_format::scientific);
  absl::string_view text(buffer, static_cast<size_t>(end.ptr - buffer));
  const size_t mark = text.find('e');
  int exponent = 0;
  const bool is_number = absl::SimpleAtoi(text.substr(mark + 1), &exponent);
  if (!is_number || exponent < kExponentMin || exponent >= kExponentMax) {
    absl::StrAppend(&out, text);
    return;
  }
  std::string digits(text.substr(0, mark));
  if (digits.front() == '-') {
    out += '-';
    digits.erase(0, 1);
  }
  if (digits.size() > 1) digits.erase(1, 1);  // The point.
  AppendPlainDecimal(digits, exponent, out);
}

void AppendJsonValue(double value, std::string& out) {
  out += '"';
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    AppendJsonNumber(value, out);
  }
  out += '"';
}

void AppendJsonSeconds(int64_t time_millis, std::string& out) {
  const int64_t millis = std::llabs(time_millis % kMillisPerSecond);
  if (time_millis < 0) out += '-';
  absl::StrAppend(&out, std::llabs(time_millis / kMillisPerSecond));
  if (millis != 0) absl::StrAppend(&out, ".", absl::Dec(millis, absl::kZeroPad3));
}

void AppendJsonPoint(int64_t time_millis, double value, std::string& out) {
  out += '[';
  AppendJsonSeconds(time_millis, out);
  out += ',';
  AppendJsonValue(value, out);
  out += ']';
}

void AppendJsonLabels(const storage::Labels& labels, std::string& out) {
  out += '{';
  bool first = true;
  for (const storage::LabelView label : labels) {
    if (!first) out += ',';
    first = false;
    AppendJsonText(label.name, out);
    out += ':';
    AppendJsonText(label.value, out);
  }
  out += '}';
}

void AppendJsonTexts(const std::vector<std::string>& texts, std::string& out) {
  out += '[';
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonText(texts[i], out);
  }
  out += ']';
}

}  // namespace ora::aggregator
