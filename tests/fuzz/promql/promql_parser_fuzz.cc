// No text crashes the parser, and what parses prints as a text of the same tree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "aggregator/promql/parser/parser.h"
#include "aggregator/promql/parser/printer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using ora::promql::ExprPtr;
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const absl::StatusOr<ExprPtr> parsed = ora::promql::ParseExpression(text);
  if (!parsed.ok()) return 0;
  const std::string printed = ora::promql::Print(**parsed);
  if (printed.size() > ora::promql::kExpressionBytesMax) return 0;  // Escapes make texts longer.
  const absl::StatusOr<ExprPtr> again = ora::promql::ParseExpression(printed);
  if (!again.ok() || !ora::promql::SameTree(**parsed, **again)) abort();
  return 0;
}
