// The text of a compressed file, as if it were a file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "collector/tail/archive/archive_decoder.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// Counts the archives that are open: each may hold a decoder's window.
class ArchiveSlot {
 public:
  explicit ArchiveSlot(size_t& open) : open_(open) { ++open_; }
  ~ArchiveSlot() { --open_; }
  ArchiveSlot(const ArchiveSlot&) = delete;
  ArchiveSlot& operator=(const ArchiveSlot&) = delete;

 private:
  size_t& open_;
};

// Read forward it decodes each byte once; a read before the last one's beginning begins the
// decoding again, but for the first bytes, which are kept. One thread.
class ArchiveFile final : public storage::ReadableFile {
 public:
  enum class End {
    kNotSeen,
    kWhole,    // The text ended with the file.
    kCut,      // The file ended within the text: it is still written, or its writer died.
    kDamaged,  // What comes after the bytes that were decoded cannot be.
  };
  // Of the text's first and last bytes each.
  static constexpr size_t kPrintBytes = 256;

  // `open` counts it while it lives, and outlives it. FAILED_PRECONDITION: the format is none that
  // can be decoded; UNAVAILABLE: it has too few bytes to tell.
  static absl::StatusOr<std::unique_ptr<ArchiveFile>> Make(
      std::unique_ptr<storage::ReadableFile> compressed, size_t& open);

  // Decodes on until `offset` of the text or its end is reached, at most about `bytes_max` bytes;
  // returns how many. 0: it is reached.
  absl::StatusOr<size_t> Advance(uint64_t offset, size_t bytes_max);

  // Fewer bytes than there are only at the text's end, or where it is cut or damaged.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> into) override;

  // Of the compressed file, but size_bytes is the text's length, 0 while that is not known.
  absl::StatusOr<storage::FileStatus> Status() override;

  // The length is known from an earlier look at the same file.
  void set_length(uint64_t length) { length_ = length; }

  End end() const { return end_; }
  // Once the end was seen: the text's length, its first and its last bytes.
  uint64_t length() const { return length_.value_or(0); }
  const std::string& head() const { return head_; }
  const std::string& tail() const { return tail_; }

 private:
  ArchiveFile(std::unique_ptr<storage::ReadableFile> compressed, ArchiveFormat format, size_t& open)
      : compressed_(std::move(compressed)), format_(format), slot_(open) {}

  absl::Status Rewind();
  // Decodes one piece of the text to the window's end; what lies before `keep_from` is let go.
  absl::Status DecodePiece(uint64_t keep_from);
  absl::Status Fill();
  void TakePiece(absl::string_view piece, uint64_t keep_from);
  void SeeEnd(End end);
  uint64_t decoded() const { return window_start_ + window_.size(); }

  const std::unique_ptr<storage::ReadableFile> compressed_;
  const ArchiveFormat format_;
  const ArchiveSlot slot_;
  std::unique_ptr<ArchiveDecoder> decoder_;
  std::string input_;  // Compressed bytes that are not decoded yet, from input_at_ on.
  size_t input_at_ = 0;
  uint64_t input_offset_ = 0;  // Of the next compressed bytes.
  bool input_ended_ = false;
  std::string piece_;
  std::string window_;
  uint64_t window_start_ = 0;
  std::string head_;
  std::string tail_;
  End end_ = End::kNotSeen;
  bool at_end_ = false;  // Of this pass.
  absl::optional<uint64_t> length_;
};

}  // namespace ora::collector
