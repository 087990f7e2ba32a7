// The working memory of the chunk codec that each thread keeps for tiers' columns.
#pragma once

#include "storage/chunk/codec_scratch.h"

namespace ora::storage {

inline EncodeScratch& KeptEncodeScratch() {
  thread_local EncodeScratch scratch;
  return scratch;
}

inline DecodeScratch& KeptDecodeScratch() {
  thread_local DecodeScratch scratch;
  return scratch;
}

}  // namespace ora::storage
