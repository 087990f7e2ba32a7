#include "collector/tail/log_archives.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"

namespace ora::collector {
namespace {

using Stage = ArchiveSurvey::Stage;

// Takes what the pass has found, and lets the decoder go.
void End(ArchiveSurvey& survey) {
  const ArchiveFile& file = *survey.file;
  survey.length = file.length();
  survey.head = file.head();
  survey.tail = file.tail();
  survey.stage = file.end() == ArchiveFile::End::kWhole ? Stage::kWhole : Stage::kCut;
  survey.file.reset();
}

// The next probe's bytes; true if the text must be decoded on to get there.
absl::StatusOr<size_t> AdvanceToProbe(ArchiveSurvey& survey, size_t bytes_max) {
  ArchiveSurvey::Probe& probe = survey.probes[survey.probes_done];
  const uint64_t start = probe.offset - std::min<uint64_t>(probe.offset, kBeforeBytesMax);
  absl::StatusOr<size_t> made = survey.file->Advance(start, bytes_max);
  if (!made.ok() || *made > 0) return made;
  absl::StatusOr<std::string> before = ReadBytes(*survey.file, start, probe.offset - start);
  if (!before.ok()) return before.status();
  probe.before = *std::move(before);
  ++survey.probes_done;
  return size_t{0};
}

absl::StatusOr<size_t> Decode(ArchiveSurvey& survey, size_t bytes_max) {
  while (survey.probes_done < survey.probes.size() &&
         survey.file->end() == ArchiveFile::End::kNotSeen) {
    absl::StatusOr<size_t> made = AdvanceToProbe(survey, bytes_max);
    if (!made.ok() || *made > 0) return made;
  }
  if (survey.file->end() != ArchiveFile::End::kNotSeen) return size_t{0};
  return survey.file->Advance(std::numeric_limits<uint64_t>::max(), bytes_max);
}

absl::Status Open(ArchiveSurvey& survey, storage::FileSystem& files, size_t& open) {
  auto compressed = files.OpenForRead(survey.path);
  if (!compressed.ok()) return compressed.status();
  const auto status = (*compressed)->Status();
  if (!status.ok()) return status.status();
  if (ArchiveIdOf(*status) != survey.id) return absl::NotFoundError("it has changed");
  auto file = ArchiveFile::Make(*std::move(compressed), open);
  if (!file.ok()) return file.status();
  survey.file = *std::move(file);
  survey.stage = Stage::kRunning;
  return absl::OkStatus();
}

}  // namespace

ArchiveId ArchiveIdOf(const storage::FileStatus& status) {
  return {.device = status.device,
          .inode = status.inode,
          .compressed_bytes = status.size_bytes,
          .modify_nanos = absl::ToUnixNanos(status.modify_time)};
}

ArchiveId ArchiveIdOf(const FollowedFile& archive) {
  return {.device = archive.device,
          .inode = archive.inode,
          .compressed_bytes = archive.compressed_bytes,
          .modify_nanos = absl::ToUnixNanos(archive.modify_time)};
}

bool HoldsTextOf(const ArchiveSurvey& survey, const FollowedFile& known) {
  const size_t size = std::min<uint64_t>(survey.length, known.head.size());
  const bool begins_so = absl::string_view(survey.head).substr(0, size) ==
                         absl::string_view(known.head).substr(0, size);
  if (survey.length < known.offset || !begins_so) return false;
  const absl::string_view before = known.before_offset;
  if (known.offset == survey.length) return absl::EndsWith(survey.tail, before);
  if (known.offset <= survey.head.size()) {
    return absl::EndsWith(survey.head.substr(0, known.offset), before);
  }
  for (const ArchiveSurvey::Probe& probe : survey.probes) {
    if (probe.offset == known.offset) return absl::EndsWith(probe.before, before);
  }
  return false;
}

void LogArchives::Restore(const state::v1::FollowedLogState& state, absl::Duration now) {
  for (const state::v1::SettledArchive& archive : state.settled_archives()) {
    settled_.push_back({.id = {.device = archive.device(),
                               .inode = archive.inode(),
                               .compressed_bytes = archive.compressed_bytes(),
                               .modify_nanos = static_cast<int64_t>(archive.modify_nanos())},
                        .seen = now});
  }
}

void LogArchives::AddTo(state::v1::FollowedLogState& state) const {
  state.set_knows_archives(true);
  for (const Settled& settled : settled_) {
    state::v1::SettledArchive& archive = *state.add_settled_archives();
    archive.set_device(settled.id.device);
    archive.set_inode(settled.id.inode);
    archive.set_compressed_bytes(settled.id.compressed_bytes);
    archive.set_modify_nanos(static_cast<uint64_t>(settled.id.modify_nanos));
  }
}

bool LogArchives::IsSettled(const ArchiveId& id, absl::Duration now) {
  for (Settled& settled : settled_) {
    if (settled.id != id) continue;
    settled.seen = now;
    return true;
  }
  return false;
}

void LogArchives::Settle(const ArchiveId& id, absl::Duration now) {
  DropSurvey(id);
  // An inode has one content: what it held before is gone.
  settled_.erase(std::remove_if(settled_.begin(), settled_.end(),
                                [&](const Settled& other) {
                                  return other.id.device == id.device && other.id.inode == id.inode;
                                }),
                 settled_.end());
  settled_.push_back({.id = id, .seen = now});
}

ArchiveSurvey& LogArchives::SurveyOf(const PresentFile& present, absl::Span<const uint64_t> offsets,
                                     absl::Duration now) {
  const ArchiveId id = ArchiveIdOf(present.status);
  absl::Duration first_seen = now;
  for (auto survey = surveys_.begin(); survey != surveys_.end(); ++survey) {
    if ((*survey)->id.device != id.device || (*survey)->id.inode != id.inode) continue;
    if ((*survey)->id == id) {
      (*survey)->path = present.path;
      (*survey)->present = true;
      return **survey;
    }
    first_seen = (*survey)->first_seen;
    surveys_.erase(survey);
    break;
  }
  ArchiveSurvey& made = *surveys_.emplace_back(std::make_unique<ArchiveSurvey>());
  made.id = id;
  made.path = present.path;
  made.first_seen = first_seen;
  made.changed_at = now;
  std::vector<uint64_t> sorted(offsets.begin(), offsets.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const uint64_t offset : sorted) made.probes.push_back({.offset = offset});
  return made;
}

void LogArchives::DropSurvey(const ArchiveId& id) {
  surveys_.erase(std::remove_if(surveys_.begin(), surveys_.end(),
                                [&](const auto& survey) { return survey->id == id; }),
                 surveys_.end());
}

void LogArchives::BeginLook() {
  for (const auto& survey : surveys_) survey->present = false;
}

bool LogArchives::EndLook(absl::Duration now, absl::Duration linger) {
  surveys_.erase(std::remove_if(surveys_.begin(), surveys_.end(),
                                [](const auto& survey) { return !survey->present; }),
                 surveys_.end());
  const size_t before = settled_.size();
  settled_.erase(
      std::remove_if(settled_.begin(), settled_.end(),
                     [&](const Settled& settled) { return now - settled.seen >= linger; }),
      settled_.end());
  return settled_.size() != before;
}

bool LogArchives::wants_survey() const {
  return std::any_of(surveys_.begin(), surveys_.end(),
                     [](const auto& survey) { return survey->running(); });
}

bool LogArchives::running() const {
  return std::any_of(surveys_.begin(), surveys_.end(),
                     [](const auto& survey) { return survey->stage == Stage::kRunning; });
}

bool LogArchives::GivenUp(const ArchiveSurvey& survey, absl::Duration now,
                          const ArchivePatience& patience) {
  const bool whole_or_running = survey.stage == Stage::kWhole || survey.running();
  if (whole_or_running) return false;
  return now - survey.changed_at >= patience.unchanged ||
         now - survey.first_seen >= patience.growing;
}

bool LogArchives::undecided(absl::Duration now, const ArchivePatience& patience) const {
  return std::any_of(surveys_.begin(), surveys_.end(), [&](const auto& survey) {
    return survey->stage != Stage::kWhole && !GivenUp(*survey, now, patience);
  });
}

LogArchives::Progress LogArchives::Advance(size_t bytes_max, absl::Duration now,
                                           storage::FileSystem& files, size_t& open) {
  for (const auto& survey : surveys_) {
    if (!survey->running()) continue;
    if (survey->stage == Stage::kWanted) {
      survey->tried_path = survey->path;
      survey->tried_at = now;
      survey->error = Open(*survey, files, open);
    }
    const absl::StatusOr<size_t> made =
        survey->error.ok() ? Decode(*survey, bytes_max) : survey->error;
    if (!made.ok()) {
      survey->error = made.status();
      survey->file.reset();
      survey->stage = Stage::kUnreadable;
      return {.done = survey.get()};
    }
    if (survey->file->end() == ArchiveFile::End::kNotSeen) return {.bytes = *made};
    End(*survey);
    return {.bytes = *made, .done = survey.get()};
  }
  return {};
}

}  // namespace ora::collector
