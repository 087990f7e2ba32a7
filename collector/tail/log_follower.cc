#include "collector/tail/log_follower.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "collector/tail/followed_log.h"
#include "collector/tail/log_sources.h"
#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

using storage::DirectoryEntry;
using storage::FileStatus;
using storage::FileType;

constexpr absl::string_view kKeyPrefix = "tail";  // A path follows, which begins with a slash.

std::string KeyOf(absl::string_view path) { return absl::StrCat(kKeyPrefix, path); }

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

absl::string_view NameOf(absl::string_view path) { return path.substr(path.rfind('/') + 1); }

using FileId = std::pair<uint64_t, uint64_t>;  // Device and inode.

class PollingFollower final : public LogFollower {
 public:
  PollingFollower(const LogFollowerOptions& options, LogSources sources,
                  std::map<std::string, state::v1::FollowedLogState> restored, bool first_start,
                  LineSink& sink, storage::FileSystem& files, storage::Clock& clock,
                  storage::LogSink& log, storage::Counters& counters)
      : options_(options),
        sources_(std::move(sources)),
        restored_(std::move(restored)),
        first_start_(first_start),
        parts_{.options = options_,
               .sink = sink,
               .files = files,
               .clock = clock,
               .log = log,
               .long_lines = counters.Get("ora_tail_long_lines_total"),
               .unreadable_files = counters.Get("ora_tail_unreadable_files_total"),
               .read_errors = counters.Get("ora_tail_read_errors_total"),
               .damaged_archives = counters.Get("ora_tail_damaged_archives_total"),
               .unreadable_archives = counters.Get("ora_tail_unreadable_archives_total")},
        skipped_logs_(counters.Get("ora_tail_skipped_logs_total")) {}

  bool Poll(size_t bytes_max) override;
  std::vector<FollowerStateChange> Changes() override;
  void Commit() override;
  size_t files_followed() const override;
  uint64_t bytes_behind() const override;

 private:
  struct Entry {
    std::unique_ptr<FollowedLog> log;
    size_t source = 0;
    Baseline baseline = Baseline::kNone;  // For its first look.
    uint64_t offered_version = 0;
    uint64_t committed_version = 0;
  };
  // The names of a directory by the log that they belong to.
  using NamesByBase = std::map<std::string, std::vector<DirectoryEntry>, std::less<>>;

  void Discover();
  void RestoreLogs();
  // Begins to follow the log that `path` belongs to, if it is new and `path` is of that type.
  void Adopt(const std::string& path, FileType type, DirectoryListings& listings);
  Entry& AddLog(const std::string& path, size_t source, LogOrigin origin);
  Baseline BaselineOf(size_t source) const;
  static NamesByBase Group(const std::vector<DirectoryEntry>& entries);
  std::vector<PresentFile> PresentFiles(const Entry& entry, const NamesByBase& names);
  // Looks at the log's directory, again if names moved meanwhile.
  void Look(Entry& entry, const NamesByBase& names);
  void LookNow(Entry& entry);
  // One block of each log that has more, from the one whose turn it is; returns the bytes.
  size_t ReadRound(size_t bytes_max);
  void DropGone();

  const LogFollowerOptions options_;
  const LogSources sources_;
  std::map<std::string, state::v1::FollowedLogState> restored_;  // Until the first discovery.
  bool first_start_;
  FollowerParts parts_;
  storage::Counter& skipped_logs_;
  std::map<std::string, Entry> logs_;  // By path.
  absl::flat_hash_map<FileId, LogId> owners_;
  absl::flat_hash_set<std::string> forgotten_;          // Keys whose deletion is not committed.
  absl::flat_hash_set<std::string> forgotten_offered_;  // Those of the last Changes.
  absl::flat_hash_set<std::string> skipped_;            // Paths past the limit, counted.
  LogId last_id_ = 0;
  bool discovered_ = false;
  absl::Duration next_discovery_;
  std::string next_to_read_;  // Path: the log whose turn it is.
};

Baseline PollingFollower::BaselineOf(size_t source) const {
  if (!first_start_ || discovered_) return Baseline::kNone;
  return sources_.StartsAtEnd(source) ? Baseline::kAllRead : Baseline::kBackupsRead;
}

PollingFollower::Entry& PollingFollower::AddLog(const std::string& path, size_t source,
                                                LogOrigin origin) {
  Entry& entry = logs_[path];
  const LogDescription description = sources_.Describe(source, path);
  entry.log = std::make_unique<FollowedLog>(++last_id_, description, parts_);
  entry.source = source;
  forgotten_.erase(KeyOf(path));
  parts_.sink.OnLog(entry.log->id(), description, origin);
  return entry;
}

