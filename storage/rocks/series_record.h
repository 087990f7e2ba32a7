// The labels of a series as bytes.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/labels.h"

namespace ora::storage {

std::string EncodeSeriesRecord(const Labels& labels);

// DATA_LOSS: damaged. FAILED_PRECONDITION: written by a newer program.
absl::StatusOr<Labels> DecodeSeriesRecord(absl::string_view record);

}  // namespace ora::storage
