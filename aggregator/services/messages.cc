#include "aggregator/services/messages.h"

#include <string>
#include <utility>

namespace ora::aggregator {
namespace {

constexpr int64_t kMillisPerSecond = 1'000;
constexpr int64_t kNanosPerMilli = 1'000'000;

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

}  // namespace ora::aggregator
