// Which series limit_ratio keeps.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "storage/labels.h"

namespace ora::promql {

// From 0 to 1, evenly spread over label sets; the same in every process and release.
inline double PlaceInRatio(const storage::Labels& labels) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, with 0xff between the strings.
  const auto add = [&hash](absl::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
  };
  for (const storage::LabelView label : labels) {
    add(label.name);
    add(label.value);
  }
  // FNV's high bits mix poorly in short strings.
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return static_cast<double>(hash) / 18446744073709551615.0;
}

// `ratio` is from -1 to 1, those beyond count as these; a negative one keeps what its complement
// (1 + ratio) does not keep.
inline bool IsWithinRatio(double place, double ratio) {
  ratio = std::clamp(ratio, -1.0, 1.0);
  return ratio >= 0 ? place < ratio || ratio == 1 : place >= 1 + ratio;
}

}  // namespace ora::promql
