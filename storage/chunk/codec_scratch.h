// What the encoder and the decoder keep between chunks, so that a chunk costs no allocation.
#pragma once

#include <zstd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ora::storage {

struct FreeZstdContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Each member belongs to the step named; its content means nothing between two steps.
struct EncodeScratch {
  std::vector<int64_t> steps;          // Times: the differences.
  std::vector<int64_t> scaled;         // Values as whole numbers.
  std::vector<uint32_t> exception_at;  // Values that are no whole numbers.
  std::vector<uint64_t> residuals;     // Integers: what is left after the differences.
  std::vector<uint64_t> folded;        // Integers: residuals by their distance from a centre.
  std::string top, compressed;         // Integers: the top plane, and what zstd made of it.
  std::string best, other;             // Candidates.
  std::unique_ptr<ZSTD_CCtx, FreeZstdContext> zstd;  // Some 100 KiB, made when first needed.
};

struct DecodeScratch {
  std::vector<int64_t> scaled;
  std::vector<uint8_t> top;
  std::unique_ptr<ZSTD_DCtx, FreeZstdContext> zstd;
};

}  // namespace ora::storage
