// Real files, a follower over them, and the verbs of its tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "collector/tail/log_follower.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::collector {

// Remembers what it is given, by log.
class RecordingSink final : public LineSink {
 public:
  struct Log {
    LogDescription description;
    LogOrigin origin = LogOrigin::kKnown;
    std::string text;
    uint64_t lines = 0;
    LogFiles files;
    std::map<std::string, uint64_t> lost;
    bool gone = false;
  };

  void OnLog(LogId log, const LogDescription& description, LogOrigin origin) override {
    EXPECT_FALSE(paths_.contains(log));
    paths_[log] = description.path;
    Log& made = logs_[description.path];
    made.description = description;
    made.origin = origin;
    made.gone = false;
  }
  void OnLines(LogId log, absl::string_view lines) override {
    EXPECT_FALSE(lines.empty());
    Log& made = Of(log);
    made.text.append(lines.data(), lines.size());
    made.lines += static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    if (!absl::EndsWith(lines, "\n")) ++made.lines;
  }
  void OnRest(LogId log, absl::string_view rest) override {
    EXPECT_FALSE(rest.empty());
    EXPECT_EQ(rest.substr(0, rest.size() - 1).find('\n'), absl::string_view::npos);
    Of(log).text.append(rest.data(), rest.size());
  }
  void OnFiles(LogId log, const LogFiles& files) override { Of(log).files = files; }
  void OnLost(LogId log, uint64_t bytes, absl::string_view reason) override {
    Of(log).lost[std::string(reason)] += bytes;
  }
  void OnGone(LogId log) override {
    Of(log).gone = true;
    paths_.erase(log);
  }

  // As after a restart of the collector: the texts stay, the handles do not.
  void ForgetHandles() { paths_.clear(); }
  std::map<std::string, Log>& logs() { return logs_; }

 private:
  Log& Of(LogId log) { return logs_[paths_.at(log)]; }

  std::map<LogId, std::string> paths_;
  std::map<std::string, Log> logs_;
};

class FollowerFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = absl::StrCat(::testing::TempDir(), "tail_",
                         absl::StrReplaceAll(test->test_suite_name(), {{"/", "_"}}), "_",
                         absl::StrReplaceAll(test->name(), {{"/", "_"}}));
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    Follow({"/*.log"});
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Path(absl::string_view name) { return absl::StrCat(root_, "/", name); }

  // One source with these globs, below the test's directory.
  config::v1::LogSource& Follow(const std::vector<std::string>& globs) {
    options_.sources.clear();
    config::v1::LogSource& source = options_.sources.emplace_back();
    for (const std::string& glob : globs) source.add_include(root_ + glob);
    return source;
  }

  void Append(absl::string_view name, absl::string_view text) {
    std::ofstream file(Path(name), std::ios::app | std::ios::binary);
    file << text;
  }
  void Rename(absl::string_view from, absl::string_view to) {
    std::filesystem::rename(Path(from), Path(to));
  }
  void Copy(absl::string_view from, absl::string_view to) {
    std::filesystem::copy_file(Path(from), Path(to),
                               std::filesystem::copy_options::overwrite_existing);
  }
  void Truncate(absl::string_view name) { std::filesystem::resize_file(Path(name), 0); }
  void Delete(absl::string_view name) { std::filesystem::remove(Path(name)); }

  absl::Status TryStart() {
    sink_.ForgetHandles();
    auto follower =
        LogFollower::Make(options_, state_, first_start_, sink_, *files_, clock_, log_, counters_);
    if (!follower.ok()) return follower.status();
    follower_ = *std::move(follower);
    return absl::OkStatus();
  }
  // The first start is over with the first commit.
  void Start() { ASSERT_EQ(TryStart(), absl::OkStatus()); }

  void Poll() {
    for (int i = 0; i < 1000 && follower_->Poll(size_t{1} << 20); ++i) {
    }
  }
  void Commit() {
    for (FollowerStateChange& change : follower_->Changes()) {
      if (change.deleted) {
        state_.erase(change.key);
      } else {
        state_[change.key] = change.value;
      }
    }
    follower_->Commit();
    first_start_ = false;
  }
  void PollAndCommit() {
    Poll();
    Commit();
  }
  void Stop() { follower_.reset(); }
  void Restart() {
    Stop();
    Start();
  }
  void PassTime(absl::Duration time) {
    clock_.Advance(time);
    Poll();
  }
  // The next discovery, and the linger of what has ended.
  void PassLinger() {
    PassTime(options_.linger);
    PassTime(options_.discovery_interval);
  }

  RecordingSink::Log& Log(absl::string_view name) { return sink_.logs()[Path(name)]; }
  std::string Text(absl::string_view name) { return Log(name).text; }
  uint64_t Count(absl::string_view counter) { return counters_.Get(counter).Value(); }

  std::string root_;
  LogFollowerOptions options_;
  storage::PosixFileSystem real_files_;
  storage::FileSystem* files_ = &real_files_;  // Of the follower.
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  RecordingSink sink_;
  std::map<std::string, std::string> state_;
  bool first_start_ = true;
  std::unique_ptr<LogFollower> follower_;
};

}  // namespace ora::collector
