#include "collector/config/load_config.h"

#include "proto/contract/config_checks.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"
#include "proto/yaml/yaml_reader.h"

namespace ora::collector {

absl::StatusOr<config::v1::CollectorConfig> LoadCollectorConfig(const std::string& path,
                                                                const ConfigOverrides& overrides,
                                                                storage::FileSystem& files) {
  config::v1::CollectorConfig config;
  if (!path.empty()) {
    const absl::StatusOr<std::string> text = files.ReadWhole(path, contract::kConfigBytesMax);
    if (!text.ok()) return Annotate(text.status(), "configuration");
    ORA_RETURN_IF_ERROR(
        yaml::LoadConfig(path, *text, config, [&] { return contract::Validate(config); }));
  }
  if (!overrides.aggregator.empty()) config.set_aggregator(overrides.aggregator);
  if (!overrides.state_directory.empty()) config.set_state_directory(overrides.state_directory);
  if (!overrides.instance.empty()) config.set_instance(overrides.instance);
  if (absl::Status status = contract::Validate(config); !status.ok()) {
    return Annotate(status, "command line");
  }
  contract::FillDefaults(config);
  return config;
}

}  // namespace ora::collector
