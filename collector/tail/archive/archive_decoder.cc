#include "collector/tail/archive/archive_decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kGzipMagic = "\x1f\x8b";
constexpr absl::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr int kGzipWrapper = 16;  // Added to the window's bits: a gzip header and trailer, checked.
constexpr int kZstdWindowLogMax = 27;

class GzipDecoder final : public ArchiveDecoder {
 public:
  ~GzipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }

  absl::Status Begin() {
    if (inflateInit2(&stream_, MAX_WBITS + kGzipWrapper) != Z_OK) {
      return absl::ResourceExhaustedError("no memory to decompress gzip");
    }
    ready_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<Step> Decode(absl::string_view input, absl::Span<char> output) override {
    if (input.empty() && (at_end_ || !begun_)) return Step{};
    if (at_end_) {
      // What follows a member is another one; anything else, zeros say, is not text.
      if (inflateReset(&stream_) != Z_OK) return absl::DataLossError("gzip member");
      at_end_ = false;
    }
    begun_ = true;
    constexpr size_t kStepMax = std::numeric_limits<uInt>::max();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(std::min(input.size(), kStepMax));
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(std::min(output.size(), kStepMax));
    const uInt in = stream_.avail_in;
    const uInt out = stream_.avail_out;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    at_end_ = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return absl::DataLossError(
          absl::StrCat("gzip: ", stream_.msg == nullptr ? "damaged" : stream_.msg));
    }
    return Step{.taken = in - stream_.avail_in, .made = out - stream_.avail_out};
  }

  bool at_end() const override { return at_end_; }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
  bool begun_ = false;
  bool at_end_ = false;
};

class ZstdDecoder final : public ArchiveDecoder {
 public:
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  absl::Status Begin() {
    stream_ = ZSTD_createDStream();
    if (stream_ == nullptr) return absl::ResourceExhaustedError("no memory to decompress zstd");
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
    return absl::OkStatus();
  }

  absl::StatusOr<Step> Decode(absl::string_view input, absl::Span<char> output) override {
    if (input.empty() && at_end_) return Step{};
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const size_t left = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(left) != 0) {
      return absl::DataLossError(absl::StrCat("zstd: ", ZSTD_getErrorName(left)));
    }
    at_end_ = left == 0;
    return Step{.taken = in.pos, .made = out.pos};
  }

  bool at_end() const override { return at_end_; }

 private:
  ZSTD_DStream* stream_ = nullptr;
  bool at_end_ = false;
};

template <typename Decoder>
absl::StatusOr<std::unique_ptr<ArchiveDecoder>> Begun() {
  auto decoder = std::make_unique<Decoder>();
  if (absl::Status status = decoder->Begin(); !status.ok()) return status;
  return decoder;
}

}  // namespace

ArchiveFormat ArchiveFormatOf(absl::string_view first_bytes) {
  if (first_bytes.size() < kArchiveMagicBytes) return ArchiveFormat::kUnknown;
  if (absl::StartsWith(first_bytes, kGzipMagic)) return ArchiveFormat::kGzip;
  if (absl::StartsWith(first_bytes, kZstdMagic)) return ArchiveFormat::kZstd;
  return ArchiveFormat::kUnknown;
}

absl::StatusOr<std::unique_ptr<ArchiveDecoder>> ArchiveDecoder::Make(ArchiveFormat format) {
  if (format == ArchiveFormat::kGzip) return Begun<GzipDecoder>();
  return Begun<ZstdDecoder>();
}

}  // namespace ora::collector
