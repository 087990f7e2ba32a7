#include "aggregator/rules/annotation_template.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "aggregator/rules/value_text.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kFilledBytesMax = 4096;
constexpr int kDigitsMax = 17;

bool IsLabelName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

// Cuts at the start of a UTF-8 sequence.
void Cut(std::string& text) {
  if (text.size() <= kFilledBytesMax) return;
  size_t end = kFilledBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
}

}  // namespace

absl::StatusOr<AnnotationTemplate> AnnotationTemplate::Parse(absl::string_view text) {
  AnnotationTemplate parsed;
  while (!text.empty()) {
    const size_t open = text.find("{{");
    if (open != 0) {
      parsed.parts_.push_back({Kind::kText, std::string(text.substr(0, open))});
      text.remove_prefix(open == absl::string_view::npos ? text.size() : open);
      continue;
    }
    const size_t close = text.find("}}");
    if (close == absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", text.substr(0, 100), "` is not closed; write }} after it"));
    }
    ORA_ASSIGN_OR_RETURN(Part part,
                         ParseAction(absl::StripAsciiWhitespace(text.substr(2, close - 2))));
    parsed.parts_.push_back(std::move(part));
    text.remove_prefix(close + 2);
  }
  return parsed;
}

absl::StatusOr<AnnotationTemplate::Part> AnnotationTemplate::ParseAction(absl::string_view action) {
  absl::string_view rest = action;
  if (absl::ConsumePrefix(&rest, "$labels.") && IsLabelName(rest)) {
    return Part{Kind::kLabel, std::string(rest)};
  }
  rest = action;
  if (absl::ConsumePrefix(&rest, "$value")) {
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (rest.empty()) return Part{Kind::kPlain, ""};
    if (absl::ConsumePrefix(&rest, "|")) {
      rest = absl::StripLeadingAsciiWhitespace(rest);
      if (rest == "humanize") return Part{Kind::kHumanize, ""};
      if (rest == "humanize1024") return Part{Kind::kHumanize1024, ""};
      if (rest == "humanizePercentage") return Part{Kind::kPercentage, ""};
      if (rest == "humanizeDuration") return Part{Kind::kDuration, ""};
      return ParseFormat(rest);
    }
  }
  rest = action;
  if (absl::ConsumeSuffix(&rest, "$value")) {
    return ParseFormat(absl::StripTrailingAsciiWhitespace(rest));
  }
  return ParseFormat(action);
}

absl::StatusOr<AnnotationTemplate::Part> AnnotationTemplate::ParseFormat(absl::string_view action) {
  absl::string_view rest = action;
  int digits = 0;
  if (absl::ConsumePrefix(&rest, "printf")) {
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (absl::ConsumePrefix(&rest, "\"%.") && absl::ConsumeSuffix(&rest, "f\"") &&
        absl::SimpleAtoi(rest, &digits) && digits >= 0 && digits <= kDigitsMax) {
      return Part{Kind::kFixed, "", digits};
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "`{{ ", action.substr(0, 100),
      " }}` is not known; write {{ $labels.NAME }}, {{ $value }} or {{ $value | humanize }}"));
}

std::string AnnotationTemplate::Fill(const storage::Labels& labels, double value) const {
  std::string filled;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kText:
        absl::StrAppend(&filled, part.text);
        break;
      case Kind::kLabel:
        absl::StrAppend(&filled, labels.Get(part.text));
        break;
      case Kind::kPlain:
        absl::StrAppend(&filled, PlainNumber(value));
        break;
      case Kind::kHumanize:
        absl::StrAppend(&filled, Humanize(value));
        break;
      case Kind::kHumanize1024:
        absl::StrAppend(&filled, Humanize1024(value));
        break;
      case Kind::kPercentage:
        absl::StrAppend(&filled, HumanizePercentage(value));
        break;
      case Kind::kDuration:
        absl::StrAppend(&filled, HumanizeDuration(value));
        break;
      case Kind::kFixed:
        absl::StrAppend(&filled, FixedNumber(value, part.digits));
        break;
    }
  }
  Cut(filled);
  return filled;
}

}  // namespace ora::aggregator
