// Words that tell a line's level.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/classify/line_classifier.h"
#include "collector/classify/text_index.h"

namespace ora::collector {

// The level that `word` (`error`, `WARN`, `Critical`, `emerg`, ...) names, in any case.
absl::optional<Level> ParseLevel(absl::string_view word);

// The level of a number as bunyan and pino write it: 10 trace to 60 fatal.
absl::optional<Level> ParseLevelNumber(absl::string_view digits);

// By a syslog priority's lowest 3 bits: 0 emergency to 7 debug.
Level LevelOfSeverity(int severity);

// The first level word in running text. Only what is meant as a level counts: a whole word in upper
// case, a word with a colon after it, in brackets, or as `level=word`; not one that is denied
// (`no error:`, `0 ERROR`, `error: 0`). kUnknown if there is none.
// Here and below: with an index of a text that `text` is a part of, the same is found faster.
Level FindLevel(absl::string_view text, const TextIndex* index = nullptr);

// The level among the first few words after a timestamp (`- name - ERROR -`, `[main] ERROR`,
// `[name] [error]`, `info`); kUnknown if there is none. `text` begins after the timestamp.
Level FindHeaderLevel(absl::string_view text, const TextIndex* index = nullptr);

// The level of a header as Python's logging writes it (` - name - LEVEL - `): what FindHeaderLevel
// would tell, but told at a glance. None if it is another header, or if TaggedMessage might find
// one in it.
absl::optional<Level> FindDashedLevel(absl::string_view text, const TextIndex& index);

}  // namespace ora::collector
