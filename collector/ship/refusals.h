// Which batch it is that the aggregator refuses, and when to give it up.
#pragma once

#include <cstdint>
#include <map>
#include <set>

namespace ora::collector {

inline constexpr int kRefusalsMax = 3;

// An INVALID_ARGUMENT names no batch. So those that were under way are suspects and are sent one by
// one until they are through: then the one that is refused is known. One thread.
class Refusals {
 public:
  enum class Verdict { kSuspected, kRefused, kGivenUp };

  // A stream was refused while the batches `first` to `last` were under way.
  Verdict Refuse(uint64_t first, uint64_t last);

  // The batch must be sent alone.
  bool Suspected(uint64_t sequence) const { return sequence <= suspected_to_; }

  // Leaves the batch out from now on.
  void GiveUp(uint64_t sequence) { given_up_.insert(sequence); }

  // Batches up to this one are durable.
  void Forget(uint64_t sequence);

  const std::set<uint64_t>& given_up() const { return given_up_; }

 private:
  uint64_t suspected_to_ = 0;
  std::map<uint64_t, int> refusals_;
  std::set<uint64_t> given_up_;
};

}  // namespace ora::collector
