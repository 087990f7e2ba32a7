// One log: what its files have grown by, and reading it.
#include <algorithm>
#include <utility>

#include "collector/tail/followed_log.h"

namespace ora::collector {
namespace {

using storage::FileStatus;
using storage::ReadableFile;

// A file that is written to more often is polled, which costs less than hints for it.
constexpr absl::Duration kQuietMin = absl::Seconds(2);
constexpr size_t kBlockBytes = size_t{256} << 10;

}  // namespace

bool FollowedLog::OpenForReading(FollowedFile& file) {
  absl::StatusOr<std::unique_ptr<ReadableFile>> opened = Open(file.path);
  if (!opened.ok()) return false;
  const absl::StatusOr<FileStatus> status = (*opened)->Status();
  if (!status.ok() || status->device != file.device || status->inode != file.inode) return false;
  if (!file.is_archive()) {
    file.handle = *std::move(opened);
    return true;
  }
  if (ArchiveIdOf(*status) != ArchiveIdOf(file)) return false;
  auto archive = ArchiveFile::Make(*std::move(opened), parts_.archives_open);
  if (!archive.ok()) return false;
  (*archive)->set_length(file.size_seen);
  file.handle = *std::move(archive);
  return true;
}

bool FollowedLog::Poll() {
  bool look = false;
  bool base_known = false;
  const uint64_t told_bytes = told_.storage_bytes;
  const absl::Duration now = parts_.clock.Monotonic();
  const absl::StatusOr<FileStatus> base = parts_.files.Stat(description_.path);
  for (FollowedFile& file : files_) {
    if (!file.is_there()) continue;
    FileStatus status;
    const bool is_base = base.ok() && base->device == file.device && base->inode == file.inode;
    if (is_base) {
      base_known = true;
      status = *base;
      if (!file.attached || !file.is_base()) look = true;  // Renamed back, or seen late.
    } else if (file.handle != nullptr) {
      absl::StatusOr<FileStatus> handle_status = file.handle->Status();
      if (!handle_status.ok()) continue;
      status = *handle_status;
      if (file.is_base()) look = true;  // Renamed away or deleted.
    } else {
      if (file.is_base()) look = true;
      continue;
    }
    // Written anew to the very same size, or cut: only its content can tell.
    const bool rewritten =
        status.size_bytes == file.size_seen && status.modify_time != file.modify_time;
    if (status.size_bytes < file.size_seen || rewritten) look = true;
    if (!rewritten) file.modify_time = status.modify_time;
    // It may have been written, copied and cut before these bytes came.
    if (file.head.empty() && status.size_bytes > 0) look = true;
    // What is read in this turn proves itself; what waits for its turn must be proven, or it would
    // not be counted if it were cut now.
    const bool waits = file.has_more() && file.handle != nullptr;
    Grow(file, status.size_bytes);
    if (waits && file.size_proven < file.size_seen) Prove(file);
    const absl::Duration idle = now - file.changed_at;
    // Each look at the directory has the rest read again, so that does not hold up its end.
    if (idle >= parts_.options.unfinished_line_timeout) file.Pause();
    if (is_base) continue;
    if (status.link_count == 0 && file.unread_bytes() > 0 &&
        idle >= parts_.options.held_deleted_max) {
      // A compressed copy may still have it; else it is lost.
      file.handle.reset();
      file.let_go = true;
      look = true;
      continue;
    }
    const bool lingered = idle >= parts_.options.linger;
    if (file.has_more() && !lingered) continue;
    if (status.link_count == 0 || lingered) file.Pause();
    if (lingered && file.unread_bytes() == 0) {
      file.handle.reset();
      file.ended = false;
      if (!file.attached) look = true;
    }
  }
  if (base.ok() && !base_known && base->type == storage::FileType::kRegular &&
      !parts_.unreadable.contains(description_.path)) {
    look = true;
  }
  if (told_.storage_bytes != told_bytes) parts_.sink.OnFiles(id_, told_);
  return look;
}

FollowedFile* FollowedLog::NextToRead() {
  // What an archive holds may be older than all that is known.
  if (archives_.wants_survey()) return nullptr;
  for (FollowedFile& file : files_) {
    if (file.has_more()) return &file;
    if (file.handle == nullptr || !file.is_there() || &file == &files_.back()) continue;
    // Its writer may have written on before it turned to the next file.
    const absl::StatusOr<FileStatus> status = file.handle->Status();
    if (status.ok()) Grow(file, status->size_bytes);
    if (file.has_more()) return &file;
  }
  return nullptr;
}

FollowedLog::ReadResult FollowedLog::ReadSome(size_t bytes_max) {
  if (archives_.wants_survey()) return Survey(bytes_max);
  FollowedFile* const next = NextToRead();
  if (next == nullptr) return {};
  FollowedFile& file = *next;
  if (file.is_archive()) {
    const absl::optional<ReadResult> wait = ApproachInArchive(file, bytes_max);
    if (wait.has_value()) return *wait;
  } else if (file.handle == nullptr && !OpenForReading(file)) {
    file.looked_at = file.size_seen;  // Not again before the next look or growth.
    return {.look = true};
  }
  const BlockLimits limits{.bytes_max = std::min(bytes_max, kBlockBytes),
                           .line_bytes_max = parts_.options.line_bytes_max};
  const absl::StatusOr<Block> block = ReadBlock(file, limits, parts_.buffer);
  if (!block.ok()) {
    parts_.read_errors.Increment();
    file.looked_at = file.size_seen;
    return {};
  }
  if (block->kind == BlockKind::kReplaced) {
    file.verified = false;
    file.looked_at = file.size_seen;
    return {.look = true};
  }
  ++version_;
  if (block->bytes.empty()) return {};
  if (block->kind == BlockKind::kLongPart && !file.line_begun) parts_.long_lines.Increment();
  const ReadResult result{.bytes = block->bytes.size()};
  HandOn(file, *block);
  KeepHandle(file);
  if (file.is_archive() && file.unread_bytes() == 0) SettleArchive(file);
  return result;
}

void FollowedLog::HandOn(FollowedFile& file, const Block& block) {
  absl::string_view bytes = block.bytes;
  if (file.offset == 0) bytes.remove_prefix(std::min(bytes.size(), BytesOfMark(file.head)));
  absl::string_view text = TextOf(bytes, file.encoding(), parts_.text);
  const bool line_begun = file.line_begun;
  TakeBlock(file, block);
  if (text.empty()) {  // A mark alone begins no line.
    file.line_begun = line_begun;
    return;
  }
  if (line_begun) {
    const size_t end = text.find('\n');
    const absl::string_view rest = text.substr(0, end == absl::string_view::npos ? end : end + 1);
    text.remove_prefix(rest.size());
    parts_.sink.OnRest(id_, rest);
  }
  if (!text.empty()) parts_.sink.OnLines(id_, text);
}

void FollowedLog::KeepHandle(FollowedFile& file) {
  if (parts_.files_open <= parts_.options.handles_max) return;
  if (!file.attached || file.is_archive()) return;
  file.handle.reset();
  parts_.handle_refused = true;
}

void FollowedLog::AddIdleHandles(std::vector<IdleHandle>& idle) {
  for (FollowedFile& file : files_) {
    if (file.handle == nullptr || !file.attached || file.is_archive() || file.has_more()) continue;
    idle.push_back({.file = &file, .changed_at = file.changed_at});
  }
}

bool FollowedLog::has_more() const {
  return archives_.wants_survey() ||
         std::any_of(files_.begin(), files_.end(),
                     [](const FollowedFile& file) { return file.has_more(); });
}

bool FollowedLog::IsQuiet() const {
  if (!hintable_ || archives_.wants_survey() || !others_.empty()) return false;
  const absl::Duration now = parts_.clock.Monotonic();
  bool has_base = false;
  for (const FollowedFile& file : files_) {
    if (!file.attached || file.unread_bytes() > 0 || now - file.changed_at < kQuietMin) {
      return false;
    }
    if (!file.is_base() && file.handle != nullptr) return false;
    has_base = has_base || file.is_base();
  }
  return has_base;
}

uint64_t FollowedLog::bytes_behind() const {
  uint64_t bytes = 0;
  for (const FollowedFile& file : files_) bytes += file.unread_bytes();
  return bytes;
}

}  // namespace ora::collector
