#include "storage/chunk/chunk_codec.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/codec_scratch.h"
#include "storage/chunk/integer_column.h"
#include "storage/chunk/time_column.h"
#include "storage/chunk/value_column.h"

namespace ora::storage {
namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

absl::StatusOr<size_t> ReadChunkHead(ByteReader& reader) {
  const size_t size = reader.rest().size();
  const uint8_t version = reader.Byte();
  const uint64_t count = reader.Varint();
  if (!reader.ok()) {
    return absl::DataLossError(absl::StrCat("chunk of ", size, " bytes has no header"));
  }
  if (version != kVersion) {
    return absl::DataLossError(
        absl::StrCat("chunk has version ", version, ", this program reads ", kVersion));
  }
  if (count == 0 || count > kChunkSamplesMax) {
    return absl::DataLossError(
        absl::StrCat("chunk declares ", count, " samples, of 1 to ", kChunkSamplesMax));
  }
  return static_cast<size_t>(count);
}

ChunkEncoder::ChunkEncoder() : scratch_(std::make_unique<EncodeScratch>()) {}
ChunkEncoder::~ChunkEncoder() = default;

void ChunkEncoder::Append(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                          ChunkEffort effort, std::string& append_to) {
  const bool sized = !values.empty() && values.size() <= kChunkSamplesMax;
  if (!sized || time_millis.size() != values.size()) std::abort();
  AppendByte(kVersion, append_to);
  AppendVarint(values.size(), append_to);
  if (!AppendTimes(time_millis, effort, *scratch_, append_to)) std::abort();
  AppendValues(values, effort, *scratch_, append_to);
}

ChunkDecoder::ChunkDecoder() : scratch_(std::make_unique<DecodeScratch>()) {}
ChunkDecoder::~ChunkDecoder() = default;

absl::Status ChunkDecoder::Append(absl::string_view chunk, SampleColumns& append_to) {
  ByteReader reader(chunk);
  const absl::StatusOr<size_t> count = ReadChunkHead(reader);
  if (!count.ok()) return count.status();
  const size_t before = append_to.size();
  const auto undo = [&](absl::string_view column) {
    append_to.time_millis.resize(before);
    append_to.values.resize(before);
    return absl::DataLossError(absl::StrCat("chunk of ", chunk.size(), " bytes and ", *count,
                                            " samples has damaged ", column));
  };
  append_to.time_millis.resize(before + *count);
  append_to.values.resize(before + *count);
  if (!ReadTimes(reader, *scratch_, absl::MakeSpan(append_to.time_millis).subspan(before))) {
    return undo("times");
  }
  if (!ReadValues(reader, *scratch_, absl::MakeSpan(append_to.values).subspan(before))) {
    return undo("values");
  }
  if (!reader.rest().empty()) return undo("bytes after its end");
  return absl::OkStatus();
}

absl::StatusOr<size_t> ChunkDecoder::DecodeAt(absl::string_view chunk, int64_t end_millis,
                                              size_t at, SampleColumns& columns) {
  ByteReader reader(chunk);
  const absl::StatusOr<size_t> total = ReadChunkHead(reader);
  if (!total.ok()) return total.status();
  if (columns.size() < at + *total) {
    columns.time_millis.resize(at + *total);
    columns.values.resize(at + *total);
  }
  const auto damaged = [&](absl::string_view column) {
    return absl::DataLossError(absl::StrCat("chunk of ", chunk.size(), " bytes and ", *total,
                                            " samples has damaged ", column));
  };
  const auto times = absl::MakeSpan(columns.time_millis).subspan(at, *total);
  if (!ReadTimes(reader, *scratch_, times)) return damaged("times");
  const auto wanted =
      static_cast<size_t>(std::upper_bound(times.begin(), times.end(), end_millis) - times.begin());
  if (wanted == 0) return wanted;
  const size_t read = std::min(*total, std::max(wanted, kIntegersReadMin));
  if (!ReadValues(reader, *scratch_, absl::MakeSpan(columns.values).subspan(at, read), *total)) {
    return damaged("values");
  }
  if (read == *total && !reader.rest().empty()) return damaged("bytes after its end");
  return wanted;
}

std::string EncodeChunk(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                        ChunkEffort effort) {
  thread_local ChunkEncoder encoder;
  std::string chunk;
  encoder.Append(time_millis, values, effort, chunk);
  return chunk;
}

absl::Status DecodeChunk(absl::string_view chunk, SampleColumns& append_to) {
  thread_local ChunkDecoder decoder;
  return decoder.Append(chunk, append_to);
}

absl::StatusOr<size_t> DecodeChunkAt(absl::string_view chunk, int64_t end_millis, size_t at,
                                     SampleColumns& columns) {
  thread_local ChunkDecoder decoder;
  return decoder.DecodeAt(chunk, end_millis, at, columns);
}

absl::StatusOr<size_t> ChunkSampleCount(absl::string_view chunk) {
  ByteReader reader(chunk);
  return ReadChunkHead(reader);
}

}  // namespace ora::storage
