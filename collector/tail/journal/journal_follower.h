// Follows the journal beside the files: each of its units is a log, `journal:UNIT`.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collector/tail/journal/journal.h"
#include "collector/tail/log_follower.h"

namespace ora::collector {

enum class JournalStart {
  kFirstEntry,  // Of what the journal holds.
  kEnd,
};

struct JournalFollowerOptions {
  JournalStart start = JournalStart::kEnd;  // Where there is no position from an earlier run.
  size_t units_max = 1'000;                 // The entries of others are of unit "other".
};

// A follower of what `files` follows and of `journal`; `state` and `sink` are those of `files`, and
// outlive it, as `counters` does. The position in the journal is one more record of the state. An
// error of the journal is told once and tried again; files are followed all the same.
//
// A line is the message, with the level's name before it where the entry's priority says more than
// its sender's default (info, notice) would: `ERROR out of memory`.
absl::StatusOr<std::unique_ptr<LogFollower>> FollowJournalToo(
    std::unique_ptr<LogFollower> files, std::unique_ptr<Journal> journal,
    const JournalFollowerOptions& options, const std::map<std::string, std::string>& state,
    LineSink& sink, storage::LogSink& log, storage::Counters& counters);

}  // namespace ora::collector
