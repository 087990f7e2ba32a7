// Hints from the kernel's inotify.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "collector/tail/hints/change_hints.h"

namespace ora::collector {

struct InotifyLimits {
  size_t files_max = 8'192;  // Each takes about 1 KiB of the kernel's memory.
};

// UNAVAILABLE: this host has no inotify, or no instance of it is left for this user; poll then.
// Files on file systems whose changes may come from elsewhere (network, FUSE, overlays) are
// refused.
absl::StatusOr<std::unique_ptr<ChangeHints>> MakeInotifyHints(const InotifyLimits& limits);

}  // namespace ora::collector
