// Series as a drawing of characters.
#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/repeated_ptr_field.h"
#include "ora/v1/series.pb.h"

namespace ora::cli {

// The part of time and of the screen that a plot spans.
struct PlotFrame {
  int64_t start_millis = 0;
  int64_t end_millis = 0;
  int width = 80;   // Columns in all, 20 or more.
  int height = 16;  // Lines of the drawing itself.
};

// Series past this many are left out; a note says how many.
inline constexpr int kPlottedSeriesMax = 8;

// Each series with a mark of its own over one pair of axes, and a legend. Where several meet, the
// later in the list is seen. Values that are not finite are left out.
std::string Plot(const google::protobuf::RepeatedPtrField<v1::SampledSeries>& series,
                 const PlotFrame& frame);

}  // namespace ora::cli
