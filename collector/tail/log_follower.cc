#include "collector/tail/log_follower.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
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

constexpr size_t kPathsOfALog = 10;  // That the globs may name: itself and backups.
constexpr absl::Duration kArmingInterval = absl::Minutes(1);
constexpr size_t kOtherPathsMax = 64;  // For each log.
constexpr int kLinkChainMax = 40;      // As the kernel follows them.

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
               .open_failures = counters.Get("ora_tail_open_failures_total"),
               .damaged_archives = counters.Get("ora_tail_damaged_archives_total"),
               .unreadable_archives = counters.Get("ora_tail_unreadable_archives_total")},
        skipped_logs_(counters.Get("ora_tail_skipped_logs_total")),
        handles_let_go_(counters.Get("ora_tail_handles_let_go_total")),
        hints_refused_(counters.Get("ora_tail_hints_refused_total")),
        hints_lost_(counters.Get("ora_tail_hints_lost_total")) {}

  ~PollingFollower() override {
    for (auto& [path, entry] : logs_) Disarm(entry);
  }

  bool Poll(size_t bytes_max) override;
  std::vector<FollowerStateChange> Changes() override;
  void Commit() override;
  size_t files_followed() const override;
  size_t files_open() const override { return parts_.files_open; }
  size_t files_hinted() const override { return tokens_.size(); }
  uint64_t bytes_behind() const override;

 private:
  struct Entry {
    std::unique_ptr<FollowedLog> log;
    size_t source = 0;
    Baseline baseline = Baseline::kNone;  // For its first look.
    // Paths besides the log's own whose files are the log's too, with their backups: where its
    // symlink leads, and where its files were moved to. The latest last.
    std::vector<std::string> others;
    ChangeHints::Token token = 0;  // Not 0: a hint will tell of its next change.
    uint64_t offered_version = 0;
    uint64_t committed_version = 0;
  };
  // The names of a directory by the log that they belong to.
  using NamesByBase = std::map<std::string, std::vector<DirectoryEntry>, std::less<>>;

  // What directories hold now, each listed once; null if it cannot be told.
  class Listed {
   public:
    explicit Listed(storage::FileSystem& files) : files_(files) {}
    const NamesByBase* In(const std::string& directory);

   private:
    storage::FileSystem& files_;
    std::map<std::string, absl::optional<NamesByBase>> directories_;
  };

  void Discover();
  void RestoreLogs();
  // Begins to follow the log that `path` belongs to, if it is new and `path` is of that type.
  void Adopt(const FoundFile& found, Listed& listed);
  // Tells logs of their files that were moved to paths of no log.
  void FindMoved(absl::Span<const FoundFile> found);
  Entry& AddLog(const std::string& path, size_t source, LogOrigin origin);
  Baseline BaselineOf(size_t source) const;
  static NamesByBase Group(const std::vector<DirectoryEntry>& entries);
  // None if its directory cannot be listed now.
  absl::optional<std::vector<PresentFile>> PresentFiles(Entry& entry, Listed& listed);
  // Adds those of one path and its backups.
  void AddPresent(Entry& entry, const std::string& base, const NamesByBase& names,
                  std::vector<PresentFile>& present);
  // The log, but `entry`, that `path` is a file of: by its inode, its content checked.
  Entry* OwnerOf(const Entry& entry, const std::string& path, const FileStatus& status);
  static void AddOther(Entry& entry, const std::string& path);
  void FollowLink(Entry& entry, const NamesByBase& names);
  // Looks at the log's directories, again if names moved meanwhile.
  void Look(Entry& entry, Listed& listed);
  void LookAt(Entry& entry, Listed& listed);
  void LookNow(Entry& entry);
  // One block of each log that has more, from the one whose turn it is; returns the bytes.
  size_t ReadRound(size_t bytes_max);
  void DropGone();
  // Where the limit refused some: a quarter, of files that are in their place and read to their
  // end, the longest idle first; not at every poll.
  void LetHandlesGo();
  // Polls a log, and asks for a hint where it is quiet.
  void PollLog(Entry& entry);
  void TakeHints();
  void Disarm(Entry& entry);

  const LogFollowerOptions options_;
  const LogSources sources_;
  std::map<std::string, state::v1::FollowedLogState> restored_;  // Until the first discovery.
  bool first_start_;
  FollowerParts parts_;
  storage::Counter& skipped_logs_;
  storage::Counter& handles_let_go_;
  storage::Counter& hints_refused_;
  storage::Counter& hints_lost_;
  std::map<std::string, Entry> logs_;                   // By path.
  absl::flat_hash_map<FileId, std::string> owners_;     // Paths of logs.
  absl::flat_hash_set<std::string> forgotten_;          // Keys whose deletion is not committed.
  absl::flat_hash_set<std::string> forgotten_offered_;  // Those of the last Changes.
  absl::flat_hash_set<std::string> skipped_;            // Paths past the limit, counted.
  absl::flat_hash_map<ChangeHints::Token, std::string> tokens_;  // Paths of logs.
  absl::Duration next_arming_;
  LogId last_id_ = 0;
  bool discovered_ = false;
  absl::Duration next_discovery_;
  absl::Duration next_let_go_;
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
    entry.others.assign(state.other_paths().begin(), state.other_paths().end());
    entry.committed_version = entry.log->version();
  }
  restored_.clear();
}

