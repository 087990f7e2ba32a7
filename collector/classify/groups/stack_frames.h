// A stack trace's frames, without what changes with each build.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::collector {

inline constexpr size_t kFramesMax = 8;

// The innermost frames of the application in a trace of Python, Java, Node, Go, Rust, Ruby or C++,
// in the trace's order, at most kFramesMax: function and file or class, without line numbers,
// addresses, and the directories that a file was deployed to. Frames of runtimes and of libraries
// are left out, unless there are no others. Empty if `trace` has none.
std::vector<std::string> ApplicationFrames(absl::string_view trace);

}  // namespace ora::collector
