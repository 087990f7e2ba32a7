// The compressed files of a log: what their text is, and reading it.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collector/tail/followed_log.h"

namespace ora::collector {
namespace {

using storage::ReadableFile;
using Stage = ArchiveSurvey::Stage;

// Each holds a decoder, of up to 128 MiB in the worst case. Past the limit a log's archives wait,
// unless the log has one open: it must be able to get on.
constexpr size_t kArchivesOpenMax = 4;

// The file that compressing would take `archive` from lies beside it.
bool HasSource(const PresentFile& archive, absl::Span<const PresentFile> present) {
  return std::any_of(present.begin(), present.end(), [&](const PresentFile& other) {
    absl::string_view suffix = archive.path;
    return !other.compressed && absl::ConsumePrefix(&suffix, other.path) && suffix[0] == '.' &&
           suffix.find('.', 1) == absl::string_view::npos;
  });
}

// True if `original` has the bytes with which the text of `survey` begins and ends, at its place.
absl::StatusOr<bool> BeginsWithText(ReadableFile& original, const ArchiveSurvey& survey) {
  const absl::StatusOr<std::string> head = ReadBytes(original, 0, survey.head.size());
  if (!head.ok()) return head.status();
  const absl::StatusOr<std::string> tail =
      ReadBytes(original, survey.length - survey.tail.size(), survey.tail.size());
  if (!tail.ok()) return tail.status();
  return *head == survey.head && *tail == survey.tail;
}

// True if all of the text was read in `known`: it lacks its end, or was copied before the last
// lines were read in the original. A head that is short is all there is.
bool IsBeginningOf(const ArchiveSurvey& survey, const FollowedFile& known) {
  return survey.length < known.offset && absl::StartsWith(known.head, survey.head);
}

// Of an archive, as if it were its text.
PresentFile TextOf(const PresentFile& archive, uint64_t length) {
  PresentFile text = archive;
  text.status.size_bytes = length;
  return text;
}

}  // namespace

void FollowedLog::AttachArchive(const PresentFile& present) {
  const ArchiveId id = ArchiveIdOf(present.status);
  for (FollowedFile& file : files_) {
    if (!file.is_archive() || ArchiveIdOf(file) != id) continue;
    file.fate = FollowedFile::Fate::kThere;
    Attach(file, TextOf(present, file.size_seen));
  }
}

void FollowedLog::LookAtArchives(absl::Span<const PresentFile> present, Baseline baseline,
                                 std::vector<const PresentFile*>& strangers) {
  const absl::Duration now = parts_.clock.Monotonic();
  const bool is_baseline = baseline != Baseline::kNone || !knows_archives_;
  std::vector<uint64_t> offsets;
  for (const FollowedFile& file : files_) offsets.push_back(file.offset);
  std::vector<const PresentFile*> surveyed;
  archives_.BeginLook();
  for (const PresentFile& file : present) {
    if (!file.compressed || file.status.size_bytes == 0) continue;
    const ArchiveId id = ArchiveIdOf(file.status);
    if (archives_.IsSettled(id, now)) continue;
    const bool is_read = std::any_of(files_.begin(), files_.end(), [&](const FollowedFile& known) {
      return known.is_archive() && known.attached && ArchiveIdOf(known) == id;
    });
    if (is_read) continue;
    if (is_baseline) {
      archives_.Settle(id, now);
      ++version_;
      continue;
    }
    if (HasSource(file, present)) continue;
    ArchiveSurvey& survey = archives_.SurveyOf(file, offsets, now);
    if (survey.stage == Stage::kUnreadable && absl::IsFailedPrecondition(survey.error)) {
      archives_.Settle(id, now);
      ++version_;
      continue;
    }
    const bool again = survey.tried_path != survey.path ||
                       now - survey.tried_at >= parts_.options.discovery_interval;
    if (survey.stage == Stage::kUnreadable && again) {
      survey.stage = Stage::kWanted;
      survey.error = absl::OkStatus();
    }
    const bool cut = survey.stage == Stage::kCut && LogArchives::GivenUp(survey, now, Patience());
    if (cut) TellOfArchive(survey);
    if (survey.stage == Stage::kWhole || cut) surveyed.push_back(&file);
  }
  knows_archives_ = true;
  // All at once, so that they come in the order of their age.
  if (archives_.wants_survey()) return;
  for (const PresentFile* file : surveyed) {
    if (!IsReadElsewhere(*file, archives_.SurveyOf(*file, {}, now))) strangers.push_back(file);
  }
}

void FollowedLog::TellOfArchive(const ArchiveSurvey& survey) {
  if (survey.stage == Stage::kUnreadable) {
    if (absl::IsNotFound(survey.error) || !parts_.unreadable.insert(survey.path).second) return;
    parts_.unreadable_archives.Increment();
    parts_.log.Warning(
        absl::StrCat("log ", survey.path, ": ", survey.error.message(), "; its text is not read"));
    return;
  }
  parts_.damaged_archives.Increment();
  parts_.log.Warning(absl::StrCat("log ", survey.path, ": its end is missing or damaged; the ",
                                  survey.length, " bytes of text before it are read"));
}

FollowedLog::ReadResult FollowedLog::Survey(size_t bytes_max) {
  if (parts_.archives_open >= kArchivesOpenMax && !archives_.running()) {
    const bool reads = std::any_of(files_.begin(), files_.end(), [](const FollowedFile& file) {
      return file.is_archive() && file.handle != nullptr;
    });
    if (!reads) return {};
  }
  const LogArchives::Progress progress =
      archives_.Advance(bytes_max, parts_.clock.Monotonic(), parts_.files, parts_.archives_open);
  if (progress.done != nullptr && progress.done->stage == Stage::kUnreadable) {
    TellOfArchive(*progress.done);
  }
  return {.bytes = progress.bytes, .look = progress.done != nullptr};
}

bool FollowedLog::IsReadElsewhere(const PresentFile& present, const ArchiveSurvey& survey) {
  for (FollowedFile& known : files_) {
    if (!known.is_there() || known.is_archive() || known.is_missing()) continue;
    const bool was_open = known.handle != nullptr;
    if (!was_open && !OpenForReading(known)) continue;
    const absl::StatusOr<bool> same = BeginsWithText(*known.handle, survey);
    if (!was_open) known.handle.reset();
    if (!same.ok() || !*same) continue;
    if (!known.attached) {
      known.rank = present.rank;
      known.placed = true;
    }
    return true;
  }
  return false;
}

void FollowedLog::AdmitArchive(const PresentFile& present) {
  const absl::Duration now = parts_.clock.Monotonic();
  const ArchiveId id = ArchiveIdOf(present.status);
  const ArchiveSurvey& survey = archives_.SurveyOf(present, {}, now);
  if (survey.length == 0) {
    archives_.Settle(id, now);
    ++version_;
    return;
  }
  for (auto known = files_.rbegin(); known != files_.rend(); ++known) {
    const bool gone = !known->is_there() || known->is_missing();
    if (!gone || known->head.empty()) continue;
    if (!HoldsTextOf(survey, *known) && !IsBeginningOf(survey, *known)) continue;
    ContinueInArchive(*known, present, survey);
    return;
  }
  FollowedFile file;
  file.device = id.device;
  file.inode = id.inode;
  file.compressed_bytes = id.compressed_bytes;
  file.head = survey.head;
  file.verified = true;
  file.ended = true;
  file.changed_at = now;
  Attach(file, TextOf(present, survey.length));
  file.size_proven = survey.length;
  archives_.DropSurvey(id);
  ++version_;
  Insert(std::move(file));
}

void FollowedLog::ContinueInArchive(FollowedFile& known, const PresentFile& present,
                                    const ArchiveSurvey& survey) {
  const uint64_t length = survey.length;
  const ArchiveId id = survey.id;
  ++version_;
  LosePast(known, length);
  if (known.offset >= length) {
    archives_.Settle(id, parts_.clock.Monotonic());
    known.size_proven = known.offset;
    known.fate = FollowedFile::Fate::kDeleted;
    return;
  }
  known.head.resize(std::min<uint64_t>(known.head.size(), length));
  known.device = id.device;
  known.inode = id.inode;
  known.compressed_bytes = id.compressed_bytes;
  known.handle.reset();
  known.fate = FollowedFile::Fate::kThere;
  known.verified = true;
  known.ended = true;
  known.changed_at = parts_.clock.Monotonic();
  Attach(known, TextOf(present, length));
  known.size_proven = length;
  archives_.DropSurvey(id);
}

absl::optional<FollowedLog::ReadResult> FollowedLog::ApproachInArchive(FollowedFile& archive,
                                                                       size_t bytes_max) {
  if (archive.handle == nullptr) {
    if (parts_.archives_open >= kArchivesOpenMax) return ReadResult{};
    if (!OpenForReading(archive)) {
      archive.looked_at = archive.size_seen;
      return ReadResult{.look = true};
    }
  }
  const uint64_t start = archive.offset - archive.before_offset.size();
  // The only handle that an archive gets.
  auto& text = static_cast<ArchiveFile&>(*archive.handle);
  const absl::StatusOr<size_t> made = text.Advance(start, bytes_max);
  if (!made.ok()) {
    parts_.read_errors.Increment();
    archive.looked_at = archive.size_seen;
    return ReadResult{};
  }
  if (*made > 0) return ReadResult{.bytes = *made};
  return absl::nullopt;
}

void FollowedLog::SettleArchive(FollowedFile& archive) {
  archives_.Settle(ArchiveIdOf(archive), parts_.clock.Monotonic());
  files_.erase(files_.begin() + (&archive - files_.data()));
  ++version_;
}

}  // namespace ora::collector
