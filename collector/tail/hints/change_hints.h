// Hints that a file has changed, so that it need not be asked at every poll. Never the truth: some
// changes give none, and a change is told late or not at all.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ora::collector {

// One thread.
class ChangeHints {
 public:
  using Token = int;  // From 1.

  struct Fired {
    std::vector<Token> tokens;
    bool all = false;  // Some were lost: any may have fired.
  };

  virtual ~ChangeHints() = default;

  // Asks for one hint: at the next change of the file at `path`, its rename or its deletion.
  // UNAVAILABLE: its file system does not tell of all changes; RESOURCE_EXHAUSTED: the limit of
  // files is reached, or the host's; NOT_FOUND.
  virtual absl::StatusOr<Token> Arm(const std::string& path) = 0;

  // Takes it back; nothing if it has fired.
  virtual void Disarm(Token token) = 0;

  // What has fired since the last call; it is not armed any more. Never blocks.
  virtual Fired Take() = 0;

  virtual size_t armed() const = 0;
};

}  // namespace ora::collector
