// Any bytes as a configuration file: an answer or an error that names the file, never a crash; what
// was read survives the wire.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "ora/config/v1/aggregator_config.pb.h"
#include "ora/config/v1/collector_config.pb.h"
#include "ora/state/v1/collector_state.pb.h"
#include "proto/yaml/yaml_reader.h"

namespace {

template <typename Message>
void Check(absl::string_view text) {
  Message read;
  ora::yaml::FieldPositions positions;
  const absl::Status status = ora::yaml::ReadYamlWithPositions("f.yml", text, read, positions);
  if (!status.ok()) {
    if (!absl::StartsWith(status.message(), "f.yml:")) std::abort();
    if (status.code() != absl::StatusCode::kInvalidArgument) std::abort();
    return;
  }
  Message again;
  if (!again.ParseFromString(read.SerializeAsString())) std::abort();
  if (again.SerializeAsString().size() != read.SerializeAsString().size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  Check<ora::config::v1::CollectorConfig>(text);
  Check<ora::config::v1::AggregatorConfig>(text);
  Check<ora::state::v1::LogAccountState>(text);
  return 0;
}
