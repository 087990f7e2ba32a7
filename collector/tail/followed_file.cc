#include "collector/tail/followed_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "proto/status/status_macros.h"

namespace ora::collector {

state::v1::FollowedFileState StateOf(const FollowedFile& file) {
  state::v1::FollowedFileState state;
  state.set_path(file.path);
  state.set_device(file.device);
  state.set_inode(file.inode);
  state.set_offset(file.offset);
  state.set_head(file.head);
  state.set_before_offset(file.before_offset);
  state.set_size_seen(file.size_proven);
  if (file.is_archive()) {
    state.set_compressed_bytes(file.compressed_bytes);
    state.set_modify_nanos(static_cast<uint64_t>(absl::ToUnixNanos(file.modify_time)));
  }
  state.set_line_begun(file.line_begun);
  state.set_cut(file.fate == FollowedFile::Fate::kTruncated);
  return state;
}

FollowedFile FileOfState(const state::v1::FollowedFileState& state) {
  FollowedFile file;
  file.path = state.path();
  const absl::string_view path = file.path;
  file.rank = ParseBackupName(path.substr(path.rfind('/') + 1)).rank;
  file.device = state.device();
  file.inode = state.inode();
  file.offset = state.offset();
  file.head = state.head();
  file.before_offset = state.before_offset();
  file.size_seen = state.size_seen();
  file.size_proven = state.size_seen();
  file.compressed_bytes = state.compressed_bytes();
  if (file.is_archive()) {
    file.modify_time = absl::FromUnixNanos(static_cast<int64_t>(state.modify_nanos()));
    file.ended = true;
  }
  file.line_begun = state.line_begun();
  if (state.cut()) file.fate = FollowedFile::Fate::kTruncated;
  return file;
}

absl::StatusOr<std::string> ReadBytes(storage::ReadableFile& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    size_t got = 0;
    ORA_ASSIGN_OR_RETURN(got,
                         file.ReadAt(offset + have, absl::MakeSpan(&bytes[have], size - have)));
    if (got == 0) break;
    have += got;
  }
  bytes.resize(have);
  return bytes;
}

absl::StatusOr<bool> HoldsContentOf(storage::ReadableFile& file, const FollowedFile& known) {
  std::string head;
  ORA_ASSIGN_OR_RETURN(head, ReadBytes(file, 0, known.head.size()));
  if (head != known.head) return false;
  std::string before;
  ORA_ASSIGN_OR_RETURN(before, ReadBytes(file, known.offset - known.before_offset.size(),
                                         known.before_offset.size()));
  return before == known.before_offset;
}

absl::StatusOr<bool> IsCopyOf(storage::ReadableFile& copy, uint64_t size_bytes,
                              const FollowedFile& known) {
  const size_t size = std::min<uint64_t>(size_bytes, known.head.size());
  std::string head;
  ORA_ASSIGN_OR_RETURN(head, ReadBytes(copy, 0, size));
  if (head.size() != size || !absl::StartsWith(known.head, head)) return false;
  // A head that is short is all there was.
  if (size_bytes < known.offset) return size_bytes <= size || size == kHeadBytesMax;
  std::string before;
  ORA_ASSIGN_OR_RETURN(before, ReadBytes(copy, known.offset - known.before_offset.size(),
                                         known.before_offset.size()));
  return before == known.before_offset;
}

absl::StatusOr<bool> IsPrefixOf(storage::ReadableFile& copy, storage::ReadableFile& original) {
  storage::FileStatus copy_status;
  storage::FileStatus original_status;
  ORA_ASSIGN_OR_RETURN(copy_status, copy.Status());
  ORA_ASSIGN_OR_RETURN(original_status, original.Status());
  const uint64_t size = copy_status.size_bytes;
  if (size > original_status.size_bytes) return false;
  const uint64_t tail = size > kHeadBytesMax ? size - kHeadBytesMax : 0;
  for (const uint64_t offset : {uint64_t{0}, tail}) {
    const size_t count = std::min<uint64_t>(size, kHeadBytesMax);
    std::string mine;
    std::string theirs;
    ORA_ASSIGN_OR_RETURN(mine, ReadBytes(copy, offset, count));
    ORA_ASSIGN_OR_RETURN(theirs, ReadBytes(original, offset, count));
    if (mine != theirs) return false;
  }
  return true;
}

