// A condition on one label, as in a PromQL selector.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace ora::storage {

enum class MatchType { kEqual, kNotEqual, kRegex, kNotRegex };

// Regular expressions are RE2's, match the whole value, and their dot matches a line's end, as in
// Prometheus 3. A label that is absent has the empty value. Immutable, so thread-safe; cheap to
// copy.
class Matcher {
 public:
  // INVALID_ARGUMENT: a regular expression that RE2 refuses, or one over 4 KiB (or 1 MiB compiled).
  static absl::StatusOr<Matcher> Make(absl::string_view name, MatchType type,
                                      absl::string_view value);
  static Matcher Equal(absl::string_view name, absl::string_view value);

  bool Matches(absl::string_view value) const;
  bool MatchesEmpty() const { return matches_empty_; }

  const std::string& name() const { return name_; }
  MatchType type() const { return type_; }
  const std::string& value() const { return value_; }

  // `name=~"value"`, escaped as in PromQL.
  std::string ToString() const;

 private:
  Matcher(absl::string_view name, MatchType type, absl::string_view value);

  bool MatchesRegex(absl::string_view value) const;

  std::string name_;
  MatchType type_;
  std::string value_;
  // Shared by copies of one matcher: RE2 is immutable and dear to compile. Null where the
  // expression is nothing but texts with `|` between them, as dashboards write them: these are
  // compared.
  std::shared_ptr<const re2::RE2> regex_;
  bool matches_empty_ = false;
};

}  // namespace ora::storage
