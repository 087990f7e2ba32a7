#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/query_result.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "proto/status/status_macros.h"

namespace ora::cli {

absl::StatusOr<ExitStatus> DeleteSeries(const DeleteOptions& options, Session& session) {
  v1::DeleteSeriesRequest request;
  request.set_selector(options.selector);
  request.set_apply(options.apply);
  ORA_ASSIGN_OR_RETURN(const v1::DeleteSeriesResponse deletion, session.client.Call(request));
  const bool planned = deletion.series() > 0 && !deletion.applied();
  if (session.format != OutputFormat::kTable) {
    PrintOne(session, {}, deletion);
  } else if (deletion.series() == 0) {
    PrintNote(session, "no series matches");
  } else {
    // Whole lines, never cut: who deletes must see what.
    for (const v1::LabelSet& labels : deletion.examples()) {
      session.out << Printable(SeriesText(labels)) << "\n";
    }
    const auto shown = static_cast<uint64_t>(deletion.examples_size());
    if (deletion.series() > shown) {
      session.out << "... and " << HumanCount(deletion.series() - shown) << " more\n";
    }
    session.out << HumanCount(deletion.series())
                << (planned ? " series would be deleted" : " series deleted") << "\n";
  }
  if (planned) PrintNote(session, "nothing is deleted yet; say --apply to delete them for good");
  return ExitStatus::kDone;
}

}  // namespace ora::cli
