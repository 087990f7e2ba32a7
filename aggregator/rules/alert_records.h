// What an alert is called, and its record's bytes.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "ora/state/v1/aggregator_state.pb.h"
#include "storage/labels.h"

namespace ora::aggregator {

// 16 hexadecimal digits: FNV-1a of the rule's name and the sorted labels. Part of the API's promise
// that an alert keeps its id, so it never changes.
std::string AlertId(absl::string_view rule, const storage::Labels& labels);

// A version byte and the message.
std::string EncodeAlertRecord(const state::v1::AlertRecord& record);

// DATA_LOSS: the bytes are of no known version or no message, or the alert in it has no state.
absl::StatusOr<state::v1::AlertRecord> DecodeAlertRecord(absl::string_view bytes);

google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace ora::aggregator
