#include "aggregator/promql/eval/binary_operators.h"

#include <cmath>
#include <utility>

namespace ora::promql {

double Compute(BinaryOperator op, double left, double right) {
  switch (op) {
    case BinaryOperator::kAdd:
      return left + right;
    case BinaryOperator::kSubtract:
      return left - right;
    case BinaryOperator::kMultiply:
      return left * right;
    case BinaryOperator::kDivide:
      return left / right;
    case BinaryOperator::kModulo:
      return std::fmod(left, right);
    case BinaryOperator::kPower:
      return std::pow(left, right);
    case BinaryOperator::kAtan2:
      return std::atan2(left, right);
    case BinaryOperator::kEqual:
      return left == right;
    case BinaryOperator::kNotEqual:
      return left != right;
    case BinaryOperator::kLess:
      return left < right;
    case BinaryOperator::kLessOrEqual:
      return left <= right;
    case BinaryOperator::kGreater:
      return left > right;
    case BinaryOperator::kGreaterOrEqual:
      return left >= right;
    case BinaryOperator::kAnd:
    case BinaryOperator::kOr:
    case BinaryOperator::kUnless:
      break;
  }
  return std::nan("");  // The parser lets no set operator come here.
}

ScalarGrid CombineScalars(BinaryOperator op, ScalarGrid left, const ScalarGrid& right) {
  for (size_t step = 0; step < left.size(); ++step) {
    left[step] = Compute(op, left[step], right[step]);
  }
  return left;
}

absl::StatusOr<VectorGrid> CombineWithScalar(const Binary& binary, VectorGrid vector,
                                             const ScalarGrid& scalar, ScalarSide side,
                                             NameRemoval removal) {
  const bool filter = IsComparison(binary.op) && !binary.return_bool;
  StepBits failed(scalar.size());
  for (GridSeries& series : vector) {
    if (filter) failed = StepBits(scalar.size());
    series.present.ForEach([&](size_t step) {
      const double value = series.values[step];
      const double result = side == ScalarSide::kLeft ? Compute(binary.op, scalar[step], value)
                                                      : Compute(binary.op, value, scalar[step]);
      if (!filter) {
        series.values[step] = result;
      } else if (result == 0) {
        failed.Set(step);
      }
    });
    if (filter) series.present.Remove(failed);
  }
  if (filter) return WithoutEmpty(std::move(vector));
  return DropNames(std::move(vector), removal, SameLabels::kMerge);
}

}  // namespace ora::promql
