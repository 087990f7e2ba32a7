#include "aggregator/config/load_config.h"

#include "proto/contract/config_checks.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"
#include "proto/yaml/yaml_reader.h"

namespace ora::aggregator {

absl::StatusOr<config::v1::AggregatorConfig> LoadAggregatorConfig(
    const std::string& path, storage::FileSystem& file_system) {
  config::v1::AggregatorConfig config;
  if (!path.empty()) {
    const absl::StatusOr<std::string> text = file_system.ReadWhole(path, contract::kConfigBytesMax);
    if (!text.ok()) return Annotate(text.status(), "configuration");
    ORA_RETURN_IF_ERROR(
        yaml::LoadConfig(path, *text, config, [&] { return contract::Validate(config); }));
  }
  contract::FillDefaults(config);
  return config;
}

}  // namespace ora::aggregator
