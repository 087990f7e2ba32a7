#include "collector/tail/journal/journal_follower.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ora/state/v1/collector_state.pb.h"
#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kStateKey = "journal";
constexpr absl::string_view kPathPrefix = "journal:";
constexpr absl::string_view kOtherUnit = "other";
constexpr LogId kFirstLog = LogId{1} << 31;  // The files' logs count from 1.

// By priority; empty where it tells nothing: what a service prints is info by default.
constexpr absl::string_view kLevelWords[] = {"FATAL ",   "FATAL ", "FATAL ", "ERROR ",
                                             "WARNING ", "",       "",       "DEBUG "};
constexpr int kPriorities = 8;

class JournalFollower final : public LogFollower {
 public:
  JournalFollower(std::unique_ptr<LogFollower> files, std::unique_ptr<Journal> journal,
                  const JournalFollowerOptions& options, LineSink& sink, storage::LogSink& log,
                  storage::Counters& counters)
      : files_(std::move(files)),
        journal_(std::move(journal)),
        options_(options),
        sink_(sink),
        log_(log),
        entries_(counters.Get("ora_tail_journal_entries_total")),
        gaps_(counters.Get("ora_tail_journal_gaps_total")),
        errors_(counters.Get("ora_tail_journal_errors_total")) {}

  absl::Status Begin(const std::map<std::string, std::string>& state) {
    const auto record = state.find(std::string(kStateKey));
    if (record == state.end()) {
      return options_.start == JournalStart::kEnd ? journal_->SeekToEnd() : journal_->SeekToFirst();
    }
    if (!position_.ParseFromString(record->second)) {
      return absl::DataLossError("state record `journal` cannot be read");
    }
    for (const std::string& unit : position_.units()) LogOf(unit, LogOrigin::kKnown);
    if (position_.cursor().empty()) return journal_->SeekToFirst();
    Journal::Place place = Journal::Place::kFound;
    ORA_ASSIGN_OR_RETURN(place, journal_->SeekBehind(position_.cursor()));
    if (place == Journal::Place::kGone) {
      gaps_.Increment();
      log_.Warning(
          "journal: the entry that was read last is gone, and maybe unread ones with it; let it "
          "keep more (SystemMaxUse in journald.conf)");
    }
    return absl::OkStatus();
  }

  bool Poll(size_t bytes_max) override {
    const bool more_of_files = files_->Poll(bytes_max);
    size_t used = 0;
    while (used < bytes_max) {
      JournalEntry entry;
      const absl::StatusOr<bool> next = journal_->Next(entry);
      if (!next.ok()) {
        NoteError(next.status());
        return more_of_files;
      }
      failing_ = false;
      if (!*next) return more_of_files;
      used += HandOn(entry);
    }
    return more_of_files || bytes_max > 0;
  }

  std::vector<FollowerStateChange> Changes() override {
    std::vector<FollowerStateChange> changes = files_->Changes();
    offered_ = changed_;
    if (!changed_) return changes;
    if (absl::StatusOr<std::string> cursor = journal_->Cursor(); cursor.ok()) {
      position_.set_cursor(*std::move(cursor));
    }
    changes.push_back(
        {.key = std::string(kStateKey), .deleted = false, .value = position_.SerializeAsString()});
    return changes;
  }

  void Commit() override {
    files_->Commit();
    if (offered_) changed_ = false;
    offered_ = false;
  }

  size_t files_followed() const override { return files_->files_followed(); }
  size_t files_open() const override { return files_->files_open(); }
  size_t files_hinted() const override { return files_->files_hinted(); }
  uint64_t bytes_behind() const override { return files_->bytes_behind(); }

 private:
  LogId LogOf(const std::string& unit, LogOrigin origin) {
    if (const auto known = logs_.find(unit); known != logs_.end()) return known->second;
    if (logs_.size() >= options_.units_max && unit != kOtherUnit) {
      return LogOf(std::string(kOtherUnit), origin);
    }
    const LogId log = kFirstLog + static_cast<LogId>(logs_.size());
    logs_[unit] = log;
    if (origin != LogOrigin::kKnown) position_.add_units(unit);
    sink_.OnLog(log,
                {.path = absl::StrCat(kPathPrefix, unit),
                 .component = std::string(absl::StripSuffix(unit, ".service")),
                 .category = "system"},
                origin);
    return log;
  }

  size_t HandOn(const JournalEntry& entry) {
    const LogId log = LogOf(entry.unit, LogOrigin::kAppeared);
    line_.clear();
    if (entry.priority >= 0 && entry.priority < kPriorities) {
      absl::StrAppend(&line_, kLevelWords[entry.priority]);
    }
    absl::StrAppend(&line_, entry.message, "\n");
    sink_.OnLines(log, line_);
    entries_.Increment();
    changed_ = true;
    return line_.size();
  }

  void NoteError(const absl::Status& error) {
    errors_.Increment();
    if (!std::exchange(failing_, true)) log_.Warning(error.message());
  }

  const std::unique_ptr<LogFollower> files_;
  const std::unique_ptr<Journal> journal_;
  const JournalFollowerOptions options_;
  LineSink& sink_;
  storage::LogSink& log_;
  storage::Counter& entries_;
  storage::Counter& gaps_;
  storage::Counter& errors_;
  absl::flat_hash_map<std::string, LogId> logs_;  // By unit.
  state::v1::JournalState position_;
  std::string line_;
  bool changed_ = false;
  bool offered_ = false;
  bool failing_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogFollower>> FollowJournalToo(
    std::unique_ptr<LogFollower> files, std::unique_ptr<Journal> journal,
    const JournalFollowerOptions& options, const std::map<std::string, std::string>& state,
    LineSink& sink, storage::LogSink& log, storage::Counters& counters) {
  auto follower = std::make_unique<JournalFollower>(std::move(files), std::move(journal), options,
                                                    sink, log, counters);
  ORA_RETURN_IF_ERROR(follower->Begin(state));
  return follower;
}

}  // namespace ora::collector
