#include "aggregator/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace ora::aggregator {
namespace {

// A window of 8 KiB, and gzip's frame around it (16).
constexpr int kWindowBits = 13 + 16;
constexpr int kMemoryLevel = 6;
constexpr size_t kOutputBytes = size_t{16} << 10;

class ZlibStream final : public GzipStream {
 public:
  ~ZlibStream() override {
    if (is_open_) deflateEnd(&stream_);
  }

  bool Open() {
    is_open_ = deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kWindowBits, kMemoryLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK;
    return is_open_;
  }

  void Append(absl::string_view bytes, std::string& out) override {
    // zlib's type has no const here, yet it only reads.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    while (stream_.avail_in > 0) Deflate(Z_NO_FLUSH, out);
  }

  void Finish(std::string& out) override {
    while (Deflate(Z_FINISH, out) != Z_STREAM_END) {
    }
  }

 private:
  int Deflate(int flush, std::string& out) {
    const size_t before = out.size();
    out.resize(before + kOutputBytes);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = kOutputBytes;
    const int result = deflate(&stream_, flush);
    out.resize(out.size() - stream_.avail_out);
    return result;
  }

  z_stream stream_ = {};
  bool is_open_ = false;
};

bool IsRefused(const std::vector<absl::string_view>& parameters) {
  return std::any_of(parameters.begin() + 1, parameters.end(), [](absl::string_view parameter) {
    double weight = 1;
    parameter = absl::StripAsciiWhitespace(parameter);
    return absl::ConsumePrefix(&parameter, "q=") && absl::SimpleAtod(parameter, &weight) &&
           weight <= 0;
  });
}

}  // namespace

bool AcceptsGzip(absl::string_view accept_encoding) {
  for (const absl::string_view coding : absl::StrSplit(accept_encoding, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(coding, ';');
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts[0]), "gzip")) {
      return !IsRefused(parts);
    }
  }
  return false;
}

std::unique_ptr<GzipStream> GzipStream::Make() {
  auto stream = std::make_unique<ZlibStream>();
  if (!stream->Open()) return nullptr;
  return stream;
}

}  // namespace ora::aggregator
