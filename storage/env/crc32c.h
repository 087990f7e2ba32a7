// CRC-32C (Castagnoli, RFC 3720): what guards every record of the store and of the spool, and what
// places an instance in a slot. Not a seam; it lives here because this is what both may see.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace ora::storage {

// The checksum of `bytes` after those whose checksum is `before` (0: none). 0xE3069283 for
// "123456789". Uses the processor's instruction where it has one.
uint32_t Crc32c(absl::string_view bytes, uint32_t before = 0);

}  // namespace ora::storage
