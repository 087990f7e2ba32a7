// Functions and operators of single numbers.
#include <cmath>
#include <ctime>
#include <optional>

#include "tests/promql/oracle/oracle.h"

namespace ora::promql::oracle {
namespace {

constexpr double kPi = 3.14159265358979323846;

std::optional<double> Calendar(absl::string_view name, double value) {
  const auto seconds = static_cast<time_t>(value);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  if (name == "minute") return parts.tm_min;
  if (name == "hour") return parts.tm_hour;
  if (name == "day_of_week") return parts.tm_wday;
  if (name == "day_of_month") return parts.tm_mday;
  if (name == "day_of_year") return parts.tm_yday + 1;
  if (name == "month") return parts.tm_mon + 1;
  if (name == "year") return parts.tm_year + 1900;
  if (name != "days_in_month") return std::nullopt;
  std::tm last{};
  last.tm_year = parts.tm_year;
  last.tm_mon = parts.tm_mon + 1;
  last.tm_mday = 0;  // The day before the next month's first.
  const time_t time = timegm(&last);
  gmtime_r(&time, &last);
  return last.tm_mday;
}

std::optional<double> Mathematics(absl::string_view name, double x) {
  if (name == "abs") return x < 0 ? -x : x;
  if (name == "ceil") return std::ceil(x);
  if (name == "floor") return std::floor(x);
  if (name == "exp") return std::exp(x);
  if (name == "sqrt") return std::sqrt(x);
  if (name == "ln") return std::log(x);
  if (name == "log2") return std::log2(x);
  if (name == "log10") return std::log10(x);
  if (name == "sgn") return std::isnan(x) ? x : (x > 0) - (x < 0);
  if (name == "sin") return std::sin(x);
  if (name == "cos") return std::cos(x);
  if (name == "atan") return std::atan(x);
  if (name == "tanh") return std::tanh(x);
  if (name == "rad") return x * kPi / 180;
  if (name == "deg") return x * 180 / kPi;
  return std::nullopt;
}

// NaN but where one is an infinity that nothing exceeds: as Go has it.
double Greater(double a, double b) {
  if (std::isinf(a) && a > 0) return a;
  if (std::isinf(b) && b > 0) return b;
  return std::isnan(a) ? a : std::isnan(b) ? b : a > b ? a : b;
}

double Lesser(double a, double b) { return -Greater(-a, -b); }

}  // namespace

std::optional<double> ValueFunction(absl::string_view name, double value,
                                    const std::vector<double>& scalars) {
  if (name == "clamp") {
    if (scalars[1] < scalars[0]) return std::nullopt;
    return Greater(scalars[0], Lesser(scalars[1], value));
  }
  if (name == "clamp_min") return Greater(scalars[0], value);
  if (name == "clamp_max") return Lesser(scalars[0], value);
  if (name == "round") {
    const double inverse = 1 / (scalars.empty() ? 1 : scalars[0]);
    return std::floor(value * inverse + 0.5) / inverse;
  }
  if (const std::optional<double> result = Mathematics(name, value)) return result;
  // As times past the end of the calendar are not asked for.
  if (!(std::fabs(value) < 1e11)) return std::nan("");
  return Calendar(name, value);
}

double Arithmetic(BinaryOperator op, double left, double right) {
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
      return left == right ? 1 : 0;
    case BinaryOperator::kNotEqual:
      return left == right ? 0 : 1;
    case BinaryOperator::kLess:
      return left < right ? 1 : 0;
    case BinaryOperator::kLessOrEqual:
      return left <= right ? 1 : 0;
    case BinaryOperator::kGreater:
      return left > right ? 1 : 0;
    case BinaryOperator::kGreaterOrEqual:
      return left >= right ? 1 : 0;
    default:
      return std::nan("");
  }
}

}  // namespace ora::promql::oracle
