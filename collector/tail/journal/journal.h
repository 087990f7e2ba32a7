// The seam to systemd's journal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ora::collector {

struct JournalEntry {
  std::string
      unit;  // Its systemd unit, else its identifier, else "other"; "kernel" for the kernel.
  int priority = 6;  // 0 (emergency) to 7 (debug), as in syslog.
  std::string message;
};

// One thread.
class Journal {
 public:
  enum class Place {
    kFound,
    kGone,  // The entry is no more in the journal: the next one that is there follows.
  };

  virtual ~Journal() = default;

  // The next entry, in the order of the journal. False: there is none yet.
  virtual absl::StatusOr<bool> Next(JournalEntry& entry) = 0;

  // Of the entry that Next gave last.
  virtual absl::StatusOr<std::string> Cursor() = 0;

  // Goes on behind the entry at `cursor`.
  virtual absl::StatusOr<Place> SeekBehind(const std::string& cursor) = 0;
  virtual absl::Status SeekToFirst() = 0;
  virtual absl::Status SeekToEnd() = 0;
};

struct SystemJournalOptions {
  std::string directory;  // Empty: this host's own.
  size_t message_bytes_max = 0;
};

// By libsystemd, which is loaded here and nowhere else. UNAVAILABLE: this host has none, or its
// journal cannot be opened.
absl::StatusOr<std::unique_ptr<Journal>> OpenSystemJournal(const SystemJournalOptions& options);

}  // namespace ora::collector
