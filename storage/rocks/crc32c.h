// CRC-32C (Castagnoli): what guards every record, and what places an instance in a slot.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace ora::storage {

// 0xE3069283 for "123456789".
uint32_t Crc32c(absl::string_view bytes);

}  // namespace ora::storage
