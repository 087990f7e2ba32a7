#include "aggregator/services/paging.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

constexpr char kTokenVersion = '1';

}  // namespace

std::string PageToken(absl::string_view last_key) {
  return absl::WebSafeBase64Escape(absl::StrCat(std::string(1, kTokenVersion), last_key));
}

absl::StatusOr<std::string> PageKey(absl::string_view token) {
  if (token.empty()) return std::string();
  std::string key;
  if (!absl::WebSafeBase64Unescape(token, &key) || key.empty() || key[0] != kTokenVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token: is `", absl::CHexEscape(token.substr(0, 80)),
                     "`; send the next_page_token of the page before"));
  }
  key.erase(0, 1);
  return key;
}

}  // namespace ora::aggregator
