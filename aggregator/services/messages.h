// Values of the store and the engine as messages of the API.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "ora/v1/series.pb.h"
#include "storage/labels.h"

namespace ora::aggregator {

v1::LabelSet ToMessage(const storage::Labels& labels);
storage::Labels FromMessage(const v1::LabelSet& message);
google::protobuf::Timestamp ToProtoTime(absl::Time time);
google::protobuf::Duration ToProtoDuration(absl::Duration duration);

int64_t Millis(const google::protobuf::Timestamp& time);
int64_t Millis(const google::protobuf::Duration& duration);

}  // namespace ora::aggregator
