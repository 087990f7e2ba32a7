#include "collector/tail/archive/archive_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

constexpr size_t kInputBytes = size_t{64} << 10;
constexpr size_t kPieceBytes = size_t{128} << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<ArchiveFile>> ArchiveFile::Make(
    std::unique_ptr<storage::ReadableFile> compressed, size_t& open) {
  char magic[kArchiveMagicBytes];
  size_t got = 0;
  ORA_ASSIGN_OR_RETURN(got, compressed->ReadAt(0, absl::MakeSpan(magic)));
  if (got < kArchiveMagicBytes) {
    return absl::UnavailableError("has too few bytes yet to tell how it is compressed");
  }
  const ArchiveFormat format = ArchiveFormatOf({magic, got});
  if (format == ArchiveFormat::kUnknown) {
    return absl::FailedPreconditionError("is compressed neither by gzip nor by zstd");
  }
  std::unique_ptr<ArchiveFile> file(new ArchiveFile(std::move(compressed), format, open));
  ORA_RETURN_IF_ERROR(file->Rewind());
  return file;
}

absl::Status ArchiveFile::Rewind() {
  ORA_ASSIGN_OR_RETURN(decoder_, ArchiveDecoder::Make(format_));
  input_.clear();
  input_at_ = 0;
  input_offset_ = 0;
  input_ended_ = false;
  window_.clear();
  window_start_ = 0;
  tail_.clear();
  at_end_ = false;
  return absl::OkStatus();
}

absl::Status ArchiveFile::Fill() {
  if (input_at_ < input_.size() || input_ended_) return absl::OkStatus();
  input_.resize(kInputBytes);
  input_at_ = 0;
  size_t got = 0;
  ORA_ASSIGN_OR_RETURN(got, compressed_->ReadAt(input_offset_, absl::MakeSpan(input_)));
  input_.resize(got);
  input_offset_ += got;
  input_ended_ = got == 0;
  return absl::OkStatus();
}

void ArchiveFile::SeeEnd(End end) {
  at_end_ = true;
  end_ = end;
  length_ = decoded();
}

void ArchiveFile::TakePiece(absl::string_view piece, uint64_t keep_from) {
  if (head_.size() < kPrintBytes && decoded() == head_.size()) {
    head_.append(piece.data(), std::min(piece.size(), kPrintBytes - head_.size()));
  }
  const absl::string_view last = piece.substr(piece.size() - std::min(piece.size(), kPrintBytes));
  tail_.append(last.data(), last.size());
  if (tail_.size() > kPrintBytes) tail_.erase(0, tail_.size() - kPrintBytes);
  const uint64_t end = decoded() + piece.size();
  if (decoded() < keep_from) {
    // Nothing before `keep_from` will be asked for.
    const uint64_t start = std::min(keep_from, end);
    window_.clear();
    piece.remove_prefix(start - (end - piece.size()));
    window_start_ = start;
  }
  window_.append(piece.data(), piece.size());
}

absl::Status ArchiveFile::DecodePiece(uint64_t keep_from) {
  ORA_RETURN_IF_ERROR(Fill());
  piece_.resize(kPieceBytes);
  const absl::string_view input = absl::string_view(input_).substr(input_at_);
  const absl::StatusOr<ArchiveDecoder::Step> step = decoder_->Decode(input, absl::MakeSpan(piece_));
  const bool stuck = step.ok() && step->taken == 0 && step->made == 0 && !input.empty();
  if (!step.ok() || stuck) {
    SeeEnd(End::kDamaged);
    return absl::OkStatus();
  }
  input_at_ += step->taken;
  TakePiece(absl::string_view(piece_.data(), step->made), keep_from);
  if (input_ended_ && step->made == 0) SeeEnd(decoder_->at_end() ? End::kWhole : End::kCut);
  return absl::OkStatus();
}

absl::StatusOr<size_t> ArchiveFile::Advance(uint64_t offset, size_t bytes_max) {
  if (offset < window_start_) ORA_RETURN_IF_ERROR(Rewind());
  const uint64_t before = decoded();
  while (!at_end_ && decoded() < offset && decoded() - before < bytes_max) {
    ORA_RETURN_IF_ERROR(DecodePiece(offset));
  }
  return static_cast<size_t>(decoded() - before);
}

absl::StatusOr<size_t> ArchiveFile::ReadAt(uint64_t offset, absl::Span<char> into) {
  if (length_.has_value()) {
    const uint64_t left = offset < *length_ ? *length_ - offset : 0;
    into = into.first(std::min<uint64_t>(into.size(), left));
  }
  if (offset + into.size() <= head_.size()) {
    std::memcpy(into.data(), head_.data() + offset, into.size());
    return into.size();
  }
  if (offset < window_start_) ORA_RETURN_IF_ERROR(Rewind());
  const uint64_t end = offset + into.size();
  if (offset > window_start_ && offset <= decoded()) {
    window_.erase(0, offset - window_start_);
    window_start_ = offset;
  }
  while (!at_end_ && decoded() < end) ORA_RETURN_IF_ERROR(DecodePiece(offset));
  if (decoded() <= offset) return 0;
  const size_t count = std::min<uint64_t>(into.size(), decoded() - offset);
  std::memcpy(into.data(), window_.data() + (offset - window_start_), count);
  return count;
}

absl::StatusOr<storage::FileStatus> ArchiveFile::Status() {
  storage::FileStatus status;
  ORA_ASSIGN_OR_RETURN(status, compressed_->Status());
  status.size_bytes = length();
  return status;
}

}  // namespace ora::collector
