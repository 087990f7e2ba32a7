#include "storage/tsdb/write_window.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace ora::storage {
namespace {

std::string TimeText(int64_t millis) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(millis),
                          absl::UTCTimeZone());
}

}  // namespace

void WriteWindow::Apply(std::vector<WriteBlock>& blocks, WriteOutcome& outcome) const {
  std::erase_if(blocks, [&](const WriteBlock& block) {
    const bool too_old = block.time_millis < oldest_millis;
    const bool too_new = block.time_millis > newest_millis;
    if (!too_old && !too_new) {
      outcome.samples_stored += block.series.size();
      return block.series.empty();
    }
    (too_old ? outcome.samples_too_old : outcome.samples_too_new) += block.series.size();
    if (outcome.rejection_example.empty() && !block.series.empty()) {
      outcome.rejection_example = absl::StrCat(
          "sample of ", TimeText(block.time_millis),
          too_old ? " is older than the oldest accepted, " : " is newer than the newest accepted, ",
          TimeText(too_old ? oldest_millis : newest_millis));
    }
    return true;
  });
}

}  // namespace ora::storage
