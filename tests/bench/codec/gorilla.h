// The peer of the codec's benchmark: the coding of float64 of Facebook's Gorilla paper, as many
// stores use it. The value's bits differ from the last one's in a window; times as differences of
// differences.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "storage/sample.h"

namespace ora::bench {

std::string EncodeGorilla(const storage::SampleColumns& samples);

// Trusts the bytes: a peer pays for no checks here. Replaces what `samples` held.
void DecodeGorilla(absl::string_view bytes, size_t count, storage::SampleColumns& samples);

}  // namespace ora::bench
