#include "collector/ship/batch_source.h"

#include <utility>

#include "proto/contract/limits.h"

namespace ora::collector {

absl::StatusOr<absl::optional<OutgoingBatch>> BatchSource::Next() {
  while (true) {
    absl::StatusOr<absl::optional<SpooledBatch>> read = spool_.Read(position_);
    if (!read.ok()) return read.status();
    if (!read->has_value()) return absl::optional<OutgoingBatch>();
    const SpooledBatch& spooled = **read;
    position_ = spooled.sequence;
    if (spooled.segment != segment_) {
      segment_ = spooled.segment;
      untold_.Clear();
    }
    const bool wanted = spooled.sequence > durable_ && left_out_.count(spooled.sequence) == 0;
    v1::Batch batch;
    if (!batch.ParseFromString(spooled.batch)) {
      if (!wanted) continue;
      OutgoingBatch unreadable;
      unreadable.sequence = spooled.sequence;
      unreadable.bytes = spooled.batch.size();
      unreadable.sendable = false;
      return absl::make_optional(std::move(unreadable));
    }
    if (wanted) return absl::make_optional(Pack(spooled.sequence, std::move(batch)));
    untold_.MergeFrom(batch.definitions());
  }
}

OutgoingBatch BatchSource::Pack(uint64_t sequence, v1::Batch batch) {
  OutgoingBatch outgoing;
  outgoing.sequence = sequence;
  for (const v1::SampleBlock& block : batch.blocks()) outgoing.samples += block.values_size();
  batch.set_sequence(sequence);
  if (batch.has_definitions()) batch.mutable_definitions()->set_epoch(segment_);
  PackDefinitions(outgoing.messages);
  v1::StreamRequest& request = outgoing.messages.emplace_back();
  *request.mutable_batch() = std::move(batch);
  outgoing.bytes = request.ByteSizeLong();
  outgoing.sendable = outgoing.bytes <= contract::kMessageBytesMax;
  // The definitions of a batch that is not sent are told with the one after it.
  if (!outgoing.sendable) untold_.MergeFrom(request.batch().definitions());
  return outgoing;
}

void BatchSource::PackDefinitions(std::vector<v1::StreamRequest>& messages) {
  v1::SeriesDefinitions* part = nullptr;
  size_t bytes = 0;
  for (v1::SeriesDefinition& definition : *untold_.mutable_series()) {
    const size_t more = definition.ByteSizeLong() + 8;
    if (part == nullptr || bytes + more > contract::kMessageBytesMax / 2 ||
        part->series_size() >= static_cast<int>(contract::kDefinitionsMax)) {
      part = messages.emplace_back().mutable_definitions();
      part->set_epoch(segment_);
      bytes = 0;
    }
    bytes += more;
    *part->add_series() = std::move(definition);
  }
  untold_.Clear();
}

}  // namespace ora::collector
