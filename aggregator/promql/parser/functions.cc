#include "aggregator/promql/parser/functions.h"

namespace ora::promql {
namespace {

constexpr ValueType S = ValueType::kScalar;
constexpr ValueType V = ValueType::kVector;
constexpr ValueType R = ValueType::kRange;
constexpr ValueType T = ValueType::kString;
constexpr size_t kMany = FunctionSignature::kUnbounded;

constexpr FunctionSignature kFunctions[] = {
    {"abs", V, 1, 1, {V}},
    {"absent", V, 1, 1, {V}},
    {"absent_over_time", V, 1, 1, {R}},
    {"acos", V, 1, 1, {V}},
    {"acosh", V, 1, 1, {V}},
    {"asin", V, 1, 1, {V}},
    {"asinh", V, 1, 1, {V}},
    {"atan", V, 1, 1, {V}},
    {"atanh", V, 1, 1, {V}},
    {"avg_over_time", V, 1, 1, {R}},
    {"ceil", V, 1, 1, {V}},
    {"changes", V, 1, 1, {R}},
    {"clamp", V, 3, 3, {V, S, S}},
    {"clamp_max", V, 2, 2, {V, S}},
    {"clamp_min", V, 2, 2, {V, S}},
    {"cos", V, 1, 1, {V}},
    {"cosh", V, 1, 1, {V}},
    {"count_over_time", V, 1, 1, {R}},
    {"day_of_month", V, 0, 1, {V}},
    {"day_of_week", V, 0, 1, {V}},
    {"day_of_year", V, 0, 1, {V}},
    {"days_in_month", V, 0, 1, {V}},
    {"deg", V, 1, 1, {V}},
    {"delta", V, 1, 1, {R}},
    {"deriv", V, 1, 1, {R}},
    {"double_exponential_smoothing", V, 3, 3, {R, S, S}},
    {"exp", V, 1, 1, {V}},
    {"floor", V, 1, 1, {V}},
    {"histogram_avg", V, 1, 1, {V}},
    {"histogram_count", V, 1, 1, {V}},
    {"histogram_fraction", V, 3, 3, {S, S, V}},
    {"histogram_quantile", V, 2, 2, {S, V}},
    {"histogram_stddev", V, 1, 1, {V}},
    {"histogram_stdvar", V, 1, 1, {V}},
    {"histogram_sum", V, 1, 1, {V}},
    {"hour", V, 0, 1, {V}},
    {"idelta", V, 1, 1, {R}},
    {"increase", V, 1, 1, {R}},
    {"info", V, 1, 2, {V, V}},
    {"irate", V, 1, 1, {R}},
    {"label_join", V, 3, kMany, {V, T, T, T, T}},
    {"label_replace", V, 5, 5, {V, T, T, T, T}},
    {"last_over_time", V, 1, 1, {R}},
    {"ln", V, 1, 1, {V}},
    {"log10", V, 1, 1, {V}},
    {"log2", V, 1, 1, {V}},
    {"mad_over_time", V, 1, 1, {R}},
    {"max_over_time", V, 1, 1, {R}},
    {"min_over_time", V, 1, 1, {R}},
    {"minute", V, 0, 1, {V}},
    {"month", V, 0, 1, {V}},
    {"pi", S, 0, 0, {}},
    {"predict_linear", V, 2, 2, {R, S}},
    {"present_over_time", V, 1, 1, {R}},
    {"quantile_over_time", V, 2, 2, {S, R}},
    {"rad", V, 1, 1, {V}},
    {"rate", V, 1, 1, {R}},
    {"resets", V, 1, 1, {R}},
    {"round", V, 1, 2, {V, S}},
    {"scalar", S, 1, 1, {V}},
    {"sgn", V, 1, 1, {V}},
    {"sin", V, 1, 1, {V}},
    {"sinh", V, 1, 1, {V}},
    {"sort", V, 1, 1, {V}},
    {"sort_by_label", V, 1, kMany, {V, T, T, T, T}},
    {"sort_by_label_desc", V, 1, kMany, {V, T, T, T, T}},
    {"sort_desc", V, 1, 1, {V}},
    {"sqrt", V, 1, 1, {V}},
    {"stddev_over_time", V, 1, 1, {R}},
    {"stdvar_over_time", V, 1, 1, {R}},
    {"sum_over_time", V, 1, 1, {R}},
    {"tan", V, 1, 1, {V}},
    {"tanh", V, 1, 1, {V}},
    {"time", S, 0, 0, {}},
    {"timestamp", V, 1, 1, {V}},
    {"ts_of_last_over_time", V, 1, 1, {R}},
    {"ts_of_max_over_time", V, 1, 1, {R}},
    {"ts_of_min_over_time", V, 1, 1, {R}},
    {"vector", V, 1, 1, {S}},
    {"year", V, 0, 1, {V}},
};

}  // namespace

absl::string_view Text(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kRange:
      return "range vector";
    case ValueType::kString:
      return "string";
  }
  return "unknown";
}

const FunctionSignature* FindFunction(absl::string_view name) {
  for (const FunctionSignature& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

}  // namespace ora::promql
