// What a regular expression says without being run.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::storage {

// An expression is read as far as it is plain; what is not plain is left to RE2.
struct RegexShape {
  // Not empty: the expression matches exactly these texts (`a|b|c`).
  std::vector<std::string> literals;
  // Else: every match begins with this (may be empty).
  std::string prefix;
  // And everything that begins so matches (`prefix.*`).
  bool prefix_is_enough = false;

  static RegexShape Of(absl::string_view expression);
};

}  // namespace ora::storage
