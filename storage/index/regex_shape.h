// What a regular expression says without being run.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::storage {

// An expression as beginnings of what it matches: `a|b(c|d).*` is a, bc and bd, the last two with
// anything after them. An expression is read as far as it is plain; what is not is left to RE2.
struct RegexShape {
  // What may follow the text.
  enum class Rest {
    kNothing,
    kAnything,   // `.*`
    kSomething,  // `.+`
    kUnknown,    // RE2 must say.
  };
  struct Beginning {
    std::string text;
    Rest rest = Rest::kNothing;

    friend bool operator==(const Beginning& a, const Beginning& b) = default;
  };

  // Every match begins with one of these, and what a beginning with a known rest describes matches.
  // At least one.
  std::vector<Beginning> beginnings;

  // It matches exactly the texts of the beginnings.
  bool IsLiterals() const;
  bool MatchesEverything() const;

  static RegexShape Of(absl::string_view expression);
};

}  // namespace ora::storage
