#include "storage/chunk/chunk_codec.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/time_column.h"
#include "storage/chunk/value_column.h"

namespace ora::storage {
namespace {

constexpr uint8_t kVersion = 1;

bool Ascending(absl::Span<const int64_t> times) {
  for (size_t i = 1; i < times.size(); ++i) {
    if (times[i - 1] >= times[i]) return false;
  }
  return true;
}

}  // namespace

std::string EncodeChunk(absl::Span<const int64_t> time_millis, absl::Span<const double> values) {
  const bool sized = !values.empty() && values.size() <= kChunkSamplesMax;
  if (!sized || time_millis.size() != values.size() || !Ascending(time_millis)) std::abort();
  std::string bytes;
  AppendByte(kVersion, bytes);
  AppendVarint(values.size(), bytes);
  AppendTimes(time_millis, bytes);
  AppendValues(values, bytes);
  return bytes;
}

absl::Status DecodeChunk(absl::string_view bytes, SampleColumns& append_to) {
  ByteReader reader(bytes);
  const uint8_t version = reader.Byte();
  const uint64_t count = reader.Varint();
  if (!reader.ok()) {
    return absl::DataLossError(absl::StrCat("chunk of ", bytes.size(), " bytes has no header"));
  }
  if (version != kVersion) {
    return absl::DataLossError(
        absl::StrCat("chunk has version ", version, ", this program reads ", kVersion));
  }
  if (count == 0 || count > kChunkSamplesMax) {
    return absl::DataLossError(
        absl::StrCat("chunk declares ", count, " samples, of 1 to ", kChunkSamplesMax));
  }
  const size_t before = append_to.size();
  const auto undo = [&](absl::string_view column) {
    append_to.time_millis.resize(before);
    append_to.values.resize(before);
    return absl::DataLossError(absl::StrCat("chunk of ", bytes.size(), " bytes and ", count,
                                            " samples has damaged ", column));
  };
  append_to.time_millis.resize(before + count);
  append_to.values.resize(before + count);
  if (!ReadTimes(reader, absl::MakeSpan(append_to.time_millis).subspan(before))) {
    return undo("times");
  }
  if (!ReadValues(reader, absl::MakeSpan(append_to.values).subspan(before))) return undo("values");
  if (!reader.rest().empty()) return undo("bytes after its end");
  return absl::OkStatus();
}

}  // namespace ora::storage