void PollingFollower::FindMoved(absl::Span<const FoundFile> found) {
  for (const FoundFile& file : found) {
    const std::string& path = file.path;
    const BackupName parsed = ParseBackupName(NameOf(path));
    if (parsed.compressed || parsed.rank.kind != BackupRank::Kind::kBase) continue;
    if (logs_.contains(path)) continue;
    const absl::StatusOr<FileStatus> status = parts_.files.Stat(path);
    if (!status.ok() || status->type != FileType::kRegular) continue;
    if (Entry* const owner = OwnerOf(Entry(), path, *status); owner != nullptr) {
      AddOther(*owner, path);
    }
  }
}

void PollingFollower::Adopt(const FoundFile& found, Listed& listed) {
  const std::string& path = found.path;
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
  if (found.type == FileType::kSymlink && !is_base) return;
  // A file is followed where it lies, or lay first; a link counts where it leads outside.
  if (OwnerOf(Entry(), path, *status) != nullptr) return;
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
  Entry& entry = AddLog(base, *source, origin);
  entry.baseline = baseline;
  Look(entry, listed);
}

PollingFollower::NamesByBase PollingFollower::Group(const std::vector<DirectoryEntry>& entries) {
  NamesByBase names;
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == FileType::kDirectory || entry.type == FileType::kFifo) continue;
    names[std::string(ParseBackupName(entry.name).base)].push_back(entry);
  }
  return names;
}

const PollingFollower::NamesByBase* PollingFollower::Listed::In(const std::string& directory) {
  const auto [found, made] = directories_.try_emplace(directory);
  if (made) {
    const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(directory);
    if (entries.ok()) {
      found->second = Group(*entries);
    } else if (absl::IsNotFound(entries.status())) {
      found->second.emplace();
    }
  }
  return found->second.has_value() ? &*found->second : nullptr;
}

PollingFollower::Entry* PollingFollower::OwnerOf(const Entry& entry, const std::string& path,
                                                 const FileStatus& status) {
  const auto owner = owners_.find({status.device, status.inode});
  if (owner == owners_.end()) return nullptr;
  const auto found = logs_.find(owner->second);
  if (found == logs_.end() || &found->second == &entry) return nullptr;
  return found->second.log->Recognizes(path, status) ? &found->second : nullptr;
}

void PollingFollower::AddOther(Entry& entry, const std::string& path) {
  const std::string base = absl::StrCat(DirectoryOf(path), "/", ParseBackupName(NameOf(path)).base);
  if (base == entry.log->description().path) return;
  std::vector<std::string>& others = entry.others;
  others.erase(std::remove(others.begin(), others.end(), base), others.end());
  others.push_back(base);
  if (others.size() > kOtherPathsMax) others.erase(others.begin());
}

