#include "collector/tail/followed_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

using storage::FileStatus;
using storage::ReadableFile;

// A listing made while files are renamed may pass over one, and so may the next: a file with unread
// bytes is gone when it was missing for this long, any other when it was for `linger`.
constexpr absl::Duration kMissingMin = absl::Seconds(2);

// Counts the handles that are open.
class CountedFile final : public ReadableFile {
 public:
  CountedFile(std::unique_ptr<ReadableFile> file, size_t& open)
      : file_(std::move(file)), open_(open) {
    ++open_;
  }
  CountedFile(const CountedFile&) = delete;
  CountedFile& operator=(const CountedFile&) = delete;
  ~CountedFile() override { --open_; }

  absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> into) override {
    return file_->ReadAt(offset, into);
  }
  absl::StatusOr<FileStatus> Status() override { return file_->Status(); }

 private:
  const std::unique_ptr<ReadableFile> file_;
  size_t& open_;
};

bool SameFile(const FileStatus& a, const FileStatus& b) {
  return a.device == b.device && a.inode == b.inode;
}

absl::string_view ReasonOf(const FollowedFile& file) {
  if (file.fate == FollowedFile::Fate::kTruncated) return "truncated";
  return file.let_go ? "held_too_long" : "deleted";
}

}  // namespace

void FollowedLog::Restore(const state::v1::FollowedLogState& state) {
  for (const state::v1::FollowedFileState& file : state.files()) {
    files_.push_back(FileOfState(file));
    const bool is_own = file.path() == description_.path;
    if (!is_own && files_.back().is_base()) files_.back().rank.kind = BackupRank::Kind::kOther;
    files_.back().changed_at = parts_.clock.Monotonic();
  }
  others_.assign(state.other_paths().begin(), state.other_paths().end());
  archives_.Restore(state, parts_.clock.Monotonic());
  knows_archives_ = state.knows_archives();
}

state::v1::FollowedLogState FollowedLog::State() const {
  state::v1::FollowedLogState state;
  state.set_path(description_.path);
  for (const FollowedFile& file : files_) *state.add_files() = StateOf(file);
  archives_.AddTo(state);
  for (const std::string& other : others_) state.add_other_paths(other);
  return state;
}

void FollowedLog::set_others(const std::vector<std::string>& others) {
  if (others == others_) return;
  others_ = others;
  ++version_;
}

bool FollowedLog::Recognizes(const std::string& path, const FileStatus& status) {
  const FollowedFile* const known = FindByIdentity(status);
  if (known == nullptr) return false;
  if (known->attached && known->path != path) {
    const absl::StatusOr<FileStatus> own = parts_.files.Stat(known->path);
    if (own.ok() && SameFile(*own, status)) return true;  // A hard link, or a symlink.
  }
  if (known->head.empty()) return false;  // Nothing tells it from another in its inode.
  const auto file = parts_.files.OpenForRead(path);
  if (!file.ok()) return false;
  const absl::StatusOr<FileStatus> now = (*file)->Status();
  if (!now.ok() || !SameFile(*now, status) || now->size_bytes < known->offset) return false;
  const absl::StatusOr<bool> holds = HoldsContentOf(**file, *known);
  return holds.ok() && *holds;
}

