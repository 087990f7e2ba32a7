// Any bytes as an error: its fingerprint is well made and the same again, what is masked stays
// masked, and a named secret is never kept.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/classify/groups/fingerprint.h"
#include "collector/classify/groups/message_mask.h"
#include "collector/classify/groups/redaction.h"
#include "collector/classify/groups/stack_frames.h"

namespace {

void Require(bool holds) {
  if (!holds) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const std::string print = ora::collector::FingerprintOf({"E", text, text});
  Require(print.size() == 18 && print == ora::collector::FingerprintOf({"E", text, text}));
  Require(ora::collector::ApplicationFrames(text).size() <= ora::collector::kFramesMax);
  Require(ora::collector::TitleOf({"E", text, ""}).size() <= 200);
  ora::collector::MaskVariables(text);
  const auto redaction = ora::collector::Redaction::Make({});
  Require(redaction.ok());
  if (absl::StrContains(text, "correcthorse42")) return 0;  // Without its name it is no secret.
  const std::string with_secret = absl::StrCat("\n password=correcthorse42\n", text);
  Require(!absl::StrContains(redaction->Apply(with_secret), "correcthorse42"));
  return 0;
}
