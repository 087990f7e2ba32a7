#include "collector/ship/refusals.h"

#include <algorithm>

namespace ora::collector {

Refusals::Verdict Refusals::Refuse(uint64_t first, uint64_t last) {
  suspected_to_ = std::max(suspected_to_, last);
  if (first != last) return Verdict::kSuspected;
  if (++refusals_[first] < kRefusalsMax) return Verdict::kRefused;
  GiveUp(first);
  return Verdict::kGivenUp;
}

void Refusals::Forget(uint64_t sequence) {
  refusals_.erase(refusals_.begin(), refusals_.upper_bound(sequence));
  given_up_.erase(given_up_.begin(), given_up_.upper_bound(sequence));
}

}  // namespace ora::collector
