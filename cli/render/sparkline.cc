#include "cli/render/sparkline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ora::cli {
namespace {

constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr int kBarCount = 8;

struct Bucket {
  double sum = 0;
  int count = 0;
};

std::vector<Bucket> FillBuckets(absl::Span<const int64_t> time_millis,
                                absl::Span<const double> values, const SparklineFrame& frame) {
  std::vector<Bucket> buckets(std::max(frame.width, 1));
  const double span =
      static_cast<double>(frame.end_millis) - static_cast<double>(frame.start_millis);
  const size_t count = std::min(time_millis.size(), values.size());
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) continue;
    const double offset =
        static_cast<double>(time_millis[i]) - static_cast<double>(frame.start_millis);
    const double part = span > 0 ? offset / span : 0;
    const double last = static_cast<double>(buckets.size() - 1);
    const double column = std::clamp(std::floor(part * buckets.size()), 0.0, last);
    Bucket& bucket = buckets[static_cast<size_t>(column)];
    bucket.sum += values[i];
    ++bucket.count;
  }
  return buckets;
}

}  // namespace

std::string Sparkline(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                      const SparklineFrame& frame) {
  const std::vector<Bucket> buckets = FillBuckets(time_millis, values, frame);
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const Bucket& bucket : buckets) {
    if (bucket.count == 0) continue;
    low = std::min(low, bucket.sum / bucket.count);
    high = std::max(high, bucket.sum / bucket.count);
  }
  std::string line;
  for (const Bucket& bucket : buckets) {
    if (bucket.count == 0) {
      line += " ";
      continue;
    }
    // A flat series is drawn low. Sums past the float64 range have no height worth drawing.
    const double height = (bucket.sum / bucket.count - low) / (high - low);
    const int bar = std::isfinite(height) ? static_cast<int>(height * (kBarCount - 1) + 0.5) : 0;
    line += kBars[std::clamp(bar, 0, kBarCount - 1)];
  }
  return line;
}

}  // namespace ora::cli
