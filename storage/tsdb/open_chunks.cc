#include "storage/tsdb/open_chunks.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace ora::storage {
namespace {

constexpr size_t kSegmentSeries = OpenSegment::kSeries;
// How many runs of a record are called for before they are appended.
constexpr size_t kRunsAhead = 8;

std::shared_ptr<const OpenSegment> SegmentIn(
    const std::vector<std::shared_ptr<OpenSegment>>& segments, size_t segment) {
  return segment < segments.size() ? segments[segment] : nullptr;
}

int64_t OldestOf(const std::shared_ptr<const OpenSegment>& segment) {
  return segment == nullptr ? std::numeric_limits<int64_t>::max() : segment->oldest_millis();
}

// Those that hold these ids, ascending, each once.
std::vector<size_t> SegmentsOf(absl::Span<const SeriesId> ids) {
  std::vector<bool> held;
  for (const SeriesId id : ids) {
    const size_t segment = id / kSegmentSeries;
    if (segment >= held.size()) held.resize(segment + 1);
    held[segment] = true;
  }
  std::vector<size_t> segments;
  for (size_t segment = 0; segment < held.size(); ++segment) {
    if (held[segment]) segments.push_back(segment);
  }
  return segments;
}

}  // namespace

OpenSegment& OpenGeneration::SegmentOf(size_t segment) {
  if (segment >= segments_.size()) segments_.resize(segment + 1);
  if (segments_[segment] == nullptr) {
    segments_[segment] = std::make_shared<OpenSegment>();
    bytes_ += segments_[segment]->bytes();
  }
  return *segments_[segment];
}

uint32_t OpenGeneration::CountOf(SeriesId id) const {
  const size_t segment = id / kSegmentSeries;
  if (segment >= segments_.size() || segments_[segment] == nullptr) return 0;
  return segments_[segment]->CountOf(id % kSegmentSeries);
}

void OpenGeneration::Append(const SampleRun& run) {
  samples_ += run.count;
  SampleRun rest = run;
  while (rest.count > 0) {
    OpenSegment& segment = SegmentOf(rest.first / kSegmentSeries);
    const size_t first = rest.first % kSegmentSeries;
    const auto count = static_cast<uint32_t>(std::min<size_t>(rest.count, kSegmentSeries - first));
    const uint64_t bytes_before = segment.bytes();
    segment.Append(first, count, rest.time_millis, rest.values);
    bytes_ += segment.bytes() - bytes_before;
    rest.first += count;
    rest.count -= count;
    rest.values += count * sizeof(double);
  }
}

void OpenGeneration::Prefetch(const SampleRun& run) const {
  const size_t segment = run.first / kSegmentSeries;
  if (segment >= segments_.size() || segments_[segment] == nullptr) return;
  segments_[segment]->Prefetch(run.first % kSegmentSeries, run.count);
}

std::shared_ptr<const OpenSegment> OpenGeneration::Release(size_t segment) {
  if (segment >= segments_.size() || segments_[segment] == nullptr) return nullptr;
  samples_ -= segments_[segment]->samples();
  bytes_ -= segments_[segment]->bytes();
  return std::exchange(segments_[segment], nullptr);
}

void OpenGeneration::ForEachSeries(
    size_t segment, absl::FunctionRef<void(SeriesId, const SampleColumns&)> visit) const {
  const std::shared_ptr<const OpenSegment> open = SegmentIn(segments_, segment);
  if (open == nullptr) return;
  SampleColumns samples;
  OpenSegment::Position position;
  for (size_t i = 0; i < kSegmentSeries; ++i) {
    if (open->CountOf(i) == 0) continue;
    samples.clear();
    open->Capture(i, position);
    open->Read(position, position.count, samples);
    visit(static_cast<SeriesId>(segment * kSegmentSeries + i), samples);
  }
}

absl::flat_hash_map<std::string, uint64_t> OpenGeneration::marks() const {
  absl::flat_hash_map<std::string, uint64_t> marks;
  marks.reserve(marks_.size());
  for (const auto& [sender, sequence] : marks_) marks.emplace(sender->key(), sequence);
  return marks;
}

OpenChunks::OpenChunks() : growing_(std::make_shared<OpenGeneration>()) {}

void OpenChunks::Log(uint64_t log_number, const BatchRecord& record,
                     absl::Span<Sender* const> senders) {
  growing_->last_log_number_ = log_number;
  size_t next = 0;
  record.ForEachMark([&](const BatchMark& mark) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (const Sender* sender = senders[next++]; sender != nullptr) {
      growing_->marks_[sender] = mark.sequence;
    }
  });
}

void OpenChunks::Apply(uint64_t log_number, const BatchRecord& record,
                       absl::Span<Sender* const> senders) {
  absl::MutexLock lock(&mutex_);
  Log(log_number, record, senders);
  std::array<SampleRun, kRunsAhead> ahead;  // A ring: run i is at i % kRunsAhead.
  size_t seen = 0;
  record.ForEachRun([&](const SampleRun& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    SampleRun& place = ahead[seen % kRunsAhead];
    if (seen >= kRunsAhead) growing_->Append(place);
    growing_->Prefetch(run);
    place = run;
    ++seen;
  });
  for (size_t i = seen - std::min(seen, kRunsAhead); i < seen; ++i) {
    growing_->Append(ahead[i % kRunsAhead]);
  }
}