void PollingFollower::FollowLink(Entry& entry, const NamesByBase& names) {
  std::string path = entry.log->description().path;
  const auto found = names.find(NameOf(path));
  if (found == names.end()) return;
  const bool is_link =
      std::any_of(found->second.begin(), found->second.end(), [&](const DirectoryEntry& name) {
        return name.type == FileType::kSymlink && name.name == NameOf(path);
      });
  if (!is_link) return;
  for (int step = 0; step < kLinkChainMax; ++step) {
    const absl::StatusOr<std::string> target = parts_.files.ReadLink(path);
    if (!target.ok()) break;  // No link: here it ends.
    path = absl::StartsWith(*target, "/") ? *target : absl::StrCat(DirectoryOf(path), "/", *target);
  }
  AddOther(entry, path);
}

void PollingFollower::AddPresent(Entry& entry, const std::string& base, const NamesByBase& names,
                                 std::vector<PresentFile>& present) {
  const auto found = names.find(NameOf(base));
  if (found == names.end()) return;
  const bool is_own = base == entry.log->description().path;
  for (const DirectoryEntry& name : found->second) {
    const BackupName parsed = ParseBackupName(name.name);
    PresentFile file{.path = absl::StrCat(DirectoryOf(base), "/", name.name),
                     .rank = parsed.rank,
                     .compressed = parsed.compressed};
    if (name.type == FileType::kSymlink && !file.is_base()) continue;
    if (!is_own && file.is_base()) file.rank.kind = BackupRank::Kind::kOther;
    if (sources_.Excludes(entry.source, file.path)) continue;
    const absl::StatusOr<FileStatus> status = parts_.files.Stat(file.path);
    if (!status.ok() || status->type != FileType::kRegular) continue;
    file.status = *status;
    file.rank.modify_time = status->modify_time;
    if (Entry* const owner = OwnerOf(entry, file.path, *status); owner != nullptr) {
      AddOther(*owner, file.path);
      continue;
    }
    owners_.insert_or_assign({status->device, status->inode}, entry.log->description().path);
    const bool twice = std::any_of(present.begin(), present.end(), [&](const PresentFile& other) {
      return other.status.device == status->device && other.status.inode == status->inode;
    });
    if (!twice) present.push_back(std::move(file));
  }
}

absl::optional<std::vector<PresentFile>> PollingFollower::PresentFiles(Entry& entry,
                                                                       Listed& listed) {
  const std::string& path = entry.log->description().path;
  const NamesByBase* const names = listed.In(DirectoryOf(path));
  if (names == nullptr) return absl::nullopt;
  std::vector<PresentFile> present;
  AddPresent(entry, path, *names, present);
  FollowLink(entry, *names);
  for (const std::string& other : std::vector<std::string>(entry.others)) {
    const NamesByBase* const there = listed.In(DirectoryOf(other));
    if (there == nullptr) continue;
    AddPresent(entry, other, *there, present);
    if (!there->contains(NameOf(other))) {
      entry.others.erase(std::remove(entry.others.begin(), entry.others.end(), other),
                         entry.others.end());
    }
  }
  return present;
}

void PollingFollower::Look(Entry& entry, Listed& listed) {
  LookAt(entry, listed);
  // The change gave no hint.
  if (entry.token != 0 && !entry.log->IsQuiet()) Disarm(entry);
}

void PollingFollower::LookAt(Entry& entry, Listed& listed) {
  absl::optional<std::vector<PresentFile>> present = PresentFiles(entry, listed);
  if (!present.has_value()) return;
  const Baseline baseline = std::exchange(entry.baseline, Baseline::kNone);
  FollowedLog& log = *entry.log;
  if (log.Look(*present, baseline, FollowedLog::LookAttempt::kFirst) ==
      FollowedLog::LookResult::kLookAgain) {
    Listed again(parts_.files);
    present = PresentFiles(entry, again);
    if (!present.has_value()) return;  // Nothing can be told.
    log.Look(*present, baseline, FollowedLog::LookAttempt::kLast);
  }
  log.set_others(entry.others);
}

void PollingFollower::LookNow(Entry& entry) {
  Listed listed(parts_.files);
  Look(entry, listed);
}

