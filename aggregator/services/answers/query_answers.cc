#include "aggregator/services/answers/query_answers.h"

#include <google/protobuf/io/coded_stream.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"

namespace ora::aggregator {
namespace {

using google::protobuf::io::CodedOutputStream;

static_assert(std::endian::native == std::endian::little, "float64 are sent as they lie in memory");

// How a field's content follows its number.
enum class WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2 };
constexpr int kWireTypeBits = 3;

size_t VarintBytes(uint64_t value) { return CodedOutputStream::VarintSize64(value); }

size_t LengthFieldBytes(size_t content) { return 1 + VarintBytes(content) + content; }

// Writes fields, whose numbers are below 16, one after the other into room that is made before.
class FieldWriter {
 public:
  FieldWriter(std::string& bytes, size_t room) {
    const size_t before = bytes.size();
    bytes.resize(before + room);
    at_ = reinterpret_cast<uint8_t*>(bytes.data()) + before;
  }

  void Length(int field, size_t content) {
    Tag(field, WireType::kLength);
    at_ = CodedOutputStream::WriteVarint64ToArray(content, at_);
  }
  void Bytes(int field, absl::string_view content) {
    Length(field, content.size());
    Raw(content.data(), content.size());
  }
  void Int64(int field, int64_t value) {
    Tag(field, WireType::kVarint);
    PackedInt64(value);
  }
  void PackedInt64(int64_t value) {
    at_ = CodedOutputStream::WriteVarint64ToArray(static_cast<uint64_t>(value), at_);
  }
  void Double(int field, double value) {
    Tag(field, WireType::kFixed64);
    Raw(&value, sizeof(value));
  }
  void Raw(const void* content, size_t size) {
    if (size > 0) std::memcpy(at_, content, size);
    at_ += size;
  }

 private:
  void Tag(int field, WireType type) {
    *at_++ = static_cast<uint8_t>(field << kWireTypeBits | static_cast<int>(type));
  }

  uint8_t* at_ = nullptr;
};

size_t SampleBytes(int64_t time_millis) {
  return 1 + VarintBytes(static_cast<uint64_t>(time_millis)) + 1 + sizeof(double);
}

size_t SeriesBytes(const promql::InstantSample& sample) {
  return LengthFieldBytes(sample.labels.bytes().size()) +
         LengthFieldBytes(SampleBytes(sample.time_millis));
}

void AppendVector(const promql::InstantVector& vector, std::string& bytes) {
  size_t content = 0;
  for (const promql::InstantSample& sample : vector) {
    content += LengthFieldBytes(SeriesBytes(sample));
  }
  FieldWriter writer(bytes, LengthFieldBytes(content));
  writer.Length(v1::QueryResponse::kVectorFieldNumber, content);
  for (const promql::InstantSample& sample : vector) {
    writer.Length(v1::InstantVector::kSeriesFieldNumber, SeriesBytes(sample));
    writer.Bytes(v1::InstantSeries::kLabelsFieldNumber, sample.labels.bytes());
    writer.Length(v1::InstantSeries::kSampleFieldNumber, SampleBytes(sample.time_millis));
    writer.Int64(v1::Sample::kTimeMillisFieldNumber, sample.time_millis);
    writer.Double(v1::Sample::kValueFieldNumber, sample.value);
  }
}

// Where a series' columns are written.
struct SeriesSizes {
  size_t times = 0;
  size_t values = 0;
  size_t content = 0;  // Of the whole series.
};

SeriesSizes SizesOf(const promql::RangeSeries& series) {
  SeriesSizes sizes;
  for (const int64_t time : series.samples.time_millis) {
    sizes.times += VarintBytes(static_cast<uint64_t>(time));
  }
  sizes.values = series.samples.values.size() * sizeof(double);
  sizes.content = LengthFieldBytes(series.labels.bytes().size()) + LengthFieldBytes(sizes.times) +
                  LengthFieldBytes(sizes.values);
  return sizes;
}

// As a field of the number.
void AppendSeries(int field, const promql::RangeSeries& series, const SeriesSizes& sizes,
                  std::string& bytes) {
  FieldWriter writer(bytes, LengthFieldBytes(sizes.content));
  writer.Length(field, sizes.content);
  writer.Bytes(v1::SampledSeries::kLabelsFieldNumber, series.labels.bytes());
  writer.Length(v1::SampledSeries::kTimeMillisFieldNumber, sizes.times);
  for (const int64_t time : series.samples.time_millis) writer.PackedInt64(time);
  writer.Length(v1::SampledSeries::kValuesFieldNumber, sizes.values);
  writer.Raw(series.samples.values.data(), sizes.values);
}

void AppendMatrix(const promql::Matrix& matrix, std::string& bytes) {
  size_t content = 0;
  for (const promql::RangeSeries& series : matrix) {
    content += LengthFieldBytes(SizesOf(series).content);
  }
  bytes.reserve(bytes.size() + LengthFieldBytes(content));
  FieldWriter(bytes, LengthFieldBytes(content) - content)
      .Length(v1::QueryResponse::kMatrixFieldNumber, content);
  for (const promql::RangeSeries& series : matrix) {
    AppendSeries(v1::Matrix::kSeriesFieldNumber, series, SizesOf(series), bytes);
  }
}

// A message's fields may follow those that are written already.
template <typename Message>
void AppendRest(const promql::QueryResult& result, const v1::QueryStatistics& statistics,
                Message message, std::string& bytes) {
  for (const std::string& warning : result.warnings) message.add_warnings(warning);
  for (const std::string& note : result.infos) message.add_infos(note);
  *message.mutable_statistics() = statistics;
  message.AppendToString(&bytes);
}

}  // namespace

MessageBytes EncodeAnswer(const promql::QueryResult& result,
                          const v1::QueryStatistics& statistics) {
  MessageBytes answer;
  v1::QueryResponse rest;
  if (const auto* vector = std::get_if<promql::InstantVector>(&result.value)) {
    AppendVector(*vector, answer.bytes);
  } else if (const auto* matrix = std::get_if<promql::Matrix>(&result.value)) {
    AppendMatrix(*matrix, answer.bytes);
  } else if (const auto* scalar = std::get_if<promql::ScalarValue>(&result.value)) {
    rest.mutable_scalar()->set_time_millis(scalar->time_millis);
    rest.mutable_scalar()->set_value(scalar->value);
  } else {
    rest.set_text(std::get<std::string>(result.value));
  }
  AppendRest(result, statistics, std::move(rest), answer.bytes);
  return answer;
}

std::vector<MessageBytes> EncodeAnswers(promql::QueryResult result,
                                        const v1::QueryStatistics& statistics, size_t bytes_max) {
  std::vector<MessageBytes> answers(1);
  if (auto* matrix = std::get_if<promql::Matrix>(&result.value)) {
    for (promql::RangeSeries& series : *matrix) {
      const SeriesSizes sizes = SizesOf(series);
      const size_t written = answers.back().bytes.size();
      if (written > 0 && written + LengthFieldBytes(sizes.content) > bytes_max) {
        answers.emplace_back();
      }
      AppendSeries(v1::QueryRangeResponse::kSeriesFieldNumber, series, sizes, answers.back().bytes);
      series = promql::RangeSeries();
    }
  }
  AppendRest(result, statistics, v1::QueryRangeResponse(), answers.back().bytes);
  return answers;
}

}  // namespace ora::aggregator
