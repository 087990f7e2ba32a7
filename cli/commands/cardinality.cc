#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/csv.h"
#include "cli/render/units.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

constexpr int kNameWidthMin = 20;

using Counts = google::protobuf::RepeatedPtrField<v1::NamedCount>;

// One of the lists: what it is called in the answer, and over its two columns.
struct CountList {
  const char* field;
  const char* title;
  const char* unit;
  const Counts& counts;
};

std::vector<CountList> ListsOf(const v1::GetCardinalityResponse& report) {
  return {{"metrics", "METRIC", "SERIES", report.metrics()},
          {"labels", "LABEL", "VALUES", report.labels()},
          {"label_pairs", "LABEL PAIR", "SERIES", report.label_pairs()},
          {"hosts", "HOST", "SERIES", report.hosts()},
          {"churn", "NEW IN THE LAST HOUR", "SERIES", report.churn()}};
}

Table TableOf(const CountList& list) {
  Table table;
  table.columns = {{.title = list.title, .cut = Cut::kMiddle, .width_min = kNameWidthMin},
                   {.title = list.unit, .align = Align::kRight}};
  for (const v1::NamedCount& one : list.counts) {
    table.rows.push_back({one.name(), HumanCount(one.count())});
  }
  return table;
}

// One line an entry: the list, what is counted, how often.
std::string CardinalityCsv(const v1::GetCardinalityResponse& report) {
  std::string csv = CsvLine({"list", "name", "count"});
  for (const CountList& list : ListsOf(report)) {
    for (const v1::NamedCount& one : list.counts) {
      csv += CsvLine({list.field, one.name(), absl::StrCat(one.count())});
    }
  }
  return csv;
}

std::vector<Property> Totals(const v1::GetCardinalityResponse& report) {
  const bool full = report.series() >= report.series_max();
  return {
      {"series",
       {absl::StrCat(HumanCount(report.series()), " of at most ", HumanCount(report.series_max()),
                     ", a host's at most ", HumanCount(report.series_per_host_max())),
        full ? Tone::kBad : Tone::kPlain}},
      {"new in the last hour", HumanCount(report.series_new())},
      {"gone since the start", HumanCount(report.series_forgotten())}};
}

}  // namespace

absl::StatusOr<ExitStatus> ShowCardinality(int top, Session& session) {
  v1::GetCardinalityRequest request;
  request.set_top(static_cast<uint32_t>(top));
  ORA_ASSIGN_OR_RETURN(const v1::GetCardinalityResponse report, session.client.Call(request));
  if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, CardinalityCsv(report));
    return ExitStatus::kDone;
  }
  PrintOne(session, Totals(report), report);
  if (session.format == OutputFormat::kJson) return ExitStatus::kDone;
  for (const CountList& list : ListsOf(report)) {
    if (list.counts.empty()) continue;
    session.out << "\n" << RenderTable(TableOf(list), session.style);
  }
  return ExitStatus::kDone;
}

}  // namespace ora::cli
