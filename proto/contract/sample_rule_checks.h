// What the configuration's sample rules may be.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"
#include "ora/config/v1/collector_config.pb.h"

namespace ora::contract {

// INVALID_ARGUMENT names the field, as `sample_rules[2].relabel[0].regex`.
absl::Status CheckSampleRules(
    const google::protobuf::RepeatedPtrField<config::v1::SampleRule>& rules);

}  // namespace ora::contract
