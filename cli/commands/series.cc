#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/csv.h"
#include "cli/render/json.h"
#include "cli/render/query_result.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "cli/time_words.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

absl::StatusOr<google::protobuf::Timestamp> TimeOption(absl::string_view name,
                                                       const std::string& text, absl::Time now) {
  const absl::StatusOr<absl::Time> time = ParseTime(text, now);
  if (!time.ok()) return Annotate(time.status(), name);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(*time));
  timestamp.set_nanos(static_cast<int32_t>((*time - absl::FromUnixSeconds(timestamp.seconds())) /
                                           absl::Nanoseconds(1)));
  return timestamp;
}

using Words = google::protobuf::RepeatedPtrField<std::string>;

// A list of words, one a line. `title` is the CSV's header.
void PrintWords(Session& session, const Words& words, const std::string& title) {
  if (session.format == OutputFormat::kJson) {
    session.out << "[";
    for (const std::string& word : words) {
      session.out << (&word == &words[0] ? "\n  " : ",\n  ") << JsonText(word);
    }
    session.out << (words.empty() ? "]\n" : "\n]\n");
  } else if (session.format == OutputFormat::kCsv) {
    std::string csv = CsvLine({title});
    for (const std::string& word : words) csv += CsvLine({word});
    PrintCsv(session, csv);
  } else if (words.empty()) {
    PrintNote(session, "no series matches");
  } else {
    for (const std::string& word : words) session.out << Printable(word) << "\n";
  }
}

}  // namespace

absl::StatusOr<ExitStatus> ListSeries(const SeriesOptions& options, Session& session) {
  v1::ListSeriesRequest request;
  *request.mutable_selectors() = {options.selectors.begin(), options.selectors.end()};
  if (!options.start.empty()) {
    ORA_ASSIGN_OR_RETURN(*request.mutable_start(),
                         TimeOption("--start", options.start, session.now));
  }
  if (!options.end.empty()) {
    ORA_ASSIGN_OR_RETURN(*request.mutable_end(), TimeOption("--end", options.end, session.now));
  }
  ORA_ASSIGN_OR_RETURN(
      const v1::ListSeriesResponse response,
      CallForAllPages<v1::ListSeriesResponse>(session.client, request,
                                              [](auto& page) { return page.mutable_series(); }));
  if (session.format == OutputFormat::kJson) {
    session.out << SeriesJson(response);
  } else if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, SeriesCsv(response.series()));
  } else if (response.series().empty()) {
    PrintNote(session, "no series matches");
  }
  if (session.format != OutputFormat::kTable) return ExitStatus::kDone;
  // Whole lines, never cut: a series is there to be copied into a query.
  for (const v1::LabelSet& labels : response.series()) {
    session.out << Printable(SeriesText(labels)) << "\n";
  }
  return ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> ListLabels(const LabelsOptions& options, Session& session) {
  if (options.name.empty()) {
    v1::ListLabelNamesRequest request;
    *request.mutable_selectors() = {options.selectors.begin(), options.selectors.end()};
    ORA_ASSIGN_OR_RETURN(
        const v1::ListLabelNamesResponse response,
        CallForAllPages<v1::ListLabelNamesResponse>(
            session.client, request, [](auto& page) { return page.mutable_names(); }));
    PrintWords(session, response.names(), "name");
    return ExitStatus::kDone;
  }
  v1::ListLabelValuesRequest request;
  request.set_label(options.name);
  *request.mutable_selectors() = {options.selectors.begin(), options.selectors.end()};
  ORA_ASSIGN_OR_RETURN(
      const v1::ListLabelValuesResponse response,
      CallForAllPages<v1::ListLabelValuesResponse>(
          session.client, request, [](auto& page) { return page.mutable_values(); }));
  PrintWords(session, response.values(), options.name);
  return ExitStatus::kDone;
}

}  // namespace ora::cli
