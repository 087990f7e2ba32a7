// What comes from the fleet never drives the terminal and always fits; what a person types is read
// or refused, never misread as something else.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "cli/render/json.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "cli/time_words.h"

namespace {

constexpr int kWidthMax = 40;

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckHarmless(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    Check(byte >= 0x20 && byte != 0x7F);
    // No C1 control either: U+0080 to U+009F.
    Check(byte != 0xC2 || i + 1 == text.size() || static_cast<unsigned char>(text[i + 1]) > 0x9F);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::string printable = ora::cli::Printable(text);
  CheckHarmless(printable);
  Check(ora::cli::Printable(printable) == printable);
  for (int width = 1; width <= kWidthMax; ++width) {
    Check(ora::cli::DisplayWidth(ora::cli::ShortenMiddle(printable, width)) <= width);
    Check(ora::cli::DisplayWidth(ora::cli::ShortenEnd(printable, width)) <= width);
  }
  CheckHarmless(ora::cli::JsonText(text));

  const absl::Time now = absl::FromUnixSeconds(1'500'000'000);
  const absl::StatusOr<absl::Duration> duration = ora::cli::ParseDuration(text);
  if (duration.ok()) {
    Check(*duration >= absl::ZeroDuration() && *duration < absl::InfiniteDuration());
  }
  const absl::StatusOr<absl::Time> time = ora::cli::ParseTime(text, now);
  if (time.ok()) {
    // What was read can be written and read again.
    const absl::StatusOr<absl::Time> again = ora::cli::ParseTime(ora::cli::ExactTime(*time), now);
    Check(again.ok() && *again == *time);
  }
  return 0;
}
