#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands/commands.h"
#include "cli/render/units.h"
#include "cli/time_words.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

// Where the product's built-in rules draw the line; a cell past it is marked.
constexpr double kGrowthPercentNotable = 50;
constexpr double kErrorPercentNotable = 10;
constexpr double kResponseSecondsNotable = 2;

constexpr int kErrorTypesShown = 10;

Tone ToneAbove(double value, double limit) { return value > limit ? Tone::kBad : Tone::kPlain; }

Cell GrowthCell(const v1::LogAnalysis& analysis) {
  if (!analysis.has_growth_percent()) return "";
  return {HumanPercent(analysis.growth_percent()),
          ToneAbove(analysis.growth_percent(), kGrowthPercentNotable)};
}

Cell ErrorCell(const v1::LogAnalysis& analysis) {
  if (!analysis.has_error_percent()) return "";
  return {HumanPercent(analysis.error_percent()),
          ToneAbove(analysis.error_percent(), kErrorPercentNotable)};
}

uint64_t LinesOf(const v1::LogAnalysis& analysis) {
  uint64_t lines = 0;
  for (const v1::LevelCount& level : analysis.levels()) lines += level.lines();
  return lines;
}

Table AnalysisTable(const v1::AnalyzeLogsResponse& response) {
  Table table;
  table.columns = {{.title = "HOST", .rank = 1, .cut = Cut::kMiddle, .width_min = 8},
                   {.title = "LOG", .cut = Cut::kStart, .width_min = 18},
                   {.title = "SIZE", .align = Align::kRight, .rank = 4},
                   {.title = "GROWTH", .align = Align::kRight},
                   {.title = "GROWTH %", .align = Align::kRight},
                   {.title = "LINES", .align = Align::kRight, .rank = 3},
                   {.title = "ERRORS %", .align = Align::kRight},
                   {.title = "P95", .align = Align::kRight, .rank = 2},
                   {.title = "TOP ERROR", .rank = 5, .cut = Cut::kEnd}};
  for (const v1::LogAnalysis& analysis : response.analyses()) {
    const double p95 = analysis.response_times().p95_seconds();
    const Cell p95_cell = analysis.has_response_times()
                              ? Cell(HumanSeconds(p95), ToneAbove(p95, kResponseSecondsNotable))
                              : Cell("");
    table.rows.push_back({analysis.log().instance(), analysis.log().path(),
                          HumanBytes(static_cast<double>(analysis.log().size_bytes())),
                          HumanBytes(static_cast<double>(analysis.growth_bytes())),
                          GrowthCell(analysis), HumanCount(LinesOf(analysis)), ErrorCell(analysis),
                          p95_cell,
                          analysis.error_types().empty() ? "" : analysis.error_types(0).type()});
  }
  return table;
}

std::string LevelsText(const v1::LogAnalysis& analysis) {
  std::vector<std::string> parts;
  for (const v1::LevelCount& level : analysis.levels()) {
    if (level.lines_total() == 0 && level.lines() == 0) continue;
    parts.push_back(absl::StrCat(level.level(), " ", HumanCount(level.lines())));
  }
  return absl::StrJoin(parts, "  ");
}

std::string GrowthText(const v1::LogAnalysis& analysis) {
  std::string text = absl::StrCat(HumanBytes(static_cast<double>(analysis.growth_bytes())), " in ",
                                  HumanDuration(ToDuration(analysis.window())));
  if (analysis.has_growth_percent()) {
    absl::StrAppend(&text, " (", HumanPercent(analysis.growth_percent()), ")");
  }
  return text;
}

std::string LinesText(const v1::LogAnalysis& analysis) {
  std::string text = absl::StrCat(HumanCount(LinesOf(analysis)), " in the window, ",
                                  HumanCount(analysis.log().lines()), " in all");
  return text;
}

void AppendErrorTypes(const v1::LogAnalysis& analysis, std::vector<Property>& properties) {
  for (int i = 0; i < analysis.error_types_size() && i < kErrorTypesShown; ++i) {
    const v1::ErrorTypeCount& error = analysis.error_types(i);
    properties.push_back(
        {i == 0 ? "error types" : "",
         absl::StrCat(error.type(), "  ", HumanCount(error.errors()), " in the window, ",
                      HumanCount(error.errors_total()), " in all")});
  }
  if (analysis.error_types_size() > kErrorTypesShown) {
    properties.push_back(
        {"", absl::StrCat("and ", analysis.error_types_size() - kErrorTypesShown, " more types")});
  }
}

std::vector<Property> AnalysisProperties(const v1::LogAnalysis& analysis) {
  const v1::Log& log = analysis.log();
  std::vector<Property> properties = {
      {"log", absl::StrCat(log.instance(), ":", log.path())},
      {"component", absl::StrCat(log.component(), " (", log.category(), ")")},
      {"size", absl::StrCat(HumanBytes(static_cast<double>(log.size_bytes())), ", ",
                            HumanBytes(static_cast<double>(log.storage_bytes())), " in ",
                            log.files(), log.files() == 1 ? " file" : " files")},
      {"growth", {GrowthText(analysis), GrowthCell(analysis).tone}},
      {"lines", LinesText(analysis)},
      {"levels", LevelsText(analysis)},
      {"error lines", ErrorCell(analysis)}};
  AppendErrorTypes(analysis, properties);
  if (analysis.has_response_times()) {
    const v1::ResponseTimes& times = analysis.response_times();
    properties.push_back(
        {"response times",
         {absl::StrCat("p50 ", HumanSeconds(times.p50_seconds()), "  p95 ",
                       HumanSeconds(times.p95_seconds()), "  p99 ",
                       HumanSeconds(times.p99_seconds()), "  mean ",
                       HumanSeconds(times.mean_seconds()), "  of ", HumanCount(times.count())),
          ToneAbove(times.p95_seconds(), kResponseSecondsNotable)}});
  }
  if (log.lost_bytes() > 0) {
    properties.push_back({"lost", {HumanBytes(static_cast<double>(log.lost_bytes())), Tone::kBad}});
  }
  return properties;
}

}  // namespace

absl::StatusOr<ExitStatus> AnalyzeLogs(const LogsAnalyzeOptions& options, Session& session) {
  v1::AnalyzeLogsRequest request;
  request.set_log(options.log);
  request.set_log_count_max(options.log_count_max);
  const absl::StatusOr<absl::Duration> window = ParseDuration(options.window);
  if (!window.ok()) return Annotate(window.status(), "--window");
  request.mutable_window()->set_seconds(absl::ToInt64Seconds(*window));
  request.mutable_window()->set_nanos(
      static_cast<int32_t>((*window % absl::Seconds(1)) / absl::Nanoseconds(1)));
  ORA_ASSIGN_OR_RETURN(const v1::AnalyzeLogsResponse response, session.client.Call(request));
  if (response.analyses_size() == 1 && session.format == OutputFormat::kTable) {
    session.out << RenderProperties(AnalysisProperties(response.analyses(0)), session.style);
  } else {
    PrintList(session, AnalysisTable(response), PointersTo(response.analyses()),
              *v1::LogAnalysis::descriptor(), "no log is followed yet");
  }
  if (response.omitted() > 0) {
    PrintNote(session,
              absl::StrCat(response.omitted(), " more logs match; name one, or raise --limit"));
  }
  return ExitStatus::kDone;
}

}  // namespace ora::cli
