// Any bytes as an alert's record and as an annotation: an answer or an error, never a crash; a
// record that is read is written as the same message, a text that is filled in is bounded.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "aggregator/rules/alert_records.h"
#include "aggregator/rules/annotation_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto record = ora::aggregator::DecodeAlertRecord(text);
  if (record.ok()) {
    const auto again =
        ora::aggregator::DecodeAlertRecord(ora::aggregator::EncodeAlertRecord(*record));
    if (!again.ok() || again->ByteSizeLong() != record->ByteSizeLong()) std::abort();
  }
  const auto parsed = ora::aggregator::AnnotationTemplate::Parse(text);
  if (parsed.ok()) {
    for (const double value : {0.0, -1e300, 1e-300, 64.51, std::nan(""), HUGE_VAL}) {
      if (parsed->Fill({{"instance", "web"}}, value).size() > 4096) std::abort();
    }
  }
  return 0;
}
