#include "tests/promql/script.h"

#include <re2/re2.h>

#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "aggregator/promql/parser/lexer.h"
#include "aggregator/promql/parser/literals.h"

namespace ora::promql {
namespace {

using Kind = ExpectedText::Kind;

// A duration, or a number of seconds.
std::optional<int64_t> ParseMillis(const std::string& text) {
  const absl::StatusOr<int64_t> millis = ParseDurationMillis(text);
  if (millis.ok()) return *millis;
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || !std::isfinite(seconds)) return std::nullopt;
  return std::llround(seconds * 1000);
}

class ScriptReader {
 public:
  explicit ScriptReader(absl::string_view text) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const absl::string_view trimmed = absl::StripAsciiWhitespace(line);
      lines_.emplace_back(absl::StartsWith(trimmed, "#") ? "" : trimmed);
    }
  }

  std::vector<Command> Run() {
    while (next_ < lines_.size()) {
      const std::string& line = lines_[next_++];
      if (line.empty()) continue;
      if (line == "clear") {
        commands_.emplace_back(ClearCommand());
      } else if (absl::StartsWith(line, "load")) {
        ReadLoad(line);
      } else if (absl::StartsWith(line, "eval")) {
        ReadEval(line);
      } else {
        Misunderstand(absl::StrCat("unknown command: ", line));
      }
    }
    return std::move(commands_);
  }

 private:
  // About the line that was read last; the rest of its block is left out.
  void Misunderstand(std::string reason) {
    commands_.emplace_back(Misunderstood{next_, std::move(reason)});
    while (InBlock()) ++next_;
  }

  bool InBlock() const { return next_ < lines_.size() && !lines_[next_].empty(); }

  void ReadLoad(const std::string& head) {
    static const re2::RE2* const kLoad = new re2::RE2("load(_with_nhcb)?\\s+(\\S+)");
    std::string with;
    std::string gap;
    if (!re2::RE2::FullMatch(head, *kLoad, &with, &gap)) {
      return Misunderstand(absl::StrCat("no load with a duration: ", head));
    }
    const std::optional<int64_t> millis = ParseMillis(gap);
    if (!millis || *millis <= 0) return Misunderstand(absl::StrCat("no duration: ", gap));
    LoadCommand load;
    load.gap_millis = *millis;
    load.with_histograms = !with.empty();
    while (InBlock()) {
      absl::StatusOr<SeriesLine> series = ParseSeriesLine(lines_[next_++]);
      if (!series.ok()) return Misunderstand(std::string(series.status().message()));
      load.series.push_back(*std::move(series));
    }
    commands_.emplace_back(std::move(load));
  }

  void ReadEval(const std::string& head) {
    static const re2::RE2* const kInstant =
        new re2::RE2("eval(?:_(fail|warn|info|ordered))?\\s+instant\\s+(?:at\\s+(.+?))?\\s+(.+)");
    static const re2::RE2* const kRange = new re2::RE2(
        "eval(?:_(fail|warn|info))?\\s+range\\s+from\\s+(.+)\\s+to\\s+(.+)\\s+step\\s+(.+?)\\s+"
        "(.+)");
    EvalCommand eval;
    eval.line = next_;
    std::string suffix;
    std::string start;
    std::string end;
    std::string step = "1ms";
    if (re2::RE2::FullMatch(head, *kInstant, &suffix, &start, &eval.query)) {
      if (start.empty()) start = "0s";
      end = start;
    } else if (re2::RE2::FullMatch(head, *kRange, &suffix, &start, &end, &step, &eval.query)) {
      eval.kind = EvalCommand::Kind::kRange;
    } else {
      return Misunderstand(absl::StrCat("no eval: ", head));
    }
    const std::optional<QuerySteps> steps = ParseSteps(start, end, step);
    if (!steps) return Misunderstand(absl::StrCat("no times: ", head));
    eval.steps = *steps;
    if (suffix == "fail") eval.failures.emplace_back();
    if (suffix == "warn") eval.warnings.emplace_back();
    if (suffix == "info") eval.infos.emplace_back();
    eval.ordered = suffix == "ordered";
    if (std::string reason = ReadExpectations(eval); !reason.empty()) {
      return Misunderstand(std::move(reason));
    }
    commands_.emplace_back(std::move(eval));
  }

  static std::optional<QuerySteps> ParseSteps(const std::string& start, const std::string& end,
                                              const std::string& step) {
    const std::optional<int64_t> start_millis = ParseMillis(start);
    const std::optional<int64_t> end_millis = ParseMillis(end);
    const std::optional<int64_t> step_millis = ParseMillis(step);
    if (!start_millis || !end_millis || !step_millis || *step_millis <= 0) return std::nullopt;
    return QuerySteps{*start_millis, *end_millis, *step_millis};
  }

  // Why a line is not understood, if so.
  std::string ReadExpectations(EvalCommand& eval) {
    while (InBlock()) {
      const std::string& line = lines_[next_++];
      if (absl::StartsWith(line, "expected_fail_")) {
        if (eval.failures.empty()) return absl::StrCat("no failure is expected: ", line);
        if (!ReadExpectedFailure(line, eval)) return absl::StrCat("no expectation: ", line);
        break;
      }
      if (absl::StartsWith(line, "expect ") || absl::StartsWith(line, "expect\t")) {
        if (!ReadExpect(line, eval)) return absl::StrCat("no expectation: ", line);
        continue;
      }
      if (const std::optional<double> number = ParseLoneNumber(line)) {
        eval.scalar = *number;
        break;
      }
      absl::StatusOr<SeriesLine> series = ParseSeriesLine(line);
      if (!series.ok()) return std::string(series.status().message());
      if (eval.kind == EvalCommand::Kind::kInstant && !eval.window && series->points.size() != 1) {
        return absl::StrCat("an instant has one value a series, not ", series->points.size(), ": ",
                            line);
      }
      eval.series.push_back(*std::move(series));
    }
    return "";
  }

  static bool ReadExpectedFailure(const std::string& line, EvalCommand& eval) {
    static const re2::RE2* const kFailure = new re2::RE2("expected_fail_(message|regexp)\\s+(.+)");
    std::string how;
    ExpectedText expected;
    if (!re2::RE2::FullMatch(line, *kFailure, &how, &expected.text)) return false;
    expected.kind = how == "message" ? Kind::kMessage : Kind::kRegex;
    eval.failures = {std::move(expected)};
    return true;
  }

  static bool ReadExpect(const std::string& line, EvalCommand& eval) {
    static const re2::RE2* const kWindow = new re2::RE2(
        "expect\\s+range\\s+vector\\s+from\\s+(\\S+)\\s+to\\s+(\\S+)\\s+step\\s+(\\S+)");
    static const re2::RE2* const kString = new re2::RE2("expect\\s+string\\s+(.+)");
    static const re2::RE2* const kExpect = new re2::RE2(
        "expect\\s+(ordered|fail|warn|no_warn|info|no_info)(?:\\s+(msg|regex):\\s*(.+))?");
    std::string word;
    std::string how;
    std::string text;
    if (std::string end; re2::RE2::FullMatch(line, *kWindow, &word, &end, &text)) {
      eval.window = ParseSteps(word, end, text);
      return eval.window.has_value();
    }
    if (re2::RE2::FullMatch(line, *kString, &text)) {
      const std::vector<Token> tokens = Tokenize(text);
      if (tokens.size() != 2 || tokens[0].kind != TokenKind::kString) return false;
      const absl::StatusOr<std::string> value = Unquote(tokens[0].text);
      if (value.ok()) eval.text = *value;
      return value.ok();
    }
    if (!re2::RE2::FullMatch(line, *kExpect, &word, &how, &text)) return false;
    const Kind kind = how == "msg"     ? Kind::kMessage
                      : how == "regex" ? Kind::kRegex
                                       : Kind::kAnything;
    if (word == "ordered") eval.ordered = true;
    if (word == "no_warn") eval.no_warnings = true;
    if (word == "no_info") eval.no_infos = true;
    if (word == "fail") eval.failures.push_back({kind, text});
    if (word == "warn") eval.warnings.push_back({kind, text});
    if (word == "info") eval.infos.push_back({kind, text});
    return true;
  }

  std::vector<std::string> lines_;
  size_t next_ = 0;  // So also the number of the line that was read last.
  std::vector<Command> commands_;
};

}  // namespace

std::vector<Command> ParseScript(absl::string_view text) { return ScriptReader(text).Run(); }

}  // namespace ora::promql
