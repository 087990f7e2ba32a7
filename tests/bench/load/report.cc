#include "tests/bench/load/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ora::bench {

std::string Report::ToText(ReportForm form) const {
  std::string text;
  for (const auto& [name, value] : figures_) {
    const std::string number = absl::StrFormat("%.12g", value);
    if (form == ReportForm::kJson) {
      absl::StrAppend(&text, text.empty() ? "{" : ",", "\"", name, "\":", number);
    } else {
      absl::StrAppendFormat(&text, "%-40s %s\n", name, number);
    }
  }
  return form == ReportForm::kJson ? text + "}\n" : text;
}

}  // namespace ora::bench
