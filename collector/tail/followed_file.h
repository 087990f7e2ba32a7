// One file of a log: who it is, how far it has been read, and reading on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "collector/tail/backup_name.h"
#include "collector/tail/line_text.h"
#include "ora/state/v1/collector_state.pb.h"
#include "storage/env/file_system.h"

namespace ora::collector {

inline constexpr size_t kHeadBytesMax = 256;
inline constexpr size_t kBeforeBytesMax = 64;

// A file as a look at its directory found it.
struct PresentFile {
  std::string path;
  BackupRank rank;
  bool compressed = false;
  storage::FileStatus status;

  bool is_base() const { return rank.kind == BackupRank::Kind::kBase && !compressed; }
};

// What is known of a file of the log. README.md says how it is told from others.
struct FollowedFile {
  // Why the content is no more where it was.
  enum class Fate { kThere, kTruncated, kDeleted };

  std::string path;
  BackupRank rank;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t offset = 0;
  std::string head;
  std::string before_offset;
  uint64_t size_seen = 0;
  uint64_t size_proven = 0;  // Seen while the content was known to be this file's.
  // Not 0: an archive of so many bytes; offset, head, before_offset and sizes are of its text.
  uint64_t compressed_bytes = 0;

  std::unique_ptr<storage::ReadableFile> handle;  // None while there is nothing to read.
  Fate fate = Fate::kThere;
  bool attached = false;  // The last look at the directory found it.
  bool placed = false;    // And its rank is true: it, or its compressed copy, was found.
  // Monotonic; when looks began not to find it, while no handle tells more.
  absl::optional<absl::Duration> missing_since;
  bool verified = false;      // In this process.
  bool ended = false;         // Nothing will be appended: a copy, or a deleted file.
  bool let_go = false;        // Its handle, before it was read to its end.
  bool paused = false;        // Nothing was appended for so long that a partial line is handed on.
  bool line_begun = false;    // The line at the offset has been handed on in part.
  absl::Time modify_time;     // When it was last seen.
  uint64_t looked_at = 0;     // No line ends between `offset` and here.
  absl::Duration changed_at;  // Monotonic; when it last grew.

  bool is_base() const { return rank.kind == BackupRank::Kind::kBase && !is_archive(); }
  bool is_archive() const { return compressed_bytes != 0; }
  bool is_there() const { return fate == Fate::kThere; }
  // Looks do not find it, and no handle tells more.
  bool is_missing() const { return !attached && handle == nullptr && is_there(); }
  uint64_t unread_bytes() const { return size_seen > offset ? size_seen - offset : 0; }
  // What is lost if the file is: not what another's content in its inode has grown to.
  uint64_t unread_proven_bytes() const { return size_proven > offset ? size_proven - offset : 0; }
  TextEncoding encoding() const { return EncodingOf(head); }
  // A line without an end is handed on as it is.
  bool takes_parts() const { return ended || paused || line_begun; }
  // It is long enough that nothing was appended.
  void Pause() {
    if (takes_parts() || unread_bytes() == 0) return;
    paused = true;
    looked_at = 0;
  }
  // What reading can hand on now.
  bool has_more() const { return is_there() && size_seen > offset && size_seen > looked_at; }
};

state::v1::FollowedFileState StateOf(const FollowedFile& file);
FollowedFile FileOfState(const state::v1::FollowedFileState& state);

// Up to `size` bytes at `offset`; fewer at the file's end.
absl::StatusOr<std::string> ReadBytes(storage::ReadableFile& file, uint64_t offset, size_t size);

// True if what `file` holds begins as `known` does and has its bytes before its offset.
absl::StatusOr<bool> HoldsContentOf(storage::ReadableFile& file, const FollowedFile& known);

// True if `copy`, of so many bytes, was taken of `known`: it begins as that does, as far as it
// goes, and has its bytes before its offset, if it was not taken before they were written.
absl::StatusOr<bool> IsCopyOf(storage::ReadableFile& copy, uint64_t size_bytes,
                              const FollowedFile& known);

// True if `copy` holds the beginning of `original`: its first and its last bytes are the same.
absl::StatusOr<bool> IsPrefixOf(storage::ReadableFile& copy, storage::ReadableFile& original);

struct BlockLimits {
  size_t bytes_max = 0;       // Of one block, unless a line is longer.
  size_t line_bytes_max = 0;  // An even number.
};

enum class BlockKind {
  kLines,     // Whole lines.
  kPart,      // Of a line whose end is not there.
  kLongPart,  // Of a line that is too long.
  kNone,      // No line end yet.
  kReplaced,  // The file is not what it was.
};

struct Block {
  BlockKind kind = BlockKind::kNone;
  absl::string_view bytes;  // In the buffer.
};

// Reads on at `file.offset` into `buffer`, checks before and after that the file is still itself,
// and brings size_seen, head and looked_at up to date; the offset stays until TakeBlock.
absl::StatusOr<Block> ReadBlock(FollowedFile& file, const BlockLimits& limits,
                                std::vector<char>& buffer);

// The block has been handed on.
void TakeBlock(FollowedFile& file, const Block& block);

// Moves `file` to `offset`, with what must be known there.
absl::Status PlaceAt(FollowedFile& file, uint64_t offset);

}  // namespace ora::collector
