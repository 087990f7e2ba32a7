// Text of PromQL to tokens.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::promql {

enum class TokenKind {
  kEnd,
  kError,       // `message` says why; the last token.
  kIdentifier,  // Keywords too: whether a word is one depends on where it stands.
  kMetricName,  // An identifier with a colon in it.
  kNumber,
  kDuration,
  kString,  // With its quotes.
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kAt,
  kAssign,
  kMatchRegex,
  kMatchNotRegex,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t begin = 0;        // Byte in the text.
  absl::string_view text;  // A part of the text.
  std::string message;     // Of kError.

  size_t end() const { return begin + text.size(); }
};

// The tokens of `text`, ending in kEnd or kError. Spaces and comments are left out. The tokens
// point into `text`.
std::vector<Token> Tokenize(absl::string_view text);

// How an error names a token: `identifier "foo"`, `")"`, `end of input`.
std::string Describe(const Token& token);

}  // namespace ora::promql
