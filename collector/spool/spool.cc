#include "collector/spool/spool.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "collector/spool/segment_format.h"
#include "collector/spool/segment_recovery.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

using storage::FileSystem;

constexpr absl::string_view kSuffix = ".seg";
// So many segments fit below bytes_max, so that what is acknowledged can be given back.
constexpr uint64_t kSegmentsMin = 8;
// What the disk keeps free, so that a segment can be begun: its header holds all of the state.
constexpr uint64_t kReserveBytes = 64 << 10;
constexpr uint64_t kReserveHeaders = 2;

// The number of a segment by its file's name; none for other files.
absl::optional<uint64_t> SegmentNumber(absl::string_view name) {
  uint64_t number = 0;
  if (!absl::EndsWith(name, kSuffix)) return absl::nullopt;
  name.remove_suffix(kSuffix.size());
  if (name.empty() || !absl::SimpleAtoi(name, &number) || number == 0) return absl::nullopt;
  return number;
}

uint64_t OffsetOf(const Segment& segment, size_t index) {
  uint64_t offset = segment.header_bytes;
  for (size_t i = 0; i < index; ++i) offset += segment.record_bytes[i];
  return offset;
}

class SegmentedSpool final : public Spool {
 public:
  SegmentedSpool(const SpoolOptions& options, FileSystem& files, storage::Clock& clock,
                 storage::LogSink& log, storage::Counters& counters)
      : options_(options),
        segment_bytes_max_(std::min(options.segment_bytes_max,
                                    std::max<uint64_t>(options.bytes_max / kSegmentsMin, 1))),
        files_(files),
        clock_(clock),
        log_(log),
        damaged_bytes_(counters.Get("ora_spool_damaged_bytes_total")),
        dropped_batches_(counters.Get("ora_spool_dropped_batches_total")),
        dropped_bytes_(counters.Get("ora_spool_dropped_bytes_total")),
        write_errors_(counters.Get("ora_spool_write_errors_total")) {}

  absl::Status Recover() ABSL_LOCKS_EXCLUDED(mutex_);

  uint64_t incarnation() const override { return incarnation_; }
  std::map<std::string, std::string> State() const override ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t NextSegment() const override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<uint64_t> Append(absl::string_view batch,
                                  absl::Span<const StateChange> changes) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<absl::optional<SpooledBatch>> Read(uint64_t after) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool AwaitBatch(uint64_t after, absl::Duration limit) override ABSL_LOCKS_EXCLUDED(mutex_);
  void Wake() override ABSL_LOCKS_EXCLUDED(mutex_);
  void Acknowledge(uint64_t sequence) override ABSL_LOCKS_EXCLUDED(mutex_);
  SpoolStatistics Statistics() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Where the sequential reader stands: the record `sequence` begins at `offset`.
  struct Cursor {
    uint64_t segment = 0;
    uint64_t sequence = 0;
    uint64_t offset = 0;
    std::unique_ptr<storage::ReadableFile> file;
  };

