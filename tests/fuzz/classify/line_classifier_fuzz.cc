// Any bytes as a log: what is told of each line holds, a classifier that is told where another one
// stood says the same, and so does one that has an index of the text.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_split.h"
#include "collector/classify/durations.h"
#include "collector/classify/error_types.h"
#include "collector/classify/line_classifier.h"
#include "collector/classify/text_index.h"

namespace {

using ora::collector::LineClass;
using ora::collector::LineClassifier;
using ora::collector::TextIndex;

void Require(bool holds) {
  if (!holds) abort();
}

bool IsWithin(absl::string_view part, absl::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool IsSame(const LineClass& one, const LineClass& other) {
  return one.level == other.level && one.continuation == other.continuation &&
         one.begins_trace == other.begins_trace && one.error_type == other.error_type &&
         one.response_seconds == other.response_seconds;
}

// Lines as LogAccounts takes them, told the same with an index and without.
void RequireSameWithIndex(absl::string_view text) {
  TextIndex index;
  LineClassifier indexed;
  LineClassifier plain;
  text = text.substr(0, TextIndex::kBytesMax);
  index.Build(text);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    Require(IsSame(indexed.Classify(line, &index), plain.Classify(line)) &&
            indexed.trace() == plain.trace());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  RequireSameWithIndex(text);
  LineClassifier classifier;
  for (const absl::string_view from : absl::StrSplit(text, '\n')) {
    const std::string line(from);  // Its own memory, so that a byte read past it is seen.
    LineClassifier twin(classifier.trace());
    const LineClass got = classifier.Classify(line);
    const LineClass again = twin.Classify(line);
    Require(IsSame(got, again) && classifier.trace() == twin.trace());
    Require(!(got.continuation && got.begins_trace));
    Require(!got.continuation || got.level == ora::collector::Level::kUnknown);
    Require(IsWithin(got.error_type, line));
    Require(got.error_type.size() <= ora::collector::kErrorTypeBytesMax);
    Require(ora::collector::TypePrefix(got.error_type) == got.error_type);
    if (got.response_seconds.has_value()) {
      Require(*got.response_seconds >= 0 &&
              *got.response_seconds <= ora::collector::kDurationSecondsMax);
    }
  }
  return 0;
}
