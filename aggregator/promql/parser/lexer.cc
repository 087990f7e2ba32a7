#include "aggregator/promql/parser/lexer.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ora::promql {
namespace {

struct Symbol {
  absl::string_view text;
  TokenKind kind;
};

// Longer ones before their prefixes.
constexpr Symbol kSymbols[] = {
    {"=~", TokenKind::kMatchRegex},  {"!~", TokenKind::kMatchNotRegex},
    {"==", TokenKind::kEqual},       {"!=", TokenKind::kNotEqual},
    {"<=", TokenKind::kLessOrEqual}, {">=", TokenKind::kGreaterOrEqual},
    {"=", TokenKind::kAssign},       {"<", TokenKind::kLess},
    {">", TokenKind::kGreater},      {"+", TokenKind::kAdd},
    {"-", TokenKind::kSubtract},     {"*", TokenKind::kMultiply},
    {"/", TokenKind::kDivide},       {"%", TokenKind::kModulo},
    {"^", TokenKind::kPower},        {"(", TokenKind::kLeftParen},
    {")", TokenKind::kRightParen},   {"{", TokenKind::kLeftBrace},
    {"}", TokenKind::kRightBrace},   {"[", TokenKind::kLeftBracket},
    {"]", TokenKind::kRightBracket}, {",", TokenKind::kComma},
    {"@", TokenKind::kAt},
};

bool StartsName(char c) { return absl::ascii_isalpha(c) || c == '_' || c == ':'; }
bool ContinuesName(char c) { return absl::ascii_isalnum(c) || c == '_' || c == ':'; }

class Lexer {
 public:
  explicit Lexer(absl::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    while (true) {
      SkipBlanks();
      if (at_ >= text_.size()) {
        Push(TokenKind::kEnd, at_);
        return std::move(tokens_);
      }
      LexOne();
      if (tokens_.back().kind == TokenKind::kError) return std::move(tokens_);
    }
  }

 private:
  char Peek(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void Push(TokenKind kind, size_t end) {
    tokens_.push_back({kind, at_, text_.substr(at_, end - at_), ""});
    at_ = end;
  }

  void PushError(size_t end, std::string message) {
    Push(TokenKind::kError, end);
    tokens_.back().message = std::move(message);
  }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      if (absl::ascii_isspace(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  void LexOne() {
    const char c = text_[at_];
    if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(Peek(1)))) return LexNumber();
    if (c == '"' || c == '\'' || c == '`') return LexString(c);
    if (c == ':' && in_brackets_) return Push(TokenKind::kColon, at_ + 1);
    if (StartsName(c)) return LexName();
    for (const Symbol& symbol : kSymbols) {
      if (text_.substr(at_, symbol.text.size()) != symbol.text) continue;
      if (symbol.kind == TokenKind::kLeftBracket) in_brackets_ = true;
      if (symbol.kind == TokenKind::kRightBracket) in_brackets_ = false;
      return Push(symbol.kind, at_ + symbol.text.size());
    }
    PushError(at_ + 1, absl::StrCat("unexpected character: '", text_.substr(at_, 1), "'"));
  }

  void LexName() {
    size_t end = at_;
    bool colon = false;
    while (end < text_.size() && ContinuesName(text_[end])) {
      if (text_[end] == ':') {
        if (in_brackets_) break;
        colon = true;
      }
      ++end;
    }
    Push(colon ? TokenKind::kMetricName : TokenKind::kIdentifier, end);
  }

  // Digits, letters and points in one run; the sign of an exponent belongs to it.
  void LexNumber() {
    const bool hex = text_[at_] == '0' && (Peek(1) == 'x' || Peek(1) == 'X');
    size_t end = at_;
    bool unit = false;  // A letter other than an exponent's: a duration.
    while (end < text_.size()) {
      const char c = text_[end];
      const bool exponent = !hex && !unit && (c == 'e' || c == 'E');
      if (exponent && end + 1 < text_.size() && (text_[end + 1] == '+' || text_[end + 1] == '-')) {
        end += 2;
        continue;
      }
      if (!absl::ascii_isalnum(c) && c != '.' && c != '_') break;
      if (absl::ascii_isalpha(c) && !exponent) unit = true;
      ++end;
    }
    Push(unit && !hex ? TokenKind::kDuration : TokenKind::kNumber, end);
  }

  void LexString(char quote) {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote) {
      if (quote != '`') {
        if (text_[end] == '\n') break;
        if (text_[end] == '\\') ++end;
      }
      ++end;
    }
    if (end >= text_.size() || text_[end] != quote) {
      return PushError(end < text_.size() ? end : text_.size(),
                       quote == '`' ? "unterminated raw string" : "unterminated quoted string");
    }
    Push(TokenKind::kString, end + 1);
  }

  const absl::string_view text_;
  size_t at_ = 0;
  bool in_brackets_ = false;  // Where a colon parts range and step, and is no part of a name.
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Tokenize(absl::string_view text) { return Lexer(text).Run(); }

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "end of input";
    case TokenKind::kError:
      return token.message;
    case TokenKind::kIdentifier:
    case TokenKind::kMetricName:
      return absl::StrCat("identifier \"", token.text, "\"");
    case TokenKind::kNumber:
      return absl::StrCat("number \"", token.text, "\"");
    case TokenKind::kDuration:
      return absl::StrCat("duration \"", token.text, "\"");
    case TokenKind::kString:
      return absl::StrCat("string ", token.text);
    default:
      return absl::StrCat("\"", token.text, "\"");
  }
}

}  // namespace ora::promql
