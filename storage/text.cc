#include "storage/text.h"

#include "absl/strings/str_cat.h"

namespace ora::storage {

std::string QuoteLabelValue(absl::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text.push_back('\\');
    if (c == '\n') {
      text.append("\\n");
    } else {
      text.push_back(c);
    }
  }
  text.push_back('"');
  return text;
}

}  // namespace ora::storage
