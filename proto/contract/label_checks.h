// What a label's name, an instance and a set of labels may be.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ora/v1/series.pb.h"

namespace ora::contract {

// True for 1 to kLabelNameBytesMax bytes of [a-zA-Z_][a-zA-Z0-9_]*.
bool IsLabelName(absl::string_view name);

// `field: ` is put in front of each error below.
absl::Status CheckInstance(absl::string_view field, absl::string_view instance);

// INVALID_ARGUMENT: a value passes a limit of the schema; the field is named from `field` on, such
// as `series[3].labels[0].name`.
absl::Status CheckLabels(absl::string_view field, const v1::LabelSet& labels);

}  // namespace ora::contract
