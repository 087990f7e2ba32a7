#include "aggregator/ingest/rejections.h"

#include <algorithm>
#include <utility>

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

void Rejections::Add(Rejections&& more) {
  if (more.entries_ == nullptr) return;
  if (entries_ == nullptr) {
    entries_ = std::move(more.entries_);
    return;
  }
  for (size_t i = 0; i < entries_->size(); ++i) {
    const Entry& entry = (*more.entries_)[i];
    Add(static_cast<RejectionReason>(i), entry.samples, [&entry] { return entry.example; });
  }
}

void Rejections::AddOutcome(const storage::WriteOutcome& outcome) {
  const auto example = [&outcome] { return outcome.rejection_example; };
  Add(RejectionReason::kTooOld, outcome.samples_too_old, example);
  Add(RejectionReason::kTooNew, outcome.samples_too_new, example);
}

uint64_t Rejections::total() const {
  uint64_t total = 0;
  if (entries_ == nullptr) return total;
  for (const Entry& entry : *entries_) total += entry.samples;
  return total;
}

void Rejections::FillAck(v1::Ack& ack) const {
  if (entries_ == nullptr) return;
  for (size_t i = 0; i < entries_->size(); ++i) {
    const Entry& entry = (*entries_)[i];
    if (entry.samples == 0) continue;
    AddRejection(ack, kReasons[i], entry.samples, entry.example);
  }
}

void MergeAck(v1::Ack& into, const v1::Ack& later) {
  into.set_sequence(std::max(into.sequence(), later.sequence()));
  for (const v1::Rejection& rejection : later.rejected()) {
    AddRejection(into, rejection.reason(), rejection.samples(), rejection.example());
  }
}

}  // namespace ora::aggregator
