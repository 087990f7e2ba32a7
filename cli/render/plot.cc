#include "cli/render/plot.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/render/query_result.h"
#include "cli/render/text.h"
#include "cli/render/units.h"

namespace ora::cli {
namespace {

using SeriesList = google::protobuf::RepeatedPtrField<v1::SampledSeries>;

constexpr absl::string_view kMarks = "*+ox#@%&";
static_assert(kMarks.size() == kPlottedSeriesMax);

struct Span {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  bool is_empty() const { return low > high; }
};

Span ValuesOf(const SeriesList& series, int count) {
  Span span;
  for (int i = 0; i < count; ++i) {
    for (const double value : series[i].values()) {
      if (!std::isfinite(value)) continue;
      span.low = std::min(span.low, value);
      span.high = std::max(span.high, value);
    }
  }
  return span;
}

// Lines of blanks on which marks are put.
class Canvas {
 public:
  Canvas(const PlotFrame& frame, int columns, Span values)
      : frame_(frame), columns_(columns), values_(values) {
    lines_.assign(static_cast<size_t>(frame.height),
                  std::string(static_cast<size_t>(columns), ' '));
  }

  void Put(int64_t time_millis, double value, char mark) {
    if (!std::isfinite(value)) return;
    const double span =
        static_cast<double>(std::max<int64_t>(frame_.end_millis - frame_.start_millis, 1));
    const double at = static_cast<double>(time_millis - frame_.start_millis) / span;
    const double height =
        values_.high > values_.low
            ? value / (values_.high - values_.low) - values_.low / (values_.high - values_.low)
            : 0.5;
    const int column = static_cast<int>(std::lround(at * (columns_ - 1)));
    const int line =
        frame_.height - 1 - static_cast<int>(std::lround(height * (frame_.height - 1)));
    if (column < 0 || column >= columns_ || line < 0 || line >= frame_.height) return;
    lines_[static_cast<size_t>(line)][static_cast<size_t>(column)] = mark;
  }

  const std::string& line(int index) const { return lines_[static_cast<size_t>(index)]; }

 private:
  const PlotFrame& frame_;
  const int columns_;
  const Span values_;
  std::vector<std::string> lines_;
};

std::string TimeText(int64_t millis) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMillis(millis), absl::UTCTimeZone());
}

}  // namespace

std::string Plot(const SeriesList& series, const PlotFrame& frame) {
  const int count = std::min(series.size(), kPlottedSeriesMax);
  const Span values = ValuesOf(series, count);
  if (values.is_empty()) return "";
  const std::string high = HumanNumber(values.high);
  const std::string low = HumanNumber(values.low);
  const int margin = static_cast<int>(std::max(high.size(), low.size()));
  const int columns = std::max(frame.width - margin - 2, 10);
  Canvas canvas(frame, columns, values);
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < series[i].values_size(); ++k) {
      canvas.Put(series[i].time_millis(k), series[i].values(k), kMarks[static_cast<size_t>(i)]);
    }
  }
  std::string text;
  for (int line = 0; line < frame.height; ++line) {
    const std::string& label = line == 0 ? high : line == frame.height - 1 ? low : std::string();
    std::string row = absl::StrFormat("%*s |%s", margin, label, canvas.line(line));
    row.erase(row.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, row, "\n");
  }
  absl::StrAppend(&text, std::string(static_cast<size_t>(margin) + 1, ' '), "+",
                  std::string(static_cast<size_t>(columns), '-'), "\n");
  const std::string start = TimeText(frame.start_millis);
  const std::string end = TimeText(frame.end_millis);
  const int gap = std::max(columns - static_cast<int>(start.size() + end.size()), 1);
  absl::StrAppend(&text, std::string(static_cast<size_t>(margin) + 2, ' '), start,
                  std::string(static_cast<size_t>(gap), ' '), end, "\n");
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&text, "  ", kMarks.substr(static_cast<size_t>(i), 1), " ",
                    ShortenMiddle(Printable(SeriesText(series[i].labels())), frame.width - 4),
                    "\n");
  }
  if (count < series.size()) {
    absl::StrAppend(&text, "  and ", series.size() - count, " more series that are not drawn\n");
  }
  return text;
}

}  // namespace ora::cli
