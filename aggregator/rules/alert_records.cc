#include "aggregator/rules/alert_records.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace ora::aggregator {
namespace {

constexpr char kVersion = 1;
constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr uint64_t kFnvPrime = 0x100000001b3;
constexpr char kSeparator = '\xFF';  // In no UTF-8 text, so no two lists of texts read the same.

uint64_t Fold(uint64_t hash, absl::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (hash ^ static_cast<unsigned char>(kSeparator)) * kFnvPrime;
}

}  // namespace

std::string AlertId(absl::string_view rule, const storage::Labels& labels) {
  uint64_t hash = Fold(kFnvOffset, rule);
  for (const storage::LabelView label : labels) hash = Fold(Fold(hash, label.name), label.value);
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

std::string EncodeAlertRecord(const state::v1::AlertRecord& record) {
  std::string bytes(1, kVersion);
  record.AppendToString(&bytes);
  return bytes;
}

absl::StatusOr<state::v1::AlertRecord> DecodeAlertRecord(absl::string_view bytes) {
  if (bytes.empty()) return absl::DataLossError("alert record is empty");
  if (bytes[0] != kVersion) {
    return absl::DataLossError(absl::StrCat("alert record is of version ",
                                            static_cast<int>(bytes[0]), "; this program reads ",
                                            static_cast<int>(kVersion)));
  }
  state::v1::AlertRecord record;
  if (!record.ParseFromArray(bytes.data() + 1, static_cast<int>(bytes.size() - 1))) {
    return absl::DataLossError("alert record does not parse");
  }
  if (record.alert().state() == v1::ALERT_STATE_UNSPECIFIED) {
    return absl::DataLossError("alert record has no state");
  }
  return record;
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace ora::aggregator
