// The functions of PromQL: names, arguments, results.
#pragma once

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace ora::promql {

enum class ValueType { kScalar, kVector, kRange, kString };

// `scalar`, `instant vector`, `range vector`, `string`.
absl::string_view Text(ValueType type);

struct FunctionSignature {
  static constexpr size_t kArgumentsListed = 5;
  static constexpr size_t kUnbounded = 1000;

  absl::string_view name;
  ValueType result;
  size_t arguments_min;
  size_t arguments_max;
  // Of the first arguments; the last listed goes for all beyond.
  std::array<ValueType, kArgumentsListed> arguments;

  ValueType ArgumentType(size_t index) const {
    const size_t listed = arguments_max < kArgumentsListed ? arguments_max : kArgumentsListed;
    return arguments[index < listed ? index : listed - 1];
  }
};

// Null: there is none of that name. Names are case-sensitive.
const FunctionSignature* FindFunction(absl::string_view name);

}  // namespace ora::promql
