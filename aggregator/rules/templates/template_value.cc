#include "aggregator/rules/templates/template_value.h"

#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

constexpr int kExponentMin = -4;
constexpr int kExponentMax = 6;

struct Printer {
  std::string operator()(std::monostate) const { return "<nil>"; }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(double number) const { return GoNumber(number); }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const storage::Labels& labels) const {
    std::string text = "map[";
    for (const storage::LabelView label : labels) {
      absl::StrAppend(&text, text.size() > 4 ? " " : "", label.name, ":", label.value);
    }
    return text + "]";
  }
  std::string operator()(const TemplateSample& sample) const {
    return absl::StrCat(sample.labels.ToString(), " => ", GoNumber(sample.value));
  }
  std::string operator()(const std::vector<TemplateSample>& samples) const {
    std::string text = "[";
    for (const TemplateSample& sample : samples) {
      absl::StrAppend(&text, text.size() > 1 ? " " : "", (*this)(sample));
    }
    return text + "]";
  }
};

struct Truth {
  bool operator()(std::monostate) const { return false; }
  bool operator()(bool truth) const { return truth; }
  bool operator()(double number) const { return number != 0; }
  bool operator()(const TemplateSample&) const { return true; }
  bool operator()(const auto& sized) const { return !sized.empty(); }
};

}  // namespace

std::string GoNumber(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  std::to_chars_result end =
      std::to_chars(std::begin(buffer), std::end(buffer), value, std::chars_format::scientific);
  const absl::string_view text(buffer, static_cast<size_t>(end.ptr - buffer));
  int exponent = 0;
  if (!absl::SimpleAtoi(text.substr(text.find('e') + 1), &exponent)) return std::string(text);
  if (value != 0 && (exponent < kExponentMin || exponent >= kExponentMax)) {
    return std::string(text);
  }
  end = std::to_chars(std::begin(buffer), std::end(buffer), value, std::chars_format::fixed);
  return std::string(buffer, end.ptr);
}

std::string PrintedText(const TemplateValue& value) { return std::visit(Printer(), value); }

bool IsTrue(const TemplateValue& value) { return std::visit(Truth(), value); }

}  // namespace ora::aggregator
