#include "aggregator/services/messages.h"

#include <string>
#include <utility>
#include <variant>

namespace ora::aggregator {
namespace {

constexpr int64_t kMillisPerSecond = 1'000;
constexpr int64_t kNanosPerMilli = 1'000'000;

template <typename Message>
void FillNotes(const promql::QueryResult& result, Message& message) {
  for (const std::string& warning : result.warnings) message.add_warnings(warning);
  for (const std::string& note : result.infos) message.add_infos(note);
}

void FillVector(const promql::InstantVector& vector, v1::InstantVector& message) {
  for (const promql::InstantSample& sample : vector) {
    v1::InstantSeries* series = message.add_series();
    *series->mutable_labels() = ToMessage(sample.labels);
    series->mutable_sample()->set_time_millis(sample.time_millis);
    series->mutable_sample()->set_value(sample.value);
  }
}

}  // namespace

v1::LabelSet ToMessage(const storage::Labels& labels) {
  v1::LabelSet message;
  for (const storage::LabelView label : labels) {
    v1::Label* added = message.add_labels();
    added->set_name(label.name.data(), label.name.size());
    added->set_value(label.value.data(), label.value.size());
  }
  return message;
}

storage::Labels FromMessage(const v1::LabelSet& message) {
  std::vector<storage::Label> labels;
  for (const v1::Label& label : message.labels()) labels.push_back({label.name(), label.value()});
  return storage::Labels(std::move(labels));
}

google::protobuf::Timestamp ToProtoTime(absl::Time time) {
  google::protobuf::Timestamp message;
  const int64_t seconds = absl::ToUnixSeconds(time);
  message.set_seconds(seconds);
  message.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return message;
}

google::protobuf::Duration ToProtoDuration(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

int64_t Millis(const google::protobuf::Timestamp& time) {
  return time.seconds() * kMillisPerSecond + time.nanos() / kNanosPerMilli;
}

int64_t Millis(const google::protobuf::Duration& duration) {
  return duration.seconds() * kMillisPerSecond + duration.nanos() / kNanosPerMilli;
}

v1::SampledSeries ToMessage(const promql::RangeSeries& series) {
  v1::SampledSeries message;
  *message.mutable_labels() = ToMessage(series.labels);
  message.mutable_time_millis()->Add(series.samples.time_millis.begin(),
                                     series.samples.time_millis.end());
  message.mutable_values()->Add(series.samples.values.begin(), series.samples.values.end());
  return message;
}

v1::QueryResponse ToMessage(const promql::QueryResult& result) {
  v1::QueryResponse message;
  if (const auto* vector = std::get_if<promql::InstantVector>(&result.value)) {
    FillVector(*vector, *message.mutable_vector());
  } else if (const auto* matrix = std::get_if<promql::Matrix>(&result.value)) {
    for (const promql::RangeSeries& series : *matrix) {
      *message.mutable_matrix()->add_series() = ToMessage(series);
    }
    if (matrix->empty()) message.mutable_matrix();
  } else if (const auto* scalar = std::get_if<promql::ScalarValue>(&result.value)) {
    message.mutable_scalar()->set_time_millis(scalar->time_millis);
    message.mutable_scalar()->set_value(scalar->value);
  } else {
    message.set_text(std::get<std::string>(result.value));
  }
  FillNotes(result, message);
  return message;
}

std::vector<v1::QueryRangeResponse> ToMessages(promql::QueryResult result, size_t bytes_max) {
  std::vector<v1::QueryRangeResponse> messages(1);
  size_t bytes = 0;
  if (auto* matrix = std::get_if<promql::Matrix>(&result.value)) {
    for (promql::RangeSeries& series : *matrix) {
      v1::SampledSeries message = ToMessage(series);
      series = promql::RangeSeries();  // A long answer is not kept twice.
      const size_t series_bytes = message.ByteSizeLong();
      if (bytes > 0 && bytes + series_bytes > bytes_max) {
        messages.emplace_back();
        bytes = 0;
      }
      bytes += series_bytes;
      *messages.back().add_series() = std::move(message);
    }
  }
  FillNotes(result, messages.back());
  return messages;
}

}  // namespace ora::aggregator
