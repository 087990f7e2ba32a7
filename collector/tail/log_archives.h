// The compressed files of one log: which of them are accounted for, and what the others hold.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/tail/archive/archive_file.h"
#include "collector/tail/followed_file.h"
#include "ora/state/v1/collector_state.pb.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// Tells a compressed file from every other of its log, and from what it was before it grew.
struct ArchiveId {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t compressed_bytes = 0;
  int64_t modify_nanos = 0;

  bool operator==(const ArchiveId&) const = default;
};

ArchiveId ArchiveIdOf(const storage::FileStatus& status);
ArchiveId ArchiveIdOf(const FollowedFile& archive);

// What a pass over a compressed file's text has found.
struct ArchiveSurvey {
  // The bytes of the text before an offset at which a file of the log was read last.
  struct Probe {
    uint64_t offset = 0;
    std::string before;
  };
  enum class Stage {
    kWanted,
    kRunning,
    kWhole,       // All of the text is there.
    kCut,         // Its end is missing or damaged.
    kUnreadable,  // Nothing of it can be decoded.
  };

  ArchiveId id;
  std::string path;
  Stage stage = Stage::kWanted;
  absl::Duration first_seen;  // Monotonic: the file, by its inode.
  absl::Duration changed_at;  // Monotonic: the file as it is now.
  bool present = true;        // At the last look.
  bool told = false;          // Its damage has been told.
  std::vector<Probe> probes;  // By offset.
  size_t probes_done = 0;
  std::unique_ptr<ArchiveFile> file;  // While it runs.
  absl::Status error;                 // Of kUnreadable.
  std::string tried_path;             // Where it was opened last.
  absl::Duration tried_at;            // Monotonic.
  uint64_t length = 0;
  std::string head;
  std::string tail;

  bool running() const { return stage == Stage::kWanted || stage == Stage::kRunning; }
};

// True if the text begins as `known` does and has its bytes before its offset.
bool HoldsTextOf(const ArchiveSurvey& survey, const FollowedFile& known);

// How long an archive without its end is waited for: since it last changed, and in all.
struct ArchivePatience {
  absl::Duration unchanged;
  absl::Duration growing = absl::Minutes(10);
};

// One thread: the follower's.
class LogArchives {
 public:
  void Restore(const state::v1::FollowedLogState& state, absl::Duration now);
  void AddTo(state::v1::FollowedLogState& state) const;

  // Marks it as seen.
  bool IsSettled(const ArchiveId& id, absl::Duration now);
  void Settle(const ArchiveId& id, absl::Duration now);

  // The survey of a file that is not settled; begins it, with a probe at each of `offsets`.
  ArchiveSurvey& SurveyOf(const PresentFile& present, absl::Span<const uint64_t> offsets,
                          absl::Duration now);
  // The text is accounted for, or its file has a new id.
  void DropSurvey(const ArchiveId& id);

  // Around a look at the directory: what it did not see is forgotten, surveys at once and settled
  // archives after `linger`, since a listing may pass over a file that is being renamed.
  void BeginLook();
  // True if something was forgotten that the state holds.
  bool EndLook(absl::Duration now, absl::Duration linger);

  // A survey is still to be made.
  bool wants_survey() const;
  // A file may yet turn out to hold what seems lost.
  bool undecided(absl::Duration now, const ArchivePatience& patience) const;
  // It is cut, and was waited for long enough.
  static bool GivenUp(const ArchiveSurvey& survey, absl::Duration now,
                      const ArchivePatience& patience);

  // Decodes about `bytes_max` bytes for the first survey that is not done; `open` counts the open
  // archives. The survey if it is done now, else null.
  struct Progress {
    size_t bytes = 0;
    const ArchiveSurvey* done = nullptr;
  };
  Progress Advance(size_t bytes_max, absl::Duration now, storage::FileSystem& files, size_t& open);
  // A survey holds a decoder.
  bool running() const;

 private:
  struct Settled {
    ArchiveId id;
    absl::Duration seen;  // Monotonic.
  };

  std::vector<Settled> settled_;
  std::vector<std::unique_ptr<ArchiveSurvey>> surveys_;
};

}  // namespace ora::collector
