// Counts what is in each log, and tells it as series.
//
// An account is what has been counted in one log since it was first followed. Its series grow
// through every rotation and restart, since its record is made durable with the positions of the
// follower and the samples that it has led to: call EmitTo, then Changes, make both durable
// together, then Commit.
//
// An error is a line of level error or critical, or the first line of a stack trace that no such
// line stands right before (that line then counts as level error). Its type is the first that the
// line or its trace tells. So ora_log_errors_total, summed over types, is what ora_log_lines_total
// tells of error and critical, but for an error whose trace is still being written.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "collector/classify/samples/sample_rules.h"
#include "collector/classify/text_index.h"
#include "collector/series/sample_sink.h"
#include "collector/tail/line_sink.h"

namespace ora::collector {

// The upper bounds of ora_log_response_seconds_bucket; +Inf comes after them.
inline constexpr std::array<double, 22> kResponseBounds = {
    .005, .01, .025, .05, .1, .25, .5, .75, 1,  1.25, 1.5,
    1.75, 2,   2.25, 2.5, 3,  4,   5,  7.5, 10, 30,   60};

// A record of the accounts' state: the key is "account/" and the log's path, the value an
// ora.state.v1.LogAccountState; absent when the account is closed.
struct AccountChange {
  std::string key;
  bool deleted = false;
  std::string value;
};

// One thread. Series bear job="log", component, category and log=<path>.
class LogAccounts final : public LineSink {
 public:
  // `state` is what records were last made durable, by key; other keys in it are left alone. A
  // record that cannot be read is counted as absent, its log's counters begin at 0 again.
  // `rules` are the configuration's sample rules; null are none.
  explicit LogAccounts(const std::map<std::string, std::string>& state,
                       std::unique_ptr<SampleRules> rules = nullptr);
  ~LogAccounts() override;

  void OnLog(LogId log, const LogDescription& description, LogOrigin origin) override;
  void OnLines(LogId log, absl::string_view lines) override;
  // Adds to the bytes alone: the line was counted by its beginning.
  void OnRest(LogId log, absl::string_view rest) override;
  void OnFiles(LogId log, const LogFiles& files) override;
  void OnLost(LogId log, uint64_t bytes, absl::string_view reason) override;
  void OnGone(LogId log) override;

  // Adds the series of every account at this tick's instant. A log that is gone is told until the
  // next Commit, so that its last lines are.
  void EmitTo(SampleSink& sink);

  // The records that changed since the last call that was followed by Commit.
  std::vector<AccountChange> Changes();

  // The samples of the last EmitTo and the records of the last Changes are durable. Without it, the
  // next EmitTo tells the births of series again.
  void Commit();

  // Accounts that are open.
  size_t size() const;

 private:
  struct Account;

  // Records whose log has not been told yet, by path.
  absl::flat_hash_map<std::string, std::string> restored_;
  const std::unique_ptr<SampleRules> rules_;  // Null without any.
  TextIndex index_;
  std::vector<std::unique_ptr<Account>> accounts_;
  absl::flat_hash_map<LogId, Account*> by_id_;
  absl::flat_hash_map<std::string, Account*> by_path_;
};

}  // namespace ora::collector