void PollingFollower::RestoreLogs() {
  for (const auto& [key, state] : restored_) {
    absl::optional<size_t> source = sources_.SourceOf(state.path());
    for (int i = 0; i < state.files_size() && !source; ++i) {
      source = sources_.SourceOf(state.files(i).path());
    }
    if (!source) {
      forgotten_.insert(key);  // The configuration names it no more.
      continue;
    }
    Entry& entry = AddLog(state.path(), *source, LogOrigin::kKnown);
    entry.log->Restore(state);
    entry.committed_version = entry.log->version();
  }
  restored_.clear();
}

void PollingFollower::Adopt(const std::string& path, FileType type, DirectoryListings& listings) {
  const std::string directory = DirectoryOf(path);
  const absl::string_view name = NameOf(path);
  const BackupName parsed = ParseBackupName(name);
  const std::string base = absl::StrCat(directory, "/", parsed.base);
  if (logs_.contains(base)) return;
  const absl::optional<size_t> source = sources_.SourceOf(path);
  if (!source) return;
  const absl::StatusOr<FileStatus> status = parts_.files.Stat(path);
  if (!status.ok() || status->type != FileType::kRegular) return;
  const bool is_base = parsed.rank.kind == BackupRank::Kind::kBase && !parsed.compressed;
  const std::vector<DirectoryEntry>& entries = listings.List(directory);
  const bool is_link = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.name == name && entry.type == FileType::kSymlink;
  });
  if (is_link != (type == FileType::kSymlink)) return;
  // A file is followed where it lies; a link counts where it leads outside.
  if (is_link && (!is_base || owners_.contains({status->device, status->inode}))) return;
  if (logs_.size() >= options_.files_max) {
    if (!skipped_.insert(base).second) return;
    skipped_logs_.Increment();
    parts_.log.Warning(absl::StrCat("log ", base, ": not followed, ", options_.files_max,
                                    " logs are followed already; narrow the globs"));
    return;
  }
  const Baseline baseline = BaselineOf(*source);
  const LogOrigin origin =
      first_start_ && !discovered_ ? LogOrigin::kFirstScan : LogOrigin::kAppeared;
  AddLog(base, *source, origin).baseline = baseline;
  owners_.try_emplace({status->device, status->inode}, last_id_);
}

PollingFollower::NamesByBase PollingFollower::Group(const std::vector<DirectoryEntry>& entries) {
  NamesByBase names;
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == FileType::kDirectory || entry.type == FileType::kFifo) continue;
    names[std::string(ParseBackupName(entry.name).base)].push_back(entry);
  }
  return names;
}

std::vector<PresentFile> PollingFollower::PresentFiles(const Entry& entry,
                                                       const NamesByBase& names) {
  std::vector<PresentFile> present;
  const std::string& log_path = entry.log->description().path;
  const auto found = names.find(NameOf(log_path));
  if (found == names.end()) return present;
  const std::string directory = DirectoryOf(log_path);
  for (const DirectoryEntry& name : found->second) {
    const BackupName parsed = ParseBackupName(name.name);
    PresentFile file{.path = absl::StrCat(directory, "/", name.name),
                     .rank = parsed.rank,
                     .compressed = parsed.compressed};
    if (name.type == FileType::kSymlink && !file.is_base()) continue;
    if (sources_.Excludes(entry.source, file.path)) continue;
    const absl::StatusOr<FileStatus> status = parts_.files.Stat(file.path);
    if (!status.ok() || status->type != FileType::kRegular) continue;
    file.status = *status;
    file.rank.modify_time = status->modify_time;
    const auto owner = owners_.try_emplace({status->device, status->inode}, entry.log->id()).first;
    if (owner->second != entry.log->id()) continue;
    const bool twice = std::any_of(present.begin(), present.end(), [&](const PresentFile& other) {
      return other.status.device == status->device && other.status.inode == status->inode;
    });
    if (!twice) present.push_back(std::move(file));
  }
  return present;
}

void PollingFollower::Look(Entry& entry, const NamesByBase& names) {
  const Baseline baseline = std::exchange(entry.baseline, Baseline::kNone);
  FollowedLog& log = *entry.log;
  if (log.Look(PresentFiles(entry, names), baseline, FollowedLog::LookAttempt::kFirst) ==
      FollowedLog::LookResult::kSettled) {
    return;
  }
  const absl::StatusOr<std::vector<DirectoryEntry>> entries =
      parts_.files.List(DirectoryOf(log.description().path));
  if (!entries.ok() && !absl::IsNotFound(entries.status())) return;  // Nothing can be told.
  const NamesByBase again = entries.ok() ? Group(*entries) : NamesByBase();
  log.Look(PresentFiles(entry, again), baseline, FollowedLog::LookAttempt::kLast);
}

void PollingFollower::LookNow(Entry& entry) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries =
      parts_.files.List(DirectoryOf(entry.log->description().path));
  if (!entries.ok() && !absl::IsNotFound(entries.status())) return;
  Look(entry, entries.ok() ? Group(*entries) : NamesByBase());
}

