#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/units.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

Table LogTable(const v1::ListLogsResponse& response, absl::Time now) {
  Table table;
  table.columns = {{.title = "HOST", .rank = 1, .cut = Cut::kMiddle, .width_min = 8},
                   {.title = "LOG", .cut = Cut::kStart, .width_min = 20},
                   {.title = "COMPONENT", .rank = 2, .cut = Cut::kEnd, .width_min = 9},
                   {.title = "SIZE", .align = Align::kRight},
                   {.title = "FILES", .align = Align::kRight, .rank = 5},
                   {.title = "LINES", .align = Align::kRight, .rank = 3},
                   {.title = "ERRORS", .align = Align::kRight},
                   {.title = "LOST", .align = Align::kRight, .rank = 4},
                   {.title = "STORAGE", .align = Align::kRight, .rank = 6},
                   {.title = "AS OF", .align = Align::kRight, .rank = 7}};
  for (const v1::Log& log : response.logs()) {
    table.rows.push_back(
        {log.instance(),
         log.path(),
         log.component(),
         HumanBytes(static_cast<double>(log.size_bytes())),
         HumanCount(log.files()),
         HumanCount(log.lines()),
         {HumanCount(log.error_lines()), log.error_lines() > 0 ? Tone::kWarning : Tone::kPlain},
         {HumanBytes(static_cast<double>(log.lost_bytes())),
          log.lost_bytes() > 0 ? Tone::kBad : Tone::kPlain},
         HumanBytes(static_cast<double>(log.storage_bytes())),
         log.has_time() ? HumanAge(ToTime(log.time()), now) : ""});
  }
  return table;
}

}  // namespace

absl::StatusOr<ExitStatus> ListLogs(const LogsListOptions& options, Session& session) {
  v1::ListLogsRequest request;
  request.set_instance(options.instance);
  request.set_component(options.component);
  ORA_ASSIGN_OR_RETURN(
      const v1::ListLogsResponse response,
      CallForAllPages<v1::ListLogsResponse>(session.client, request,
                                            [](auto& page) { return page.mutable_logs(); }));
  const bool asked_for_all = options.instance.empty() && options.component.empty();
  PrintList(session, LogTable(response, session.now), PointersTo(response.logs()),
            *v1::Log::descriptor(),
            asked_for_all ? "no log is followed yet; `ora hosts list` shows who reports"
                          : "no log matches; `ora logs list` shows all");
  return ExitStatus::kDone;
}

}  // namespace ora::cli
