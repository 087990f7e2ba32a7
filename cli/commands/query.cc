#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands/commands.h"
#include "cli/render/json.h"
#include "cli/render/plot.h"
#include "cli/render/query_result.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "cli/time_words.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

// Steps of a range query that names no step: enough for a sparkline, few enough to print.
constexpr int kStepsDefault = 60;

// Milliseconds, as samples have them.
void SetTimestamp(int64_t time_millis, google::protobuf::Timestamp& timestamp) {
  const absl::Time time = absl::FromUnixMillis(time_millis);
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
}

absl::StatusOr<int64_t> TimeOption(absl::string_view name, const std::string& text,
                                   absl::Time now) {
  const absl::StatusOr<absl::Time> time = ParseTime(text.empty() ? "now" : text, now);
  if (!time.ok()) return Annotate(time.status(), name);
  return absl::ToUnixMillis(*time);
}

void PrintNotes(Session& session, const google::protobuf::RepeatedPtrField<std::string>& warnings,
                const google::protobuf::RepeatedPtrField<std::string>& infos) {
  for (const std::string& warning : warnings)
    PrintNote(session, absl::StrCat("warning: ", warning));
  for (const std::string& info : infos) PrintNote(session, absl::StrCat("note: ", info));
}

void PrintRows(Session& session, const Table& table) {
  if (table.rows.empty()) {
    PrintNote(session, "the query answers no series");
  } else {
    session.out << RenderTable(table, session.style);
  }
}

// The times of a bare range selector's answer, for the sparkline.
void PrintMatrix(Session& session, const v1::Matrix& matrix) {
  int64_t start = INT64_MAX;
  int64_t end = INT64_MIN;
  for (const v1::SampledSeries& series : matrix.series()) {
    if (series.time_millis().empty()) continue;
    start = std::min(start, series.time_millis(0));
    end = std::max(end, series.time_millis(series.time_millis_size() - 1));
  }
  PrintRows(session, QueryTable(matrix.series(), start, end));
}

std::string MillisText(const google::protobuf::Duration& duration) {
  return absl::StrFormat("%.3f ms", static_cast<double>(duration.seconds()) * 1e3 +
                                        static_cast<double>(duration.nanos()) / 1e6);
}

// The tree of an expression, a node a line, indented by its depth.
void PrintTree(Session& session, const v1::QueryStatistics& statistics) {
  if (session.format == OutputFormat::kJson) {
    session.out << PrettyJson(statistics);
    return;
  }
  Messages nodes = PointersTo(statistics.nodes());
  Table table;
  table.columns = {{.title = "NODE", .cut = Cut::kMiddle, .width_min = 20},
                   {.title = "CPU", .align = Align::kRight},
                   {.title = "SERIES", .align = Align::kRight},
                   {.title = "SELECTED", .align = Align::kRight},
                   {.title = "SAMPLES READ", .align = Align::kRight}};
  for (const v1::QueryNode& node : statistics.nodes()) {
    table.rows.push_back({std::string(size_t{2} * node.depth(), ' ') + node.text(),
                          MillisText(node.cpu_time()), HumanCount(node.series()),
                          HumanCount(node.series_selected()), HumanCount(node.samples_read())});
  }
  PrintList(session, table, nodes, *v1::QueryNode::descriptor(), "the expression has no nodes");
}