void PollingFollower::Discover() {
  if (!discovered_) RestoreLogs();
  DirectoryListings listings(parts_.files);
  const std::vector<std::string> paths =
      sources_.Find({.paths_max = options_.files_max}, listings, parts_.files);
  owners_.clear();
  std::map<std::string, NamesByBase> groups;
  const auto look_at_all = [&] {
    for (auto& [path, entry] : logs_) {
      const std::string directory = DirectoryOf(path);
      auto [group, made] = groups.try_emplace(directory);
      if (made) group->second = Group(listings.List(directory));
      Look(entry, group->second);
    }
  };
  // First what is known, so that it keeps its files; then what is new, real files before links.
  look_at_all();
  const size_t known = logs_.size();
  for (const FileType type : {FileType::kRegular, FileType::kSymlink}) {
    for (const std::string& path : paths) Adopt(path, type, listings);
  }
  if (logs_.size() > known) look_at_all();
  DropGone();
  discovered_ = true;
  next_discovery_ = parts_.clock.Monotonic() + options_.discovery_interval;
}

void PollingFollower::DropGone() {
  for (auto log = logs_.begin(); log != logs_.end();) {
    if (!log->second.log->gone()) {
      ++log;
      continue;
    }
    parts_.sink.OnGone(log->second.log->id());
    forgotten_.insert(KeyOf(log->first));
    log = logs_.erase(log);
  }
}

size_t PollingFollower::ReadRound(size_t bytes_max) {
  size_t used = 0;
  auto turn = logs_.lower_bound(next_to_read_);
  for (size_t i = 0; i < logs_.size() && used < bytes_max; ++i) {
    if (turn == logs_.end()) turn = logs_.begin();
    Entry& entry = turn->second;
    ++turn;
    next_to_read_ = turn == logs_.end() ? std::string() : turn->first;
    if (!entry.log->has_more()) continue;
    const FollowedLog::ReadResult result = entry.log->ReadSome(bytes_max - used);
    used += result.bytes;
    if (result.look) LookNow(entry);
  }
  return used;
}

bool PollingFollower::Poll(size_t bytes_max) {
  if (!discovered_ || parts_.clock.Monotonic() >= next_discovery_) Discover();
  for (auto& [path, entry] : logs_) {
    if (entry.log->Poll()) LookNow(entry);
  }
  while (bytes_max > 0) {
    const size_t used = ReadRound(bytes_max);
    if (used == 0) break;
    bytes_max -= std::min(used, bytes_max);
  }
  DropGone();
  return std::any_of(logs_.begin(), logs_.end(),
                     [](const auto& log) { return log.second.log->has_more(); });
}

std::vector<FollowerStateChange> PollingFollower::Changes() {
  std::vector<FollowerStateChange> changes;
  for (auto& [path, entry] : logs_) {
    entry.offered_version = entry.log->version();
    if (entry.offered_version == entry.committed_version) continue;
    changes.push_back(
        {.key = KeyOf(path), .deleted = false, .value = entry.log->State().SerializeAsString()});
  }
  for (const std::string& key : forgotten_) changes.push_back({.key = key, .deleted = true});
  forgotten_offered_ = forgotten_;
  return changes;
}

void PollingFollower::Commit() {
  for (auto& [path, entry] : logs_) {
    if (entry.offered_version != 0) entry.committed_version = entry.offered_version;
  }
  for (const std::string& key : forgotten_offered_) forgotten_.erase(key);
  forgotten_offered_.clear();
}

size_t PollingFollower::files_followed() const {
  size_t count = 0;
  for (const auto& [path, entry] : logs_) count += entry.log->file_count();
  return count;
}

uint64_t PollingFollower::bytes_behind() const {
  uint64_t bytes = 0;
  for (const auto& [path, entry] : logs_) bytes += entry.log->bytes_behind();
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogFollower>> LogFollower::Make(
    const LogFollowerOptions& options, const std::map<std::string, std::string>& state,
    bool first_start, LineSink& sink, storage::FileSystem& files, storage::Clock& clock,
    storage::LogSink& log, storage::Counters& counters) {
  absl::StatusOr<LogSources> sources = LogSources::Compile(options.sources);
  if (!sources.ok()) return sources.status();
  std::map<std::string, state::v1::FollowedLogState> restored;
  for (const auto& [key, value] : state) {
    if (key.compare(0, kKeyPrefix.size() + 1, absl::StrCat(kKeyPrefix, "/")) != 0) continue;
    if (!restored[key].ParseFromString(value)) {
      return absl::DataLossError(absl::StrCat("state record `", key, "` cannot be read"));
    }
  }
  return std::make_unique<PollingFollower>(options, *std::move(sources), std::move(restored),
                                           first_start, sink, files, clock, log, counters);
}

}  // namespace ora::collector
