// Of two rows of one series, day and tier, what is known by either. No I/O, no state, any thread.
#pragma once

#include "storage/retention/tier_row.h"

namespace ora::storage {

// The row to store where `stored` is there and `fresh` was made of the raw samples that are there
// now: `fresh`, unless raw samples have gone that `stored` knew, by damage or because late ones
// made a new partition of a day that had expired. Then each bucket is the one of more samples, of
// `fresh` if there is no difference, and resets are not kept. Both are of one resolution.
TierRow FullerRow(const TierRow& stored, const TierRow& fresh);

}  // namespace ora::storage
