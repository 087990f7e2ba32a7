#include "cli/render/query_result.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "cli/render/csv.h"
#include "cli/render/json.h"
#include "cli/render/sparkline.h"
#include "cli/render/units.h"

namespace ora::cli {
namespace {

using google::protobuf::RepeatedPtrField;
using SeriesList = RepeatedPtrField<v1::SampledSeries>;

constexpr int kSparklineWidth = 20;

// `[1500000000,"0.5"]`.
std::string PointJson(int64_t time_millis, double value) {
  return absl::StrCat("[", ExactUnixSeconds(time_millis), ",", JsonText(ExactNumber(value)), "]");
}

template <typename List, typename Text>
std::string JoinJson(const List& list, const Text& text) {
  std::string out = "[";
  for (const auto& element : list) {
    if (out.size() > 1) out += ',';
    out += text(element);
  }
  return out + "]";
}

std::string MatrixJson(const SeriesList& matrix) {
  return JoinJson(matrix, [](const v1::SampledSeries& series) {
    std::string values;
    for (int i = 0; i < series.values_size(); ++i) {
      if (i > 0) values += ',';
      values += PointJson(series.time_millis(i), series.values(i));
    }
    return absl::StrCat("{\"metric\":", CompactJson(series.labels()), ",\"values\":[", values,
                        "]}");
  });
}

std::string VectorJson(const v1::InstantVector& vector) {
  return JoinJson(vector.series(), [](const v1::InstantSeries& series) {
    return absl::StrCat("{\"metric\":", CompactJson(series.labels()), ",\"value\":",
                        PointJson(series.sample().time_millis(), series.sample().value()), "}");
  });
}

template <typename Response>
std::string SuccessJson(const char* type, const std::string& result, const Response& response) {
  std::string out = absl::StrCat("{\"status\":\"success\",\"data\":{\"resultType\":\"", type,
                                 "\",\"result\":", result, "}");
  if (!response.warnings().empty()) {
    absl::StrAppend(&out, ",\"warnings\":", JoinJson(response.warnings(), JsonText));
  }
  if (!response.infos().empty()) {
    absl::StrAppend(&out, ",\"infos\":", JoinJson(response.infos(), JsonText));
  }
  return out + "}\n";
}

// The finite values' range; NaN where there is none.
struct Extremes {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

Extremes ExtremesOf(const v1::SampledSeries& series) {
  Extremes extremes;
  for (const double value : series.values()) {
    if (std::isnan(value)) continue;
    extremes.low = std::isnan(extremes.low) ? value : std::min(extremes.low, value);
    extremes.high = std::isnan(extremes.high) ? value : std::max(extremes.high, value);
  }
  return extremes;
}

// Lines of labels and what follows them, under a header of every label that occurs.
class LabelCsv {
 public:
  void CountLabels(const v1::LabelSet& labels) {
    for (const v1::Label& label : labels.labels()) names_.insert(label.name());
  }

  std::string Line(const v1::LabelSet& labels, const std::vector<std::string>& rest) const {
    std::vector<std::string> fields;
    for (const std::string& name : names_) {
      const auto label =
          std::find_if(labels.labels().begin(), labels.labels().end(),
                       [&name](const v1::Label& candidate) { return candidate.name() == name; });
      fields.push_back(label == labels.labels().end() ? "" : label->value());
    }
    fields.insert(fields.end(), rest.begin(), rest.end());
    return CsvLine(fields);
  }

  std::string Header(const std::vector<std::string>& rest) const {
    std::vector<std::string> fields(names_.begin(), names_.end());
    fields.insert(fields.end(), rest.begin(), rest.end());
    return CsvLine(fields);
  }

