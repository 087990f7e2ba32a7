// The checksum of spool records (CRC-32C, Castagnoli).
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace ora::collector {

// The checksum of `bytes` after those whose checksum is `before` (0: none).
uint32_t Crc32c(absl::string_view bytes, uint32_t before = 0);

}  // namespace ora::collector
