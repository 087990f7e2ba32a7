// One log: its files, in the order in which they were written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "collector/tail/followed_file.h"
#include "collector/tail/line_sink.h"
#include "collector/tail/log_archives.h"
#include "collector/tail/log_follower.h"
#include "ora/state/v1/collector_state.pb.h"

namespace ora::collector {

// What the logs of a follower share. All references outlive them.
struct FollowerParts {
  const LogFollowerOptions& options;
  LineSink& sink;
  storage::FileSystem& files;
  storage::Clock& clock;
  storage::LogSink& log;
  storage::Counter& long_lines;
  storage::Counter& unreadable_files;
  storage::Counter& read_errors;
  storage::Counter& open_failures;
  storage::Counter& damaged_archives;
  storage::Counter& unreadable_archives;
  absl::flat_hash_set<std::string> unreadable = {};  // Paths that were counted.
  std::vector<char> buffer = {};
  std::string text = {};
  size_t archives_open = 0;
  size_t files_open = 0;
  bool handle_refused = false;  // For the limit, since it was last looked at.
};

// Where reading starts in files of a log that was not known.
enum class Baseline {
  kNone,         // Everything is new.
  kBackupsRead,  // Backups count as read, the file itself is new.
  kAllRead,
};

// One thread: the follower's.
class FollowedLog {
 public:
  FollowedLog(LogId id, const LogDescription& description, FollowerParts& parts)
      : id_(id), description_(description), parts_(parts) {}

  void Restore(const state::v1::FollowedLogState& state);

  enum class LookResult {
    kSettled,
    kLookAgain,  // Names moved between listing and opening: list again.
  };
  enum class LookAttempt { kFirst, kLast };

  // Compares what is there with what is known: who was renamed, truncated, copied, deleted, born.
  LookResult Look(absl::Span<const PresentFile> present, Baseline baseline, LookAttempt attempt);

  // Asks the files that are open for their size. True if their directory must be looked at.
  bool Poll();

  struct ReadResult {
    size_t bytes = 0;
    bool look = false;  // A file is not what it was: look at the directory.
  };
  // Hands on one block of the oldest file that has more.
  ReadResult ReadSome(size_t bytes_max);

  bool has_more() const;
  // Its file is in its place, read to its end, and has not changed for a while; nothing of it waits
  // for its time. A hint that it changes is enough then.
  bool IsQuiet() const;
  // No hints are to be had for it; asked for again when it is followed anew.
  void DoNotHint() { hintable_ = false; }
  bool gone() const { return files_.empty() && present_files_ == 0; }
  state::v1::FollowedLogState State() const;
  uint64_t bytes_behind() const;

  // An open file that may be closed without a loss. Valid until the log's next call.
  struct IdleHandle {
    FollowedFile* file = nullptr;
    absl::Duration changed_at;
  };
  void AddIdleHandles(std::vector<IdleHandle>& idle);
  size_t file_count() const { return files_.size(); }
  const std::vector<FollowedFile>& files() const { return files_; }
  // True if the file at `path` is one of the log's: it has its inode, and its content or its name.
  bool Recognizes(const std::string& path, const storage::FileStatus& status);
  // Where else its files lie; kept with its state.
  void set_others(const std::vector<std::string>& others);

  LogId id() const { return id_; }
  const LogDescription& description() const { return description_; }
  // Changes whenever State does.
  uint64_t version() const { return version_; }

 private:
  enum class Verdict {
    kOpen,  // What seems lost may yet be found in a compressed file.
    kFinal,
  };
  enum class Match { kThisFile, kAnother, kUnknown, kMoved };

  // The known file that `present` is, checked; opens it if it must be read to know.
  Match Recognize(const PresentFile& present);
  Match VerifyKnown(FollowedFile& known, const PresentFile& present);
  void Attach(FollowedFile& known, const PresentFile& present);
  // Takes in a file that is not known by its inode.
  LookResult Admit(const PresentFile& present, Baseline baseline);
  // True if `file` at `present` is a copy of a file that is known; reading may go on in it.
  bool IsCopy(std::unique_ptr<storage::ReadableFile>& file, const PresentFile& present);
  void ContinueInCopy(FollowedFile& original, std::unique_ptr<storage::ReadableFile> copy,
                      const PresentFile& present);
  // Takes in the compressed files among `present`; adds those whose text is known, but whose place
  // among the log's files is not, to `strangers`.
  void LookAtArchives(absl::Span<const PresentFile> present, Baseline baseline,
                      std::vector<const PresentFile*>& strangers);
  // Finds the file that is read of it, if there is one.
  void AttachArchive(const PresentFile& present);
  // All of its text is handed on; `archive` is one of files_ and is taken out.
  void SettleArchive(FollowedFile& archive);
  // Opens it and decodes up to its offset, at most `bytes_max` bytes; none once it can be read.
  absl::optional<ReadResult> ApproachInArchive(FollowedFile& archive, size_t bytes_max);
  // What the text of `present` is: the rest of a known file, one that is read elsewhere, or new.
  void AdmitArchive(const PresentFile& present);
  void ContinueInArchive(FollowedFile& known, const PresentFile& present,
                         const ArchiveSurvey& survey);
  // True if another file that is known has the text of `present`; it takes over its place.
  bool IsReadElsewhere(const PresentFile& present, const ArchiveSurvey& survey);
  ReadResult Survey(size_t bytes_max);
  void TellOfArchive(const ArchiveSurvey& survey);
  ArchivePatience Patience() const { return {.unchanged = parts_.options.linger}; }
  // Finds out which files that only a handle leads to were cut and written anew: what they hold now
  // is another file, and what they held may be in a copy.
  void VerifyHeld();
  // What is lost of `file` where reading goes on in a text of `size_bytes`.
  void LosePast(FollowedFile& file, uint64_t size_bytes);
  // Puts the files whose place is known in the order of their age.
  void SortPlaced();
  // Where a new file belongs among files_.
  void Insert(FollowedFile file);
  // A look found `files_present` files of the log, and this one not among them, or so it may be.
  void MissFile(FollowedFile& file, size_t files_present, Verdict verdict);
  void DropLost(Verdict verdict);
  void TellFiles(absl::Span<const PresentFile> present);
  // The file has so many bytes now.
  void Grow(FollowedFile& file, uint64_t size_bytes);
  // Takes the size seen for proven if the content still is the file's.
  void Prove(FollowedFile& file);
  // The oldest file that has more, by what the files before it hold now.
  FollowedFile* NextToRead();
  // None if it cannot be opened; a refusal is counted once.
  absl::StatusOr<std::unique_ptr<storage::ReadableFile>> Open(const std::string& path);
  bool OpenForReading(FollowedFile& file);
  void HandOn(FollowedFile& file, const Block& block);
  // Past the limit of handles it is not kept, unless nothing else leads to the file.
  void KeepHandle(FollowedFile& file);
  FollowedFile* FindByIdentity(const storage::FileStatus& status);

  const LogId id_;
  const LogDescription description_;
  FollowerParts& parts_;
  std::vector<FollowedFile> files_;  // Oldest first.
  LogArchives archives_;
  bool knows_archives_ = true;
  std::vector<std::string> others_;
  bool hintable_ = true;
  size_t present_files_ = 0;
  LogFiles told_;
  uint64_t version_ = 1;
};

}  // namespace ora::collector
