// Answers in gzip, for clients that say they take it: JSON shrinks to a tenth.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace ora::aggregator {

// Whether a header Accept-Encoding, empty if there is none, takes gzip.
bool AcceptsGzip(absl::string_view accept_encoding);

// Compresses one stream of bytes, quickly rather than well. One thread.
class GzipStream {
 public:
  virtual ~GzipStream() = default;

  // Null: there is no memory for it (about 64 KiB).
  static std::unique_ptr<GzipStream> Make();

  // Appends to `out` what can be told of the stream so far, which may be nothing.
  virtual void Append(absl::string_view bytes, std::string& out) = 0;

  // Appends the rest. Nothing may come after it.
  virtual void Finish(std::string& out) = 0;
};

}  // namespace ora::aggregator