FollowedFile* FollowedLog::FindByIdentity(const FileStatus& status) {
  for (FollowedFile& file : files_) {
    if (file.is_there() && !file.is_archive() && file.device == status.device &&
        file.inode == status.inode) {
      return &file;
    }
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<ReadableFile>> FollowedLog::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<ReadableFile>> file = parts_.files.OpenForRead(path);
  if (absl::IsResourceExhausted(file.status())) {
    parts_.open_failures.Increment();  // Tried again with each look.
    return file;
  }
  const bool is_there = !absl::IsNotFound(file.status());
  if (!file.ok() && is_there && parts_.unreadable.insert(path).second) {
    parts_.unreadable_files.Increment();
    parts_.log.Warning(absl::StrCat("log ", path, ": ", file.status().message(),
                                    "; let the collector's user read it"));
  }
  if (!file.ok() && is_there) return file;
  parts_.unreadable.erase(path);
  if (!file.ok()) return file;
  return std::make_unique<CountedFile>(*std::move(file), parts_.files_open);
}

void FollowedLog::Attach(FollowedFile& known, const PresentFile& present) {
  if (known.path != present.path || known.size_seen != present.status.size_bytes) ++version_;
  if (known.size_seen != present.status.size_bytes) {
    known.changed_at = parts_.clock.Monotonic();
  }
  known.path = present.path;
  known.rank = present.rank;
  known.attached = true;
  known.placed = true;
  known.missing_since.reset();
  known.size_seen = present.status.size_bytes;
  known.modify_time = present.status.modify_time;
  if (known.is_base()) known.ended = false;
  if (known.handle == nullptr) known.looked_at = 0;  // What could not be opened is tried again.
}

FollowedLog::Match FollowedLog::VerifyKnown(FollowedFile& known, const PresentFile& present) {
  if (present.status.size_bytes < known.offset) return Match::kAnother;
  // A file that was empty tells nothing of what its inode holds now: that may be a copy.
  const bool was_empty = known.head.empty() && present.status.size_bytes > 0;
  if (was_empty && known.handle == nullptr && !present.is_base()) return Match::kAnother;
  const bool unchanged = known.handle == nullptr && known.verified && known.path == present.path &&
                         known.size_proven == present.status.size_bytes &&
                         known.modify_time == present.status.modify_time;
  if (unchanged) return Match::kThisFile;
  std::unique_ptr<ReadableFile> opened;
  ReadableFile* file = known.handle.get();
  if (file == nullptr) {
    absl::StatusOr<std::unique_ptr<ReadableFile>> fresh = Open(present.path);
    if (!fresh.ok()) return absl::IsNotFound(fresh.status()) ? Match::kMoved : Match::kThisFile;
    opened = *std::move(fresh);
    file = opened.get();
    const absl::StatusOr<FileStatus> status = file->Status();
    if (!status.ok() || !SameFile(*status, present.status)) return Match::kMoved;
  }
  const absl::StatusOr<bool> holds = HoldsContentOf(*file, known);
  if (!holds.ok()) {
    parts_.read_errors.Increment();
    return Match::kThisFile;  // Not known to be another; looked at again.
  }
  known.verified = true;
  known.looked_at = 0;
  if (known.head.empty()) {
    absl::StatusOr<std::string> head = ReadBytes(*file, 0, kHeadBytesMax);
    if (head.ok()) known.head = *std::move(head);
  }
  if (!*holds) return Match::kAnother;
  known.size_proven = present.status.size_bytes;
  return Match::kThisFile;
}

FollowedLog::Match FollowedLog::Recognize(const PresentFile& present) {
  FollowedFile* known = FindByIdentity(present.status);
  if (known == nullptr) return Match::kUnknown;
  const Match match = VerifyKnown(*known, present);
  if (match == Match::kThisFile) {
    known->fate = FollowedFile::Fate::kThere;
    Attach(*known, present);
  } else if (match == Match::kAnother) {
    known->fate = FollowedFile::Fate::kTruncated;
    known->handle.reset();
    ++version_;
  }
  return match;
}

void FollowedLog::ContinueInCopy(FollowedFile& original, std::unique_ptr<ReadableFile> copy,
                                 const PresentFile& present) {
  LosePast(original, present.status.size_bytes);
  original.head.resize(std::min<uint64_t>(original.head.size(), present.status.size_bytes));
  original.device = present.status.device;
  original.inode = present.status.inode;
  original.handle = std::move(copy);
  original.fate = FollowedFile::Fate::kThere;
  original.verified = true;
  original.ended = true;
  original.looked_at = 0;
  original.changed_at = parts_.clock.Monotonic();
  if (original.offset > present.status.size_bytes) {
    // The copy was taken before what has been read since: nothing in it is unread.
    (void)PlaceAt(original, present.status.size_bytes);
  }
  Attach(original, present);
  original.size_proven = present.status.size_bytes;
  ++version_;
}

void FollowedLog::VerifyHeld() {
  std::vector<FollowedFile> rewritten;
  for (FollowedFile& file : files_) {
    if (file.attached || file.handle == nullptr || !file.is_there() || file.is_archive()) continue;
    const absl::StatusOr<bool> holds = HoldsContentOf(*file.handle, file);
    if (!holds.ok() || *holds) continue;
    FollowedFile& fresh = rewritten.emplace_back();
    fresh.path = file.path;
    fresh.rank.kind = BackupRank::Kind::kOther;
    fresh.device = file.device;
    fresh.inode = file.inode;
    fresh.handle = std::move(file.handle);
    fresh.verified = true;
    fresh.changed_at = parts_.clock.Monotonic();
    file.fate = FollowedFile::Fate::kTruncated;
    ++version_;
  }
  for (FollowedFile& fresh : rewritten) {
    if (PlaceAt(fresh, 0).ok()) Insert(std::move(fresh));
  }
}

void FollowedLog::LosePast(FollowedFile& file, uint64_t size_bytes) {
  const uint64_t there = std::max(file.offset, size_bytes);
  if (file.size_proven <= there) return;
  parts_.sink.OnLost(id_, file.size_proven - there, ReasonOf(file));
  file.size_proven = there;
  ++version_;
}

bool FollowedLog::IsCopy(std::unique_ptr<ReadableFile>& file, const PresentFile& present) {
  for (auto known = files_.rbegin(); known != files_.rend(); ++known) {
    const bool there = known->is_there() && !known->missing_since;
    if (there || known->head.empty() || known->is_archive()) continue;
    const absl::StatusOr<bool> copy = IsCopyOf(*file, present.status.size_bytes, *known);
    if (copy.ok() && *copy) {
      ContinueInCopy(*known, std::move(file), present);
      return true;
    }
  }
  for (FollowedFile& known : files_) {
    if (!known.is_there() || known.is_archive()) continue;
    const bool was_open = known.handle != nullptr;
    if (!was_open && !OpenForReading(known)) continue;
    const absl::StatusOr<bool> copy = IsPrefixOf(*file, *known.handle);
    if (!was_open) known.handle.reset();
    if (copy.ok() && *copy) return true;  // A shadow: its content is read in the original.
  }
  return false;
}

FollowedLog::LookResult FollowedLog::Admit(const PresentFile& present, Baseline baseline) {
  absl::StatusOr<std::unique_ptr<ReadableFile>> opened = Open(present.path);
  if (!opened.ok()) {
    return absl::IsNotFound(opened.status()) ? LookResult::kLookAgain : LookResult::kSettled;
  }
  const absl::StatusOr<FileStatus> status = (*opened)->Status();
  if (!status.ok() || !SameFile(*status, present.status)) return LookResult::kLookAgain;
  PresentFile now = present;
  now.status = *status;
  if (!now.is_base() && (now.status.size_bytes == 0 || IsCopy(*opened, now))) {
    return LookResult::kSettled;
  }
  FollowedFile file;
  file.device = now.status.device;
  file.inode = now.status.inode;
  file.handle = *std::move(opened);
  file.verified = true;
  file.changed_at = parts_.clock.Monotonic();
  const bool read =
      baseline == Baseline::kAllRead || (baseline == Baseline::kBackupsRead && !now.is_base());
  if (!PlaceAt(file, read ? now.status.size_bytes : 0).ok()) {
    parts_.read_errors.Increment();
    return LookResult::kSettled;
  }
  Attach(file, now);
  file.size_proven = now.status.size_bytes;
  ++version_;
  KeepHandle(file);
  Insert(std::move(file));
  return LookResult::kSettled;
}

void FollowedLog::Insert(FollowedFile file) {
  const auto newer = std::find_if(files_.begin(), files_.end(), [&](const FollowedFile& other) {
    return other.placed && file.rank.OlderThan(other.rank);
  });
  files_.insert(newer, std::move(file));
}

void FollowedLog::SortPlaced() {
  std::vector<FollowedFile> placed;
  for (FollowedFile& file : files_) {
    if (file.placed) placed.push_back(std::move(file));
  }
  std::stable_sort(placed.begin(), placed.end(), [](const FollowedFile& a, const FollowedFile& b) {
    return a.rank.OlderThan(b.rank);
  });
  auto next = placed.begin();
  for (FollowedFile& file : files_) {
    if (file.placed) file = std::move(*next++);
  }
}

void FollowedLog::DropLost(Verdict verdict) {
  const auto is_lost = [verdict](const FollowedFile& file) {
    return file.fate == FollowedFile::Fate::kDeleted ||
           (file.fate == FollowedFile::Fate::kTruncated && verdict == Verdict::kFinal);
  };
  for (const FollowedFile& file : files_) {
    if (!is_lost(file)) continue;
    const uint64_t lost = file.unread_proven_bytes();
    if (lost > 0) parts_.sink.OnLost(id_, lost, ReasonOf(file));
    ++version_;
  }
  files_.erase(std::remove_if(files_.begin(), files_.end(), is_lost), files_.end());
}

void FollowedLog::TellFiles(absl::Span<const PresentFile> present) {
  LogFiles tell;
  for (const PresentFile& file : present) {
    if (file.is_base()) tell.size_bytes = file.status.size_bytes;
    tell.storage_bytes += file.status.size_bytes;
    ++tell.files;
  }
  present_files_ = present.size();
  told_ = tell;
  parts_.sink.OnFiles(id_, tell);
}

void FollowedLog::Grow(FollowedFile& file, uint64_t size_bytes) {
  if (size_bytes <= file.size_seen) return;
  if (file.attached) told_.storage_bytes += size_bytes - file.size_seen;
  if (file.attached && file.is_base()) told_.size_bytes = size_bytes;
  file.size_seen = size_bytes;
  file.changed_at = parts_.clock.Monotonic();
  file.paused = false;
  ++version_;
  if (!file.head.empty() || file.handle == nullptr) return;
  // Known by its bytes from the start, so that a copy can be told even before they are read.
  absl::StatusOr<std::string> head = ReadBytes(*file.handle, 0, kHeadBytesMax);
  if (head.ok()) file.head = *std::move(head);
}

void FollowedLog::Prove(FollowedFile& file) {
  const absl::StatusOr<bool> holds = HoldsContentOf(*file.handle, file);
  if (!holds.ok() || !*holds) return;  // Reading will tell.
  file.size_proven = file.size_seen;
  ++version_;
}

void FollowedLog::MissFile(FollowedFile& file, size_t files_present, Verdict verdict) {
  if (!file.is_missing()) return;
  const absl::Duration now = parts_.clock.Monotonic();
  if (!file.missing_since) file.missing_since = now;
  const absl::Duration limit = file.unread_bytes() > 0 ? kMissingMin : parts_.options.linger;
  const bool waited =
      verdict == Verdict::kFinal && (files_present == 0 || now - *file.missing_since >= limit);
  // Without content it would be taken for the next file that its inode becomes.
  const bool empty = file.head.empty() && file.unread_bytes() == 0;
  if (empty || waited) file.fate = FollowedFile::Fate::kDeleted;
}

FollowedLog::LookResult FollowedLog::Look(absl::Span<const PresentFile> present, Baseline baseline,
                                          LookAttempt attempt) {
  std::vector<const PresentFile*> strangers;
  bool moved = false;
  for (FollowedFile& file : files_) {
    file.attached = false;
    file.placed = false;
  }
  for (const PresentFile& file : present) {
    if (file.compressed) {
      AttachArchive(file);
      continue;
    }
    const Match match = Recognize(file);
    if (match == Match::kMoved) moved = true;
    if (match == Match::kAnother || match == Match::kUnknown) strangers.push_back(&file);
  }
  for (const FollowedFile& file : files_) {
    // A file may have been renamed past the listing: only a second one proves that it is gone.
    moved = moved || file.is_missing();
  }
  if (moved && attempt == LookAttempt::kFirst) return LookResult::kLookAgain;
  VerifyHeld();
  LookAtArchives(present, baseline, strangers);
  const bool undecided = archives_.undecided(parts_.clock.Monotonic(), Patience());
  const Verdict verdict = undecided ? Verdict::kOpen : Verdict::kFinal;
  for (FollowedFile& file : files_) MissFile(file, present.size(), verdict);
  std::stable_sort(
      strangers.begin(), strangers.end(),
      [](const PresentFile* a, const PresentFile* b) { return a->rank.OlderThan(b->rank); });
  // The base first, so that a copy of it is told even when both are new; it is never a copy itself.
  std::stable_partition(strangers.begin(), strangers.end(),
                        [](const PresentFile* stranger) { return stranger->is_base(); });
  for (const PresentFile* stranger : strangers) {
    if (stranger->compressed) {
      AdmitArchive(*stranger);
      continue;
    }
    if (Admit(*stranger, baseline) == LookResult::kLookAgain && attempt == LookAttempt::kFirst) {
      return LookResult::kLookAgain;
    }
  }
  DropLost(verdict);
  if (archives_.EndLook(parts_.clock.Monotonic(), parts_.options.linger)) ++version_;
  SortPlaced();
  for (FollowedFile& file : files_) {
    if (!file.placed) file.rank.kind = BackupRank::Kind::kOther;
  }
  TellFiles(present);
  return LookResult::kSettled;
}

}  // namespace ora::collector
