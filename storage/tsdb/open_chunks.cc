#include "storage/tsdb/open_chunks.h"

#include <utility>

namespace ora::storage {

void OpenGeneration::Append(SeriesId id, const Sample& sample) {
  const size_t segment = id / kSegmentSeries;
  if (segment >= segments_.size()) segments_.resize(segment + 1);
  if (segments_[segment] == nullptr) segments_[segment] = std::make_unique<Segment>();
  segments_[segment]->series[id % kSegmentSeries].push_back(sample);
  ++samples_;
}

absl::Span<const Sample> OpenGeneration::SamplesOf(SeriesId id) const {
  const size_t segment = id / kSegmentSeries;
  if (segment >= segments_.size() || segments_[segment] == nullptr) return {};
  return segments_[segment]->series[id % kSegmentSeries];
}

void OpenGeneration::ForEachSeries(
    absl::FunctionRef<void(SeriesId, absl::Span<const Sample>)> visit) const {
  for (size_t segment = 0; segment < segments_.size(); ++segment) {
    if (segments_[segment] == nullptr) continue;
    for (size_t i = 0; i < kSegmentSeries; ++i) {
      const std::vector<Sample>& samples = segments_[segment]->series[i];
      if (!samples.empty()) visit(static_cast<SeriesId>(segment * kSegmentSeries + i), samples);
    }
  }
}

OpenChunks::OpenChunks() : growing_(std::make_shared<OpenGeneration>()) {}

void OpenChunks::Apply(absl::Span<const Logged> group) {
  absl::MutexLock lock(&mutex_);
  for (const Logged& logged : group) {
    for (const WriteBlock& block : *logged.blocks) {
      for (size_t i = 0; i < block.series.size(); ++i) {
        growing_->Append(static_cast<SeriesId>(block.series[i]),
                         {block.time_millis, block.values[i]});
      }
    }
    growing_->set_last_log_number(logged.log_number);
  }
}

OpenChunks::View OpenChunks::Capture(const Database& database,
                                     absl::Span<const SeriesId> ids) const {
  View view;
  view.growing_counts.reserve(ids.size());
  absl::ReaderMutexLock lock(&mutex_);
  view.frozen = frozen_;
  view.growing = growing_;
  for (const SeriesId id : ids) {
    view.growing_counts.push_back(static_cast<uint32_t>(growing_->SamplesOf(id).size()));
  }
  // Under the lock: were it taken before, a generation sealed in between would be in neither.
  view.sealed = database.Snapshot();
  return view;
}

std::vector<Sample> OpenChunks::Read(const View& view, size_t position, SeriesId id) const {
  std::vector<Sample> samples;
  if (view.frozen != nullptr) {
    const absl::Span<const Sample> frozen = view.frozen->SamplesOf(id);
    samples.assign(frozen.begin(), frozen.end());
  }
  // A generation only appends, so its first samples are those of the capture.
  const uint32_t count = view.growing_counts[position];
  if (count == 0) return samples;
  absl::ReaderMutexLock lock(&mutex_);
  const absl::Span<const Sample> growing = view.growing->SamplesOf(id).first(count);
  samples.insert(samples.end(), growing.begin(), growing.end());
  return samples;
}

std::shared_ptr<const OpenGeneration> OpenChunks::Freeze() {
  absl::MutexLock lock(&mutex_);
  if (frozen_ != nullptr) return frozen_;
  if (growing_->samples() == 0) return nullptr;
  frozen_ = std::exchange(growing_, std::make_shared<OpenGeneration>());
  return frozen_;
}

void OpenChunks::DropFrozen() {
  std::shared_ptr<const OpenGeneration> dropped;  // Freed after the lock: it may be large.
  absl::MutexLock lock(&mutex_);
  dropped = std::exchange(frozen_, nullptr);
}

bool OpenChunks::HasFrozen() const {
  absl::ReaderMutexLock lock(&mutex_);
  return frozen_ != nullptr;
}

uint64_t OpenChunks::bytes() const { return samples() * sizeof(Sample); }

uint64_t OpenChunks::samples() const {
  absl::ReaderMutexLock lock(&mutex_);
  return growing_->samples() + (frozen_ != nullptr ? frozen_->samples() : 0);
}

}  // namespace ora::storage
