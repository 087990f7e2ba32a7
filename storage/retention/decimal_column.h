// A column of float64 of a tier's row, coded by its differences to other columns of the same row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"

namespace ora::storage {

// Float64 as whole numbers of 10^-exponent, as near as they come. Where that cannot be (NaN,
// infinity, out of range) the place repeats the number before.
class DecimalScale {
 public:
  static constexpr unsigned kExponentMax = 15;

  explicit DecimalScale(unsigned exponent) : exponent_(exponent) {}

  // The one that makes `values` whole numbers; nothing if too many of them are no decimals.
  static absl::optional<DecimalScale> Choose(absl::Span<const double> values);

  unsigned exponent() const { return exponent_; }
  std::vector<int64_t> ToIntegers(absl::Span<const double> values) const;
  double ToDouble(int64_t scaled) const;

 private:
  unsigned exponent_;
};

// Coded as its integers less `expected`, and what bits then differ still. Same length, at least 1.
void AppendDecimals(const DecimalScale& scale, absl::Span<const double> values,
                    absl::Span<const int64_t> expected, std::string& bytes);
bool ReadDecimals(ByteReader& reader, const DecimalScale& scale, absl::Span<const int64_t> expected,
                  absl::Span<double> values);

// One value near another.
void AppendDecimal(const DecimalScale& scale, double value, double near, std::string& bytes);
double ReadDecimal(ByteReader& reader, const DecimalScale& scale, double near);

// For float64 that are no decimals: by the bits in which they differ from `expected`.
void AppendFloats(absl::Span<const double> values, absl::Span<const double> expected,
                  std::string& bytes);
bool ReadFloats(ByteReader& reader, absl::Span<const double> expected, absl::Span<double> values);

}  // namespace ora::storage
