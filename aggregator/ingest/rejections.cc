#include "aggregator/ingest/rejections.h"

#include <algorithm>

namespace ora::aggregator {
namespace {

constexpr std::array<absl::string_view, 4> kReasons = {"too_old", "too_new", "unknown_series",
                                                       "series_limit"};

void AddRejection(v1::Ack& ack, absl::string_view reason, uint64_t samples,
                  const std::string& example) {
  for (v1::Rejection& rejection : *ack.mutable_rejected()) {
    if (rejection.reason() != reason) continue;
    rejection.set_samples(rejection.samples() + samples);
    return;
  }
  v1::Rejection* rejection = ack.add_rejected();
  rejection->set_reason(std::string(reason));
  rejection->set_samples(samples);
  rejection->set_example(example);
}

}  // namespace

void Rejections::AddOutcome(const storage::WriteOutcome& outcome) {
  const auto example = [&outcome] { return outcome.rejection_example; };
  Add(RejectionReason::kTooOld, outcome.samples_too_old, example);
  Add(RejectionReason::kTooNew, outcome.samples_too_new, example);
}

uint64_t Rejections::total() const {
  uint64_t total = 0;
  for (const Entry& entry : entries_) total += entry.samples;
  return total;
}

void Rejections::FillAck(v1::Ack& ack) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].samples == 0) continue;
    AddRejection(ack, kReasons[i], entries_[i].samples, entries_[i].example);
  }
}

void MergeAck(v1::Ack& into, const v1::Ack& later) {
  into.set_sequence(std::max(into.sequence(), later.sequence()));
  for (const v1::Rejection& rejection : later.rejected()) {
    AddRejection(into, rejection.reason(), rejection.samples(), rejection.example());
  }
}

}  // namespace ora::aggregator
