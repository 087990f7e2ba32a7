// What the parameters of Prometheus's API mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "aggregator/http/form.h"
#include "storage/matcher.h"

namespace ora::aggregator {

// Errors are INVALID_ARGUMENT `invalid parameter "time": cannot parse ...`, as Prometheus says
// them.
class Parameters {
 public:
  // `parameters` must outlive it.
  explicit Parameters(const std::vector<HttpParameter>& parameters) : parameters_(parameters) {}

  // The first of that name; empty if there is none.
  const std::string& Get(absl::string_view name) const;
  std::vector<std::string> All(absl::string_view name) const;

  // Milliseconds since the epoch, from seconds (`1500000000.123`) or RFC 3339; none where there is
  // no such parameter. Times out of the years 1 to 9999 are taken as their nearest end.
  absl::StatusOr<absl::optional<int64_t>> TimeMillis(absl::string_view name) const;
  // The same where there must be one.
  absl::StatusOr<int64_t> RequiredTimeMillis(absl::string_view name) const;

  // Milliseconds from seconds (`0.5`) or a duration (`1h30m`).
  absl::StatusOr<absl::optional<int64_t>> DurationMillis(absl::string_view name) const;

  // `limit`; 0 where there is none, which means none.
  absl::StatusOr<size_t> Limit(absl::string_view name) const;

  // The selectors of `match[]`. INVALID_ARGUMENT too: one does not parse, chooses by nothing, or
  // there are more than contract::kSelectorsMax.
  absl::StatusOr<std::vector<std::vector<storage::Matcher>>> Selectors() const;

 private:
  const std::vector<HttpParameter>& parameters_;
};

}  // namespace ora::aggregator