void PollingFollower::Discover() {
  if (!discovered_) RestoreLogs();
  DirectoryListings listings(parts_.files);
  const std::vector<FoundFile> found =
      sources_.Find({.paths_max = kPathsOfALog * options_.files_max}, listings, parts_.files);
  owners_.clear();
  for (const auto& [path, entry] : logs_) {
    for (const FollowedFile& file : entry.log->files()) {
      if (file.is_there()) owners_.try_emplace({file.device, file.inode}, path);
    }
  }
  Listed listed(parts_.files);
  // First what is known, so that it keeps its files; then what is new, real files before links.
  FindMoved(found);
  for (auto& [path, entry] : logs_) Look(entry, listed);
  for (const FoundFile& file : found) {
    if (file.type != FileType::kSymlink) Adopt(file, listed);
  }
  for (const FoundFile& file : found) {
    if (file.type == FileType::kSymlink) Adopt(file, listed);
  }
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
    Disarm(log->second);
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

void PollingFollower::Disarm(Entry& entry) {
  if (entry.token == 0) return;
  options_.hints->Disarm(entry.token);
  tokens_.erase(std::exchange(entry.token, 0));
}

void PollingFollower::TakeHints() {
  if (options_.hints == nullptr) return;
  const ChangeHints::Fired fired = options_.hints->Take();
  if (fired.all) {
    hints_lost_.Increment();
    for (auto& [path, entry] : logs_) Disarm(entry);
  }
  for (const ChangeHints::Token token : fired.tokens) {
    const auto path = tokens_.find(token);
    if (path == tokens_.end()) continue;
    if (const auto log = logs_.find(path->second); log != logs_.end()) log->second.token = 0;
    tokens_.erase(path);
  }
}

void PollingFollower::PollLog(Entry& entry) {
  if (entry.log->Poll()) LookNow(entry);
  const absl::Duration now = parts_.clock.Monotonic();
  if (options_.hints == nullptr || now < next_arming_ || !entry.log->IsQuiet()) return;
  const absl::StatusOr<ChangeHints::Token> token =
      options_.hints->Arm(entry.log->description().path);
  if (!token.ok()) {
    // The rest waits too, where the limit is reached.
    if (absl::IsResourceExhausted(token.status())) next_arming_ = now + kArmingInterval;
    hints_refused_.Increment();
    entry.log->DoNotHint();
    return;
  }
  entry.token = *token;
  tokens_[*token] = entry.log->description().path;
  // What changed before it was armed gives no hint.
  if (entry.log->Poll()) LookNow(entry);
  if (!entry.log->IsQuiet()) Disarm(entry);
}

bool PollingFollower::Poll(size_t bytes_max) {
  TakeHints();
  if (!discovered_ || parts_.clock.Monotonic() >= next_discovery_) Discover();
  for (auto& [path, entry] : logs_) {
    if (entry.token == 0) PollLog(entry);
  }
  while (bytes_max > 0) {
    const size_t used = ReadRound(bytes_max);
    if (used == 0) break;
    bytes_max -= std::min(used, bytes_max);
  }
  DropGone();
  LetHandlesGo();
  return std::any_of(logs_.begin(), logs_.end(),
                     [](const auto& log) { return log.second.log->has_more(); });
}

void PollingFollower::LetHandlesGo() {
  if (!parts_.handle_refused || parts_.clock.Monotonic() < next_let_go_) return;
  parts_.handle_refused = false;
  next_let_go_ = parts_.clock.Monotonic() + options_.discovery_interval;
  std::vector<FollowedLog::IdleHandle> idle;
  for (auto& [path, entry] : logs_) entry.log->AddIdleHandles(idle);
  const size_t kept = options_.handles_max * 3 / 4;
  const size_t wanted = parts_.files_open > kept ? parts_.files_open - kept : 0;
  const size_t count = std::min(wanted, idle.size());
  std::nth_element(idle.begin(), idle.begin() + static_cast<ptrdiff_t>(count), idle.end(),
                   [](const auto& a, const auto& b) { return a.changed_at < b.changed_at; });
  for (size_t i = 0; i < count; ++i) idle[i].file->handle.reset();
  handles_let_go_.Add(count);
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