uint64_t OpenChunks::ApplyKnown(uint64_t log_number, const BatchRecord& record,
                                absl::Span<Sender* const> senders,
                                absl::FunctionRef<bool(SeriesId)> is_known) {
  absl::MutexLock lock(&mutex_);
  Log(log_number, record, senders);
  uint64_t dropped = 0;
  record.ForEachRun([&](const SampleRun& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    SampleRun known = run;
    known.count = 0;
    for (uint32_t i = 0; i < run.count; ++i) {
      if (is_known(run.first + i)) {
        ++known.count;
        continue;
      }
      ++dropped;
      if (known.count > 0) growing_->Append(known);
      known = {run.first + i + 1, 0, run.time_millis, run.values + (i + 1) * sizeof(double)};
    }
    if (known.count > 0) growing_->Append(known);
  });
  return dropped;
}

OpenChunks::View OpenChunks::Capture(const Database& database,
                                     absl::Span<const SeriesId> ids) const {
  View view;
  view.segments = SegmentsOf(ids);
  view.frozen.reserve(view.segments.size());
  view.growing.reserve(view.segments.size());
  view.oldest_millis.reserve(view.segments.size());
  view.growing_counts.resize(ids.size());
  absl::ReaderMutexLock lock(&mutex_);
  for (const size_t segment : view.segments) {
    view.frozen.push_back(frozen_ != nullptr ? SegmentIn(frozen_->segments_, segment) : nullptr);
    view.growing.push_back(SegmentIn(growing_->segments_, segment));
    view.oldest_millis.push_back(
        std::min(OldestOf(view.frozen.back()), OldestOf(view.growing.back())));
  }
  for (size_t i = 0; i < ids.size(); ++i) view.growing_counts[i] = growing_->CountOf(ids[i]);
  // Under the lock: were it taken before, what is released in between would be in neither.
  view.sealed = database.Snapshot();
  return view;
}

void OpenChunks::Read(const View& view, size_t position, SeriesId id, int64_t end_millis,
                      SampleColumns& append_to) const {
  const auto segment =
      std::lower_bound(view.segments.begin(), view.segments.end(), id / kSegmentSeries) -
      view.segments.begin();
  if (view.oldest_millis[static_cast<size_t>(segment)] > end_millis) return;
  OpenSegment::Position place;
  if (const auto& frozen = view.frozen[static_cast<size_t>(segment)]; frozen != nullptr) {
    frozen->Capture(id % kSegmentSeries, place);
    frozen->Read(place, place.count, append_to);
  }
  // A segment only appends, so its first samples are those of the capture.
  const uint32_t count = view.growing_counts[position];
  if (count == 0) return;
  const OpenSegment& growing = *view.growing[static_cast<size_t>(segment)];
  {
    absl::ReaderMutexLock lock(&mutex_);
    growing.Capture(id % kSegmentSeries, place);
  }
  growing.Read(place, count, append_to);
}

std::shared_ptr<const OpenGeneration> OpenChunks::Freeze() {
  absl::MutexLock lock(&mutex_);
  if (frozen_ != nullptr) return frozen_;
  if (growing_->last_log_number_ == 0) return nullptr;
  frozen_ = std::exchange(growing_, std::make_shared<OpenGeneration>());
  return frozen_;
}

void OpenChunks::ReleaseFrozen(size_t segment) {
  std::shared_ptr<const OpenSegment> released;  // Freed after the lock: it may be large.
  absl::MutexLock lock(&mutex_);
  if (frozen_ != nullptr) released = frozen_->Release(segment);
}

void OpenChunks::DropFrozen() {
  std::shared_ptr<const OpenGeneration> dropped;
  absl::MutexLock lock(&mutex_);
  dropped = std::exchange(frozen_, nullptr);
}

bool OpenChunks::HasFrozen() const {
  absl::ReaderMutexLock lock(&mutex_);
  return frozen_ != nullptr;
}

std::vector<SeriesId> OpenChunks::OpenSeries() const {
  std::vector<SeriesId> ids;
  absl::ReaderMutexLock lock(&mutex_);
  const size_t frozen_end = frozen_ != nullptr ? frozen_->segments() : 0;
  const size_t end = std::max(growing_->segments(), frozen_end) * kSegmentSeries;
  for (size_t i = 0; i < end; ++i) {
    const auto id = static_cast<SeriesId>(i);
    if (growing_->CountOf(id) > 0 || (frozen_ != nullptr && frozen_->CountOf(id) > 0)) {
      ids.push_back(id);
    }
  }
  return ids;
}

uint64_t OpenChunks::samples() const {
  absl::ReaderMutexLock lock(&mutex_);
  return growing_->samples() + (frozen_ != nullptr ? frozen_->samples() : 0);
}

uint64_t OpenChunks::bytes() const {
  absl::ReaderMutexLock lock(&mutex_);
  return growing_->bytes() + (frozen_ != nullptr ? frozen_->bytes() : 0);
}

}  // namespace ora::storage
