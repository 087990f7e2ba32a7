// Texts without secrets: what is kept of lines as samples passes through here first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "re2/re2.h"

namespace ora::collector {

inline constexpr size_t kRedactedBytesMax = 16 << 10;  // What is longer is cut off.
inline constexpr size_t kRedactionPatternsMax = 100;

// Immutable, so any thread.
class Redaction {
 public:
  // Besides what is always taken out, whatever a regex of `patterns` matches (only its first group,
  // if it has one). INVALID_ARGUMENT names a pattern that is no RE2, or that there are too many.
  static absl::StatusOr<Redaction> Make(const std::vector<std::string>& patterns);

  // `text` with `***` for passwords, tokens, keys and cookies by their names (`password=x`,
  // `"api_key": "x"`, `Authorization: Bearer x`), users and passwords in URLs, JSON Web Tokens,
  // cloud keys, private keys, and card numbers (by their check digit).
  std::string Apply(absl::string_view text) const;

 private:
  struct Pattern {
    std::unique_ptr<RE2> regex;
    int group = 0;  // What is taken out.
  };

  Redaction() = default;

  std::vector<Pattern> patterns_;
};

}  // namespace ora::collector
