// Lines that are made of named fields.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/classify/line_classifier.h"
#include "collector/classify/text_index.h"

namespace ora::collector {

// A line that is one JSON object (`line` begins with `{`), complete or cut off. None if it is not
// made as one. Nothing is unescaped: keys and levels that matter have no escapes.
// Here and below: with an index of a text that `line` is a part of, the same is found faster.
absl::optional<LineClass> ClassifyJson(absl::string_view line, const TextIndex* index = nullptr);

// Whether `line` begins as logfmt does: `key=`.
bool LooksLikeLogfmt(absl::string_view line);

// A line of logfmt; what stands between fields is passed over.
LineClass ClassifyLogfmt(absl::string_view line, const TextIndex* index = nullptr);

}  // namespace ora::collector
