// The text of a script: what it loads, what it evaluates, what it expects.
//
// The form is that of Prometheus's own tests: blocks of lines, the first of which is a command
// (`clear`, `load 1m`, `eval instant at 5m EXPRESSION`). An empty line or a comment ends a block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "aggregator/promql/engine.h"
#include "tests/promql/series_line.h"

namespace ora::promql {

struct ClearCommand {};

struct LoadCommand {
  int64_t gap_millis = 0;        // Between the points of a series; the first is at time 0.
  bool with_histograms = false;  // Native ones too, made of the classic buckets.
  std::vector<SeriesLine> series;
};

// What an error or a note has to say.
struct ExpectedText {
  enum class Kind { kAnything, kMessage, kRegex };
  Kind kind = Kind::kAnything;
  std::string text;
};

struct EvalCommand {
  enum class Kind { kInstant, kRange };

  size_t line = 0;  // Of the script, from 1.
  Kind kind = Kind::kInstant;
  QuerySteps steps;  // Start is end where the kind is kInstant.
  std::string query;

  bool ordered = false;
  bool no_warnings = false;
  bool no_infos = false;
  std::vector<ExpectedText> failures;  // Not empty: it is to fail, with all of these.
  std::vector<ExpectedText> warnings;
  std::vector<ExpectedText> infos;

  std::optional<double> scalar;
  std::optional<std::string> text;
  std::optional<QuerySteps> window;  // Where the result is the samples of a range selector.
  std::vector<SeriesLine> series;
};

// A line that is none of the above.
struct Misunderstood {
  size_t line = 0;
  std::string reason;
};

using Command = std::variant<ClearCommand, LoadCommand, EvalCommand, Misunderstood>;

std::vector<Command> ParseScript(absl::string_view text);

}  // namespace ora::promql