 private:
  std::set<std::string> names_;
};

std::string VectorCsv(const v1::InstantVector& vector) {
  LabelCsv csv;
  for (const v1::InstantSeries& series : vector.series()) csv.CountLabels(series.labels());
  std::string text = csv.Header({"timestamp", "value"});
  for (const v1::InstantSeries& series : vector.series()) {
    text += csv.Line(series.labels(), {ExactUnixSeconds(series.sample().time_millis()),
                                       ExactNumber(series.sample().value())});
  }
  return text;
}

}  // namespace

std::string SeriesText(const v1::LabelSet& labels) {
  std::string name;
  std::string rest;
  for (const v1::Label& label : labels.labels()) {
    if (label.name() == "__name__") {
      name = label.value();
    } else {
      absl::StrAppend(&rest, rest.empty() ? "" : ",", label.name(), "=", JsonText(label.value()));
    }
  }
  if (rest.empty() && !name.empty()) return name;
  return absl::StrCat(name, "{", rest, "}");
}

std::string PrometheusJson(const v1::QueryResponse& response) {
  switch (response.value_case()) {
    case v1::QueryResponse::kMatrix:
      return SuccessJson("matrix", MatrixJson(response.matrix().series()), response);
    case v1::QueryResponse::kScalar:
      return SuccessJson("scalar",
                         PointJson(response.scalar().time_millis(), response.scalar().value()),
                         response);
    case v1::QueryResponse::kText:
      // The API gives a string no instant; Prometheus's shape wants one.
      return SuccessJson("string", absl::StrCat("[0,", JsonText(response.text()), "]"), response);
    case v1::QueryResponse::kVector:
    case v1::QueryResponse::VALUE_NOT_SET:
      break;
  }
  return SuccessJson("vector", VectorJson(response.vector()), response);
}

std::string PrometheusJson(const v1::QueryRangeResponse& response) {
  return SuccessJson("matrix", MatrixJson(response.series()), response);
}

std::string SeriesJson(const v1::ListSeriesResponse& response) {
  std::string out = "[";
  for (const v1::LabelSet& labels : response.series()) {
    absl::StrAppend(&out, out.size() > 1 ? ",\n  " : "\n  ", CompactJson(labels));
  }
  return absl::StrCat(out, response.series().empty() ? "" : "\n", "]\n");
}

Table QueryTable(const v1::InstantVector& vector) {
  Table table;
  table.columns = {{.title = "SERIES", .cut = Cut::kMiddle, .width_min = 20},
                   {.title = "VALUE", .align = Align::kRight}};
  for (const v1::InstantSeries& series : vector.series()) {
    table.rows.push_back({SeriesText(series.labels()), HumanNumber(series.sample().value())});
  }
  return table;
}

Table QueryTable(const SeriesList& matrix, int64_t start_millis, int64_t end_millis) {
  Table table;
  table.columns = {{.title = "SERIES", .cut = Cut::kMiddle, .width_min = 16},
                   {.title = "TREND", .rank = 3},
                   {.title = "FIRST", .align = Align::kRight, .rank = 4},
                   {.title = "LAST", .align = Align::kRight},
                   {.title = "MIN", .align = Align::kRight, .rank = 2},
                   {.title = "MAX", .align = Align::kRight, .rank = 1}};
  const SparklineFrame frame{
      .start_millis = start_millis, .end_millis = end_millis, .width = kSparklineWidth};
  for (const v1::SampledSeries& series : matrix) {
    if (series.values().empty()) continue;
    const Extremes extremes = ExtremesOf(series);
    table.rows.push_back(
        {SeriesText(series.labels()), Sparkline(series.time_millis(), series.values(), frame),
         HumanNumber(series.values(0)), HumanNumber(series.values(series.values_size() - 1)),
         HumanNumber(extremes.low), HumanNumber(extremes.high)});
  }
  return table;
}

std::string QueryCsv(const v1::QueryResponse& response) {
  if (response.has_matrix()) return QueryCsv(response.matrix().series());
  if (response.has_scalar()) {
    return CsvLine({"timestamp", "value"}) +
           CsvLine({ExactUnixSeconds(response.scalar().time_millis()),
                    ExactNumber(response.scalar().value())});
  }
  if (response.value_case() == v1::QueryResponse::kText) {
    return CsvLine({"value"}) + CsvLine({response.text()});
  }
  return VectorCsv(response.vector());
}

std::string QueryCsv(const SeriesList& matrix) {
  LabelCsv csv;
  for (const v1::SampledSeries& series : matrix) csv.CountLabels(series.labels());
  std::string text = csv.Header({"timestamp", "value"});
  for (const v1::SampledSeries& series : matrix) {
    for (int i = 0; i < series.values_size(); ++i) {
      text += csv.Line(series.labels(),
                       {ExactUnixSeconds(series.time_millis(i)), ExactNumber(series.values(i))});
    }
  }
  return text;
}

std::string SeriesCsv(const RepeatedPtrField<v1::LabelSet>& series) {
  LabelCsv csv;
  for (const v1::LabelSet& labels : series) csv.CountLabels(labels);
  std::string text = csv.Header({});
  for (const v1::LabelSet& labels : series) text += csv.Line(labels, {});
  return text;
}

}  // namespace ora::cli
