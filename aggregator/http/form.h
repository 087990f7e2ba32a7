// The parameters of a request: what stands behind the `?` of its URL, and in its form.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::aggregator {

struct HttpParameter {
  std::string name;
  std::string value;
};

// A request that asks for more than this is refused.
inline constexpr size_t kParametersMax = 1'000;

// `%41` and, where `plus` says so, `+` for a blank. INVALID_ARGUMENT: a `%` without two digits.
enum class Plus { kIsItself, kIsBlank };
absl::StatusOr<std::string> DecodePercent(absl::string_view text, Plus plus);

// Appends the parameters of `a=1&b=2`. INVALID_ARGUMENT: one does not decode, or there are more
// than kParametersMax.
absl::Status ParseForm(absl::string_view text, std::vector<HttpParameter>& parameters);

}  // namespace ora::aggregator
