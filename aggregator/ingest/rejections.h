// Samples of a batch that were refused for good, by reason.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "ora/v1/ingest_service.pb.h"
#include "storage/series_writer.h"

namespace ora::aggregator {

enum class RejectionReason { kTooOld, kTooNew, kUnknownSeries, kSeriesLimit };

// Can be moved. Each reason keeps the first example that it was given.
class Rejections {
 public:
  // `example` is made into text only for the first sample of a reason.
  template <typename MakeExample>
  void Add(RejectionReason reason, uint64_t samples, const MakeExample& example) {
    if (samples == 0) return;
    if (entries_ == nullptr) entries_ = std::make_unique<Entries>();
    Entry& entry = (*entries_)[static_cast<size_t>(reason)];
    if (entry.samples == 0) entry.example = example();
    entry.samples += samples;
  }

  // Those of another batch too.
  void Add(Rejections&& more);

  // What the store refused.
  void AddOutcome(const storage::WriteOutcome& outcome);

  uint64_t total() const;

  // Adds to what `ack` says already.
  void FillAck(v1::Ack& ack) const;

 private:
  struct Entry {
    uint64_t samples = 0;
    std::string example;
  };
  using Entries = std::array<Entry, 4>;
  std::unique_ptr<Entries> entries_;  // Null while nothing was refused, as of almost all batches.
};

// Makes of two acknowledgements that follow each other one.
void MergeAck(v1::Ack& into, const v1::Ack& later);

}  // namespace ora::aggregator
