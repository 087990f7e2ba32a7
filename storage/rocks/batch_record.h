// A batch as it is made durable: what recovery replays until its samples are sealed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/series_writer.h"

namespace ora::storage {

std::string EncodeBatchRecord(const std::vector<WriteBlock>& blocks);

// DATA_LOSS: damaged. FAILED_PRECONDITION: written by a newer program.
absl::StatusOr<std::vector<WriteBlock>> DecodeBatchRecord(absl::string_view record);

}  // namespace ora::storage
