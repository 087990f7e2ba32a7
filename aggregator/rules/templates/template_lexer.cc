#include "aggregator/rules/templates/template_lexer.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "aggregator/promql/parser/literals.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr size_t kQuotedBytesMax = 100;

absl::Status NotClosed(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("`", text.substr(0, kQuotedBytesMax), "` is not closed; write }} after it"));
}

// Where the `}}` is that ends the action whose content `text` begins with; npos if nowhere. Those
// within quotes do not count.
size_t ActionEnd(absl::string_view text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == '\\' && quote != '`') {
        ++i;
      } else if (text[i] == quote) {
        quote = 0;
      }
    } else if (text[i] == '"' || text[i] == '`') {
      quote = text[i];
    } else if (absl::StartsWith(text.substr(i), "}}")) {
      return i;
    }
  }
  return absl::string_view::npos;
}

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Takes one word off `rest`.
class ActionReader {
 public:
  explicit ActionReader(absl::string_view action) : rest_(action) {}

  absl::StatusOr<TemplateWord> Next() {
    TemplateWord word;
    const size_t before = rest_.size();
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    word.spaced = rest_.size() != before;
    if (rest_.empty()) return word;
    const char c = rest_[0];
    if (c == '$') {
      rest_.remove_prefix(1);
      word.kind = TemplateWord::Kind::kVariable;
      word.text = TakeName();
    } else if (c == '.' && rest_.size() > 1 && IsNameCharacter(rest_[1]) &&
               !absl::ascii_isdigit(rest_[1])) {
      rest_.remove_prefix(1);
      word.kind = TemplateWord::Kind::kField;
      word.text = TakeName();
    } else if (c == '"' || c == '`') {
      ORA_RETURN_IF_ERROR(TakeText(word));
    } else if (absl::ascii_isdigit(c) || ((c == '-' || c == '+' || c == '.') && rest_.size() > 1 &&
                                          (absl::ascii_isdigit(rest_[1]) || rest_[1] == '.'))) {
      ORA_RETURN_IF_ERROR(TakeNumber(word));
    } else if (c == '.') {
      rest_.remove_prefix(1);
      word.kind = TemplateWord::Kind::kDot;
    } else if (IsNameCharacter(c)) {
      word.kind = TemplateWord::Kind::kName;
      word.text = TakeName();
    } else {
      return TakeMark(std::move(word));
    }
    return word;
  }

 private:
  std::string TakeName() {
    size_t size = 0;
    while (size < rest_.size() && IsNameCharacter(rest_[size])) ++size;
    std::string name(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return name;
  }

  absl::Status TakeText(TemplateWord& word) {
    const char quote = rest_[0];
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) {
      end += rest_[end] == '\\' && quote != '`' ? 2 : 1;
    }
    if (end >= rest_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the text ", rest_.substr(0, kQuotedBytesMax), " is not closed"));
    }
    ORA_ASSIGN_OR_RETURN(word.text, promql::Unquote(rest_.substr(0, end + 1)));
    word.kind = TemplateWord::Kind::kText;
    rest_.remove_prefix(end + 1);
    return absl::OkStatus();
  }

  absl::Status TakeNumber(TemplateWord& word) {
    size_t size = 1;
    while (size < rest_.size() && (IsNameCharacter(rest_[size]) || rest_[size] == '.' ||
                                   ((rest_[size] == '-' || rest_[size] == '+') &&
                                    absl::ascii_tolower(rest_[size - 1]) == 'e'))) {
      ++size;
    }
    const absl::string_view digits = rest_.substr(0, size);
    if (!absl::SimpleAtod(digits, &word.number)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", digits.substr(0, kQuotedBytesMax), "` is no number"));
    }
    word.kind = TemplateWord::Kind::kNumber;
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  absl::StatusOr<TemplateWord> TakeMark(TemplateWord word) {
    for (const absl::string_view mark : {"|", "(", ")", ",", ":=", "="}) {
      if (!absl::ConsumePrefix(&rest_, mark)) continue;
      word.kind = TemplateWord::Kind::kMark;
      word.text = std::string(mark);
      return word;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("`", rest_.substr(0, kQuotedBytesMax), "` begins with no word that is known"));
  }

  absl::string_view rest_;
};

}  // namespace

absl::StatusOr<std::vector<TemplatePiece>> CutTemplate(absl::string_view text) {
  std::vector<TemplatePiece> pieces;
  bool trims = false;
  while (!text.empty()) {
    const size_t open = text.find("{{");
    absl::string_view plain = text.substr(0, open);
    if (trims) plain = absl::StripLeadingAsciiWhitespace(plain);
    trims = false;
    if (open == absl::string_view::npos) {
      if (!plain.empty()) pieces.push_back({TemplatePiece::Kind::kText, std::string(plain)});
      return pieces;
    }
    absl::string_view action = text.substr(open + 2);
    const bool trims_before =
        action.size() > 1 && action[0] == '-' && absl::ascii_isspace(action[1]);
    if (trims_before) {
      plain = absl::StripTrailingAsciiWhitespace(plain);
      action.remove_prefix(1);
    }
    if (!plain.empty()) pieces.push_back({TemplatePiece::Kind::kText, std::string(plain)});
    const bool is_comment = absl::StartsWith(absl::StripLeadingAsciiWhitespace(action), "/*");
    const size_t comment_end = is_comment ? action.find("*/") : 0;
    const size_t close = is_comment ? action.find("}}", comment_end) : ActionEnd(action);
    if (close == absl::string_view::npos) return NotClosed(text.substr(open));
    text = action.substr(close + 2);
    action = action.substr(0, close);
    if (action.size() > 1 && action.back() == '-' && absl::ascii_isspace(action[close - 2])) {
      trims = true;
      action.remove_suffix(1);
    }
    if (is_comment) continue;
    pieces.push_back(
        {TemplatePiece::Kind::kAction, std::string(absl::StripAsciiWhitespace(action))});
  }
  return pieces;
}

absl::StatusOr<std::vector<TemplateWord>> CutAction(absl::string_view action) {
  std::vector<TemplateWord> words;
  ActionReader reader(action);
  do {
    ORA_ASSIGN_OR_RETURN(words.emplace_back(), reader.Next());
  } while (words.back().kind != TemplateWord::Kind::kEnd);
  return words;
}

}  // namespace ora::aggregator