  absl::StatusOr<std::vector<RecoveredSegment>> RecoverSegments();
  void Adopt(std::vector<RecoveredSegment> recovered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutFaults(const std::vector<RecoveredSegment>& recovered)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string PathOf(uint64_t segment) const;
  std::string NextHeader() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Begins the segment `next_segment_`, with NextHeader; nothing has changed on error.
  absl::Status BeginSegment(absl::string_view header) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteNewFile(const std::string& path, absl::string_view bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status MakeRoom(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The disk must keep room for the header of a segment: where all of the newest is acknowledged, a
  // new one is what gives the old one's bytes back.
  absl::Status CheckDisk(uint64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Begins a segment where none is begun.
  absl::Status PrepareWriter() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // After a refusal for want of room: lets the next append begin a segment if that makes some.
  void GiveUpAcknowledged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AllAcknowledged() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return acknowledged_ == last_sequence_;
  }
  void DropOldestSegment() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DeleteAcknowledged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The disk has a deleted file's bytes back only when nobody holds it open.
  void LetGoOf(const Segment& segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (cursor_.segment == segment.number) cursor_ = Cursor();
  }
  // After a failed write or sync: the record must not be there, or its segment ends before it.
  void UndoAppend() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The rest of a segment, from the cursor on, cannot be read.
  void LoseRest(Segment& segment, const absl::Status& reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<SpooledBatch> ReadAtCursor(const Segment& segment, size_t index)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasBatch(uint64_t after) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t BytesOnDisk() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SpoolOptions options_;
  const uint64_t segment_bytes_max_;
  FileSystem& files_;
  storage::Clock& clock_;
  storage::LogSink& log_;
  storage::Counter& damaged_bytes_;
  storage::Counter& dropped_batches_;
  storage::Counter& dropped_bytes_;
  storage::Counter& write_errors_;
  std::unique_ptr<storage::FileLock> directory_lock_;
  uint64_t incarnation_ = 0;  // Set by Recover, then fixed.

  // Orders appends, so it is held across the write; no other lock under it.
  mutable absl::Mutex mutex_;
  std::deque<Segment> segments_ ABSL_GUARDED_BY(mutex_);  // Oldest first.
  // Of the newest segment; none if the next append begins one.
  std::unique_ptr<storage::WritableFile> writer_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_segment_ ABSL_GUARDED_BY(mutex_) = 1;
  bool newest_damaged_ ABSL_GUARDED_BY(mutex_) = false;  // The next append must go to a new one.
  uint64_t last_sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> state_ ABSL_GUARDED_BY(mutex_);
  Cursor cursor_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;  // And no wait has ended by it yet.
};

std::string SegmentedSpool::PathOf(uint64_t segment) const {
  return absl::StrFormat("%s/%08d%s", options_.directory, segment, kSuffix);
}

absl::StatusOr<std::vector<RecoveredSegment>> SegmentedSpool::RecoverSegments() {
  std::vector<storage::DirectoryEntry> entries;
  ORA_ASSIGN_OR_RETURN(entries, files_.List(options_.directory));
  std::vector<std::pair<uint64_t, std::string>> found;
  for (const storage::DirectoryEntry& entry : entries) {
    if (const absl::optional<uint64_t> number = SegmentNumber(entry.name)) {
      found.emplace_back(*number, absl::StrCat(options_.directory, "/", entry.name));
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<RecoveredSegment> recovered;
  for (const auto& [number, path] : found) {
    ORA_ASSIGN_OR_RETURN(recovered.emplace_back(), RecoverSegment(number, path, files_));
  }
  // What a later header does not know of had failed: take it back.
  uint64_t sequence_max = UINT64_MAX;
  for (auto segment = recovered.rbegin(); segment != recovered.rend(); ++segment) {
    Segment& kept = segment->segment;
    while (!kept.record_bytes.empty() && kept.end_sequence() - 1 > sequence_max) {
      kept.size_bytes -= kept.record_bytes.back();
      kept.record_bytes.pop_back();
    }
    if (segment->header) sequence_max = segment->header->last_sequence;
  }
  return recovered;
}

void SegmentedSpool::Adopt(std::vector<RecoveredSegment> recovered) {
  for (RecoveredSegment& segment : recovered) {
    next_segment_ = segment.segment.number + 1;
    if (segment.header) {
      incarnation_ = segment.header->incarnation;
      last_sequence_ = segment.segment.end_sequence() - 1;
      state_ = std::move(segment.state);
    }
    if (segment.fault == DecodeFault::kDamaged) {
      damaged_bytes_.Add(segment.lost_bytes);
      log_.Error(absl::StrCat("spool segment ", segment.segment.path, " is damaged: its last ",
                              segment.lost_bytes, " bytes are lost; check the disk"));
      // The lost records may have been sent: their sequences must not come again.
      last_sequence_ += segment.lost_bytes / kRecordPrefixBytes + 1;
    }
    if (!segment.segment.record_bytes.empty()) segments_.push_back(segment.segment);
  }
}

// Once a new header tells the sequence and the state, the faults are of no more use.
void SegmentedSpool::CutFaults(const std::vector<RecoveredSegment>& recovered) {
  for (const RecoveredSegment& segment : recovered) {
    absl::Status status;
    if (segment.segment.record_bytes.empty()) {
      status = files_.Delete(segment.segment.path);
    } else if (segment.fault != DecodeFault::kNone) {
      status = files_.Truncate(segment.segment.path, segment.segment.size_bytes);
    }
    if (!status.ok()) log_.Warning(absl::StrCat("spool: ", status.message()));
  }
}

absl::Status SegmentedSpool::Recover() {
  ORA_RETURN_IF_ERROR(files_.CreateDirectories(options_.directory));
  ORA_ASSIGN_OR_RETURN(directory_lock_, files_.Lock(absl::StrCat(options_.directory, "/lock")));
  std::vector<RecoveredSegment> recovered;
  ORA_ASSIGN_OR_RETURN(recovered, RecoverSegments());
  absl::MutexLock lock(&mutex_);
  Adopt(recovered);
  if (incarnation_ == 0) {
    incarnation_ = std::max<uint64_t>(1, static_cast<uint64_t>(absl::ToUnixNanos(clock_.Now())));
  }
  const absl::Status begun = BeginSegment(NextHeader());
  if (begun.ok()) {
    CutFaults(recovered);
  } else if (absl::IsResourceExhausted(begun)) {
    log_.Warning(absl::StrCat("spool ", options_.directory, ": ", begun.message(),
                              "; appends fail until there is room"));
  } else {
    return begun;
  }
  return absl::OkStatus();
}

absl::Status SegmentedSpool::WriteNewFile(const std::string& path, absl::string_view bytes) {
  // What an earlier try left behind must not stand before the header.
  if (absl::Status status = files_.Truncate(path, 0); !status.ok() && !absl::IsNotFound(status)) {
    return status;
  }
  ORA_ASSIGN_OR_RETURN(writer_, files_.OpenForAppend(path));
  ORA_RETURN_IF_ERROR(writer_->Append(bytes));
  ORA_RETURN_IF_ERROR(writer_->Sync());
  return files_.SyncDirectory(options_.directory);
}

std::string SegmentedSpool::NextHeader() const {
  return EncodeSegmentHeader({.segment = next_segment_,
                              .incarnation = incarnation_,
                              .last_sequence = last_sequence_,
                              .state = state_});
}

absl::Status SegmentedSpool::BeginSegment(absl::string_view header) {
  Segment segment;
  segment.number = next_segment_;
  segment.path = PathOf(next_segment_);
  segment.first_sequence = last_sequence_ + 1;
  segment.header_bytes = segment.size_bytes = header.size();
  if (absl::Status status = WriteNewFile(segment.path, header); !status.ok()) {
    writer_.reset();
    write_errors_.Increment();
    (void)files_.Delete(segment.path);  // Or cut when it is tried again.
    return status;
  }
  segments_.push_back(std::move(segment));
  return absl::OkStatus();
}

uint64_t SegmentedSpool::BytesOnDisk() const {
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.size_bytes;
  return bytes;
}

void SegmentedSpool::DropOldestSegment() {
  const Segment oldest = std::move(segments_.front());
  segments_.pop_front();
  uint64_t batches = 0;
  uint64_t bytes = 0;
  for (size_t i = 0; i < oldest.record_bytes.size(); ++i) {
    if (oldest.first_sequence + i <= acknowledged_) continue;
    ++batches;
    bytes += oldest.record_bytes[i];
  }
  LetGoOf(oldest);
  dropped_batches_.Add(batches);
  dropped_bytes_.Add(bytes);
  log_.Warning(absl::StrCat("spool ", options_.directory, " is full: dropped the oldest ", batches,
                            " batches, ", bytes, " bytes; check that the aggregator is reachable"));
  if (absl::Status status = files_.Delete(oldest.path); !status.ok()) {
    log_.Warning(absl::StrCat("spool: ", status.message()));
  }
}

absl::Status SegmentedSpool::MakeRoom(uint64_t bytes) {
  if (options_.when_full == SpoolFullPolicy::kDropOldest) {
    // The newest holds the state, unless a newer one is about to take its place.
    while (segments_.size() > 1 && BytesOnDisk() + bytes > options_.bytes_max) DropOldestSegment();
  }
  const uint64_t on_disk = BytesOnDisk();
  if (on_disk + bytes <= options_.bytes_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("spool ", options_.directory, " is full: ", on_disk, " of ", options_.bytes_max,
                   " bytes are in use and ", bytes,
                   " more are asked for; check that the aggregator is reachable"));
}

absl::Status SegmentedSpool::CheckDisk(uint64_t bytes) const {
  const absl::StatusOr<uint64_t> free = files_.FreeBytes(options_.directory);
  if (!free.ok()) return absl::OkStatus();  // The write itself will tell.
  const uint64_t header = segments_.empty() ? 0 : segments_.back().header_bytes;
  const uint64_t reserve = kReserveBytes + kReserveHeaders * header;
  if (*free >= bytes + reserve) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the disk of spool ", options_.directory, " is full: ", *free,
                   " bytes are free, ", bytes, " are asked for and ", reserve,
                   " are kept to begin a segment with; make room, or check that the aggregator is "
                   "reachable"));
}

absl::Status SegmentedSpool::PrepareWriter() {
  if (writer_ != nullptr) return absl::OkStatus();
  const std::string header = NextHeader();
  ORA_RETURN_IF_ERROR(MakeRoom(header.size()));
  // With everything acknowledged this is what the reserve is for.
  if (!AllAcknowledged()) ORA_RETURN_IF_ERROR(CheckDisk(header.size()));
  ORA_RETURN_IF_ERROR(Annotate(BeginSegment(header), absl::StrCat("spool ", options_.directory)));
  DeleteAcknowledged();
  return absl::OkStatus();
}

void SegmentedSpool::GiveUpAcknowledged() {
  if (segments_.empty() || segments_.back().record_bytes.empty() || !AllAcknowledged()) return;
  writer_.reset();
  next_segment_ = segments_.back().number + 1;
}

void SegmentedSpool::UndoAppend() {
  write_errors_.Increment();
  const Segment& newest = segments_.back();
  if (files_.Truncate(newest.path, newest.size_bytes).ok()) return;
  // What cannot be cut is void by the header of the segment that comes next.
  writer_.reset();
  next_segment_ = newest.number + 1;
}

absl::StatusOr<uint64_t> SegmentedSpool::Append(absl::string_view batch,
                                                absl::Span<const StateChange> changes) {
  absl::MutexLock lock(&mutex_);
  if (newest_damaged_) {
    // `batch` was made for the damaged segment, and names its series there.
    newest_damaged_ = false;
    next_segment_ = segments_.back().number + 1;
    return absl::UnavailableError(absl::StrCat("spool ", options_.directory, ": segment ",
                                               segments_.back().path,
                                               " is damaged; append again to the next one"));
  }
  const std::string record = EncodeRecord(last_sequence_ + 1, batch, changes);
  absl::Status status = PrepareWriter();
  if (status.ok()) status = MakeRoom(record.size());
  if (status.ok()) status = CheckDisk(record.size());
  if (!status.ok()) {
    GiveUpAcknowledged();
    return status;
  }
  status = writer_->Append(record);
  if (status.ok()) status = writer_->Sync();
  if (!status.ok()) {
    UndoAppend();
    GiveUpAcknowledged();
    return Annotate(status, absl::StrCat("spool ", options_.directory));
  }
  Segment& newest = segments_.back();
  newest.record_bytes.push_back(static_cast<uint32_t>(record.size()));
  newest.size_bytes += record.size();
  ApplyChanges(changes, state_);
  ++last_sequence_;
  if (newest.size_bytes - newest.header_bytes >= segment_bytes_max_) {
    writer_.reset();
    next_segment_ = newest.number + 1;
  } else {
    next_segment_ = newest.number;
  }
  return last_sequence_;
}

absl::StatusOr<SpooledBatch> SegmentedSpool::ReadAtCursor(const Segment& segment, size_t index) {
  const uint64_t sequence = segment.first_sequence + index;
  if (cursor_.segment != segment.number || cursor_.file == nullptr) {
    cursor_ = Cursor{.segment = segment.number, .sequence = sequence, .offset = 0, .file = nullptr};
    cursor_.offset = OffsetOf(segment, index);
    ORA_ASSIGN_OR_RETURN(cursor_.file, files_.OpenForRead(segment.path));
  }
  if (cursor_.sequence != sequence) {
    cursor_.sequence = sequence;
    cursor_.offset = OffsetOf(segment, index);
  }
  std::string bytes(segment.record_bytes[index], '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    size_t got = 0;
    ORA_ASSIGN_OR_RETURN(got,
                         cursor_.file->ReadAt(cursor_.offset + size,
                                              absl::MakeSpan(&bytes[size], bytes.size() - size)));
    if (got == 0) break;
    size += got;
  }
  const DecodedRecord decoded = DecodeRecord(absl::string_view(bytes.data(), size));
  if (decoded.fault != DecodeFault::kNone || decoded.record.sequence != sequence) {
    return absl::DataLossError(
        absl::StrCat("record ", sequence, " at ", cursor_.offset, " is not what was written"));
  }
  cursor_.offset += bytes.size();
  ++cursor_.sequence;
  return SpooledBatch{
      .sequence = sequence, .segment = segment.number, .batch = std::string(decoded.record.batch)};
}

void SegmentedSpool::LoseRest(Segment& segment, const absl::Status& reason) {
  uint64_t lost = 0;
  while (segment.end_sequence() > cursor_.sequence) {
    lost += segment.record_bytes.back();
    segment.record_bytes.pop_back();
  }
  damaged_bytes_.Add(lost);
  log_.Error(absl::StrCat("spool segment ", segment.path, ": ", reason.message(), ": its last ",
                          lost, " bytes are lost; check the disk"));
  if (segment.number != segments_.back().number) return;
  // Nothing may follow the damage in the same file, or a restart would not find it.
  writer_.reset();
  newest_damaged_ = next_segment_ == segment.number;
}

absl::StatusOr<absl::optional<SpooledBatch>> SegmentedSpool::Read(uint64_t after) {
  absl::MutexLock lock(&mutex_);
  for (Segment& segment : segments_) {
    if (segment.record_bytes.empty() || segment.end_sequence() <= after + 1) continue;
    const uint64_t sequence = std::max(segment.first_sequence, after + 1);
    absl::StatusOr<SpooledBatch> batch =
        ReadAtCursor(segment, static_cast<size_t>(sequence - segment.first_sequence));
    if (batch.ok()) return absl::optional<SpooledBatch>(*std::move(batch));
    if (!absl::IsDataLoss(batch.status()) && !absl::IsNotFound(batch.status())) {
      return Annotate(batch.status(), absl::StrCat("spool ", options_.directory));
    }
    LoseRest(segment, batch.status());
  }
  return absl::optional<SpooledBatch>();
}

bool SegmentedSpool::HasBatch(uint64_t after) const {
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (!segment->record_bytes.empty()) return segment->end_sequence() - 1 > after;
  }
  return false;
}

bool SegmentedSpool::AwaitBatch(uint64_t after, absl::Duration limit) {
  absl::MutexLock lock(&mutex_);
  const auto over = [this, after]()
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return woken_ || HasBatch(after); };
  clock_.Await(mutex_, absl::Condition(&over), limit);
  woken_ = false;
  return HasBatch(after);
}

void SegmentedSpool::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

void SegmentedSpool::DeleteAcknowledged() {
  while (segments_.size() > 1 && segments_.front().end_sequence() <= acknowledged_ + 1) {
    if (absl::Status status = files_.Delete(segments_.front().path);
        !status.ok() && !absl::IsNotFound(status)) {
      log_.Warning(absl::StrCat("spool: ", status.message()));
      return;  // Tried again with the next acknowledgement.
    }
    LetGoOf(segments_.front());
    segments_.pop_front();
  }
}

void SegmentedSpool::Acknowledge(uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  acknowledged_ = std::max(acknowledged_, std::min(sequence, last_sequence_));
  DeleteAcknowledged();
}

std::map<std::string, std::string> SegmentedSpool::State() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

uint64_t SegmentedSpool::NextSegment() const {
  absl::MutexLock lock(&mutex_);
  return next_segment_;
}

SpoolStatistics SegmentedSpool::Statistics() const {
  absl::MutexLock lock(&mutex_);
  SpoolStatistics statistics{.bytes_on_disk = BytesOnDisk(),
                             .last_sequence = last_sequence_,
                             .acknowledged_sequence = acknowledged_};
  for (const Segment& segment : segments_) {
    for (size_t i = 0; i < segment.record_bytes.size(); ++i) {
      if (segment.first_sequence + i <= acknowledged_) continue;
      ++statistics.batches_pending;
      statistics.bytes_pending += segment.record_bytes[i];
    }
  }
  return statistics;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const SpoolOptions& options, FileSystem& files,
                                                   storage::Clock& clock, storage::LogSink& log,
                                                   storage::Counters& counters) {
  auto spool = std::make_unique<SegmentedSpool>(options, files, clock, log, counters);
  ORA_RETURN_IF_ERROR(Annotate(spool->Recover(), absl::StrCat("spool ", options.directory)));
  return std::unique_ptr<Spool>(std::move(spool));
}

}  // namespace ora::collector
