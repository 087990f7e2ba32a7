// Reads a family's rows past what is damaged.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/rocks/database.h"

namespace ora::storage {

// Damaged stretches that are stepped over, each with a few dozen tries; then the rest is given up.
inline constexpr int kDamagedStretchesMax = 1000;
// How far behind damage the next row is looked for, in numbers.
inline constexpr uint64_t kNumbersAheadMax = uint64_t{1} << 48;

// What a scan seeks to for a number that no key can have: it sorts behind every key.
inline constexpr absl::string_view kKeyPastAll = "\xff\xff\xff\xff\xff\xff\xff\xff";

// Where a scan ended: behind the last row, or where it gave up.
struct ScanEnd {
  uint64_t number = 0;  // No row that was read, or tried, has this number or a higher one.
  absl::Status status;  // Not OK: the disk refused.
};

// The first number from `base` on from which rows can be read again, or nearly the first: steps
// double until one can, and what lies between is halved. Absent when nothing can.
template <typename KeyOf>
absl::optional<uint64_t> FirstReadable(RowCursor& rows, uint64_t base, const KeyOf& key_of) {
  const auto readable = [&](uint64_t number) {
    rows.Seek(key_of(number));
    return rows.Valid() || !absl::IsDataLoss(rows.status());
  };
  if (readable(base)) return base;
  uint64_t step = 1;
  while (!readable(base + step)) {
    step *= 2;
    if (step > kNumbersAheadMax) return absl::nullopt;
  }
  uint64_t bad = base + step / 2;
  uint64_t good = base + step;
  while (good - bad > 1) {
    const uint64_t middle = bad + (good - bad) / 2;
    (readable(middle) ? good : bad) = middle;
  }
  return good;
}

// Visits rows in key order, from the number `first` on. Keys sort as numbers, which need not be
// unique: `key_of` makes the first key of a number, and `visit` takes the row that the cursor is
// at and returns its number (absent: its key is none). `report` is called with each stretch that
// cannot be read: the number from which on, and why.
template <typename KeyOf, typename Visit, typename Report>
ScanEnd ScanRows(RowCursor& rows, uint64_t first, const KeyOf& key_of, const Visit& visit,
                 const Report& report) {
  ScanEnd end{first, absl::OkStatus()};
  rows.Seek(key_of(first));
  for (int stretches = 0;; ++stretches) {
    for (; rows.Valid(); rows.Next()) {
      if (const absl::optional<uint64_t> number = visit(rows)) {
        end.number = std::max(end.number, *number + 1);
      }
    }
    const absl::Status status = rows.status();
    if (status.ok()) return end;
    if (!absl::IsDataLoss(status)) {
      end.status = status;
      return end;
    }
    report(end.number, status);
    if (stretches >= kDamagedStretchesMax) return end;
    const absl::optional<uint64_t> next = FirstReadable(rows, end.number, key_of);
    if (!next) return end;
    end.number = *next;
    rows.Seek(key_of(*next));
  }
}

}  // namespace ora::storage
