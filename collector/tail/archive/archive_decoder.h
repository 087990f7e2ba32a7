// Turns the bytes of a compressed file into its text, a piece at a time.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ora::collector {

// By their first bytes, not by their names.
enum class ArchiveFormat { kGzip, kZstd, kUnknown };

// Bytes that tell the format.
inline constexpr size_t kArchiveMagicBytes = 4;

// kUnknown for anything else, and for fewer than kArchiveMagicBytes bytes.
ArchiveFormat ArchiveFormatOf(absl::string_view first_bytes);

// One thread. Members and frames that follow each other are one text, as gzip and zstd hold it.
class ArchiveDecoder {
 public:
  struct Step {
    size_t taken = 0;  // Of the input.
    size_t made = 0;   // Into the output.
  };

  virtual ~ArchiveDecoder() = default;

  // `format` is a known one. RESOURCE_EXHAUSTED: no memory for it.
  static absl::StatusOr<std::unique_ptr<ArchiveDecoder>> Make(ArchiveFormat format);

  // Decodes some of `input` into `output`. Neither taken nor made: it needs more input. DATA_LOSS:
  // the input is damaged, or wants more memory than a window of 128 MiB.
  virtual absl::StatusOr<Step> Decode(absl::string_view input, absl::Span<char> output) = 0;

  // The input so far ends where a text may end.
  virtual bool at_end() const = 0;
};

}  // namespace ora::collector
