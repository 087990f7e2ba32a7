#include "tests/bench/peers-ingest/remote_write_request.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <snappy.h>

#include <bit>

namespace ora::bench {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

constexpr int kFirstField = 1;
constexpr int kSecondField = 2;
constexpr size_t kVarintBytesMax = 10;

void AppendVarint(uint64_t value, std::string& into) {
  uint8_t buffer[kVarintBytesMax];
  const uint8_t* end = CodedOutputStream::WriteVarint64ToArray(value, buffer);
  into.append(reinterpret_cast<const char*>(buffer), static_cast<size_t>(end - buffer));
}

void AppendTag(int field, WireFormatLite::WireType type, std::string& into) {
  AppendVarint(WireFormatLite::MakeTag(field, type), into);
}

void AppendBytes(int field, absl::string_view bytes, std::string& into) {
  AppendTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, into);
  AppendVarint(bytes.size(), into);
  into.append(bytes.data(), bytes.size());
}

std::string EncodeSample(int64_t time_millis, double value) {
  std::string sample;
  AppendTag(kFirstField, WireFormatLite::WIRETYPE_FIXED64, sample);
  uint8_t buffer[sizeof(double)];
  CodedOutputStream::WriteLittleEndian64ToArray(std::bit_cast<uint64_t>(value), buffer);
  sample.append(reinterpret_cast<const char*>(buffer), sizeof(buffer));
  AppendTag(kSecondField, WireFormatLite::WIRETYPE_VARINT, sample);
  AppendVarint(static_cast<uint64_t>(time_millis), sample);
  return sample;
}

}  // namespace

std::string RemoteWriteRequest::EncodeLabels(const std::vector<W1Label>& labels) {
  std::string encoded;
  for (const auto& [name, value] : labels) {
    std::string label;
    AppendBytes(kFirstField, name, label);
    AppendBytes(kSecondField, value, label);
    AppendBytes(kFirstField, label, encoded);
  }
  return encoded;
}

void RemoteWriteRequest::Add(absl::string_view labels, absl::Span<const storage::Sample> samples) {
  std::string encoded;
  for (const storage::Sample& sample : samples) {
    AppendBytes(kSecondField, EncodeSample(sample.time_millis, sample.value), encoded);
  }
  AppendTag(kFirstField, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, bytes_);
  AppendVarint(labels.size() + encoded.size(), bytes_);
  bytes_.append(labels.data(), labels.size());
  bytes_.append(encoded);
}

std::string RemoteWriteRequest::TakeCompressed() {
  std::string compressed;
  snappy::Compress(bytes_.data(), bytes_.size(), &compressed);
  bytes_.clear();
  return compressed;
}

}  // namespace ora::bench