absl::StatusOr<ExitStatus> QueryInstant(const QueryOptions& options, Session& session) {
  v1::QueryRequest request;
  request.set_expression(options.expression);
  if (!options.time.empty()) {
    ORA_ASSIGN_OR_RETURN(const int64_t time, TimeOption("--time", options.time, session.now));
    SetTimestamp(time, *request.mutable_time());
  }
  request.set_explain(options.explain);
  ORA_ASSIGN_OR_RETURN(const v1::QueryResponse response, session.client.Call(request));
  if (options.explain) {
    PrintTree(session, response.statistics());
    return ExitStatus::kDone;
  }
  if (session.format == OutputFormat::kJson) {
    session.out << PrometheusJson(response);
    return ExitStatus::kDone;
  }
  PrintNotes(session, response.warnings(), response.infos());
  if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, QueryCsv(response));
  } else if (response.has_scalar()) {
    session.out << HumanNumber(response.scalar().value()) << "\n";
  } else if (response.value_case() == v1::QueryResponse::kText) {
    session.out << Printable(response.text()) << "\n";
  } else if (response.has_matrix()) {
    PrintMatrix(session, response.matrix());
  } else {
    PrintRows(session, QueryTable(response.vector()));
  }
  return ExitStatus::kDone;
}

absl::StatusOr<int64_t> StepMillis(const std::string& text, int64_t span_millis) {
  if (text.empty()) {
    // Whole seconds where that is fine enough.
    const int64_t step = std::max<int64_t>(span_millis / kStepsDefault, 1);
    return step > 1000 ? step / 1000 * 1000 : step;
  }
  const absl::StatusOr<absl::Duration> step = ParseDuration(text);
  if (!step.ok()) return Annotate(step.status(), "--step");
  if (*step < absl::Milliseconds(1)) {
    return absl::InvalidArgumentError(absl::StrCat("--step: `", text, "` is less than 1ms"));
  }
  return absl::ToInt64Milliseconds(*step);
}

absl::StatusOr<ExitStatus> QueryRange(const QueryOptions& options, Session& session) {
  if (options.start.empty()) {
    return absl::InvalidArgumentError("--end and --step need --start, such as --start -1h");
  }
  if (!options.time.empty()) {
    return absl::InvalidArgumentError("--time and --start exclude each other");
  }
  ORA_ASSIGN_OR_RETURN(const int64_t start, TimeOption("--start", options.start, session.now));
  ORA_ASSIGN_OR_RETURN(const int64_t end, TimeOption("--end", options.end, session.now));
  if (end < start) return absl::InvalidArgumentError("--end is before --start");
  ORA_ASSIGN_OR_RETURN(const int64_t step, StepMillis(options.step, end - start));
  v1::QueryRangeRequest request;
  request.set_expression(options.expression);
  SetTimestamp(start, *request.mutable_start());
  SetTimestamp(end, *request.mutable_end());
  request.mutable_step()->set_seconds(step / 1000);
  request.mutable_step()->set_nanos(static_cast<int32_t>(step % 1000 * 1'000'000));
  request.set_explain(options.explain);
  ORA_ASSIGN_OR_RETURN(const v1::QueryRangeResponse response, session.client.Call(request));
  if (options.explain) {
    PrintTree(session, response.statistics());
    return ExitStatus::kDone;
  }
  if (session.format == OutputFormat::kJson) {
    session.out << PrometheusJson(response);
    return ExitStatus::kDone;
  }
  PrintNotes(session, response.warnings(), response.infos());
  if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, QueryCsv(response.series()));
  } else if (options.plot) {
    PlotFrame frame{.start_millis = start, .end_millis = end};
    if (session.style.width.has_value()) frame.width = *session.style.width;
    const std::string plot = Plot(response.series(), frame);
    if (plot.empty()) PrintNote(session, "the query answers nothing to draw");
    session.out << plot;
  } else {
    PrintRows(session, QueryTable(response.series(), start, end));
  }
  return ExitStatus::kDone;
}

}  // namespace

absl::StatusOr<ExitStatus> Query(const QueryOptions& options, Session& session) {
  const bool is_range = !options.start.empty() || !options.end.empty() || !options.step.empty();
  if (options.plot && !is_range) {
    return absl::InvalidArgumentError("--plot draws a range; say --start, such as --start -1h");
  }
  return is_range ? QueryRange(options, session) : QueryInstant(options, session);
}

}  // namespace ora::cli
