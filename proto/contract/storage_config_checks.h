// What the storage section of the aggregator's configuration promises, as code.
#pragma once

#include "absl/status/status.h"
#include "ora/config/v1/aggregator_config.pb.h"

namespace ora::contract {

// INVALID_ARGUMENT with the field, the value seen and the range. The selectors of retention rules
// are for the program to check, which knows the language.
absl::Status CheckStorage(const config::v1::StorageConfig& storage);

// Writes the defaults into the fields that are absent.
void FillStorageDefaults(config::v1::StorageConfig& storage);

}  // namespace ora::contract