namespace {

// True if the file still begins as it did; takes over what its head has grown by.
absl::StatusOr<bool> CheckHead(FollowedFile& file) {
  std::string head;
  ORA_ASSIGN_OR_RETURN(head, ReadBytes(*file.handle, 0, kHeadBytesMax));
  if (!absl::StartsWith(head, file.head)) return false;
  file.head = std::move(head);
  return true;
}

}  // namespace

absl::StatusOr<Block> ReadBlock(FollowedFile& file, const BlockLimits& limits,
                                std::vector<char>& buffer) {
  const Block replaced{.kind = BlockKind::kReplaced};
  const size_t before = file.before_offset.size();
  size_t want = std::min(limits.bytes_max, limits.line_bytes_max);
  while (true) {
    bool same = false;
    ORA_ASSIGN_OR_RETURN(same, CheckHead(file));
    if (!same) return replaced;
    if (buffer.size() < before + want) buffer.resize(before + want);
    size_t have = 0;
    while (have < before + want) {
      size_t got = 0;
      ORA_ASSIGN_OR_RETURN(
          got, file.handle->ReadAt(file.offset - before + have,
                                   absl::MakeSpan(&buffer[have], before + want - have)));
      if (got == 0) break;
      have += got;
    }
    storage::FileStatus status;
    ORA_ASSIGN_OR_RETURN(status, file.handle->Status());
    ORA_ASSIGN_OR_RETURN(same, CheckHead(file));
    if (!same || have < before || status.size_bytes < file.offset - before + have ||
        std::memcmp(buffer.data(), file.before_offset.data(), before) != 0) {
      return replaced;
    }
    file.size_seen = status.size_bytes;
    file.size_proven = status.size_bytes;
    const absl::string_view bytes(buffer.data() + before, have - before);
    const TextEncoding encoding = file.encoding();
    if (const size_t lines = BytesOfLines(bytes, encoding); lines > 0) {
      return Block{.kind = BlockKind::kLines, .bytes = bytes.substr(0, lines)};
    }
    const absl::string_view part = bytes.substr(0, BytesOfCharacters(bytes, encoding));
    const bool is_all = bytes.size() < want;
    if (is_all) file.looked_at = file.offset + bytes.size();
    const bool takes_part = file.line_begun || (file.takes_parts() && is_all);
    if (takes_part && !part.empty()) return Block{.kind = BlockKind::kPart, .bytes = part};
    // Half a character at the end of what was written.
    if (file.ended && is_all && !bytes.empty())
      return Block{.kind = BlockKind::kPart, .bytes = bytes};
    if (is_all) return Block{};
    if (want >= limits.line_bytes_max) return Block{.kind = BlockKind::kLongPart, .bytes = part};
    want = std::min(want * 4, limits.line_bytes_max);
  }
}

void TakeBlock(FollowedFile& file, const Block& block) {
  file.offset += block.bytes.size();
  const absl::string_view last =
      block.bytes.substr(block.bytes.size() - std::min(block.bytes.size(), kBeforeBytesMax));
  file.before_offset.append(last.data(), last.size());
  if (file.before_offset.size() > kBeforeBytesMax) {
    file.before_offset.erase(0, file.before_offset.size() - kBeforeBytesMax);
  }
  file.line_begun = block.kind != BlockKind::kLines;
  file.paused = false;
}

absl::Status PlaceAt(FollowedFile& file, uint64_t offset) {
  const size_t before = std::min<uint64_t>(offset, kBeforeBytesMax);
  ORA_ASSIGN_OR_RETURN(file.head, ReadBytes(*file.handle, 0, kHeadBytesMax));
  ORA_ASSIGN_OR_RETURN(file.before_offset, ReadBytes(*file.handle, offset - before, before));
  file.offset = offset;
  file.looked_at = 0;
  return absl::OkStatus();
}

}  // namespace ora::collector
