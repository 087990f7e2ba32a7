// What following costs: CPU a byte that is read, and CPU a poll in which nothing has changed.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "collector/tail/hints/inotify_hints.h"
#include "collector/tail/log_follower.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"

namespace ora::collector {
namespace {

constexpr uint64_t kFileBytes = uint64_t{256} << 20;
constexpr size_t kHintsMax = 20'000;
constexpr int kPollsUntilQuiet = 20;
constexpr size_t kPollBytes = size_t{1} << 20;

class CountingSink final : public LineSink {
 public:
  void OnLog(LogId, const LogDescription&, LogOrigin) override {}
  void OnLines(LogId, absl::string_view lines) override { bytes_ += lines.size(); }
  void OnRest(LogId, absl::string_view rest) override { bytes_ += rest.size(); }
  void OnFiles(LogId, const LogFiles&) override {}
  void OnLost(LogId, uint64_t, absl::string_view) override {}
  void OnGone(LogId) override {}

  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

class SilentLog final : public storage::LogSink {
 public:
  void Log(storage::LogSeverity, absl::string_view) override {}
};

// A directory of its own, gone at the end.
class Directory {
 public:
  Directory()
      : path_(absl::StrCat(std::filesystem::temp_directory_path().string(), "/tail_bench_",
                           getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Directory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

  void Write(absl::string_view name, uint64_t size_bytes) const {
    std::ofstream file(absl::StrCat(path_, "/", name), std::ios::binary);
    for (uint64_t written = 0, line = 0; written < size_bytes; ++line) {
      const std::string text =
          absl::StrCat("2026-03-05T12:00:00.123Z INFO  [worker-", line % 16, "] request ", line,
                       " GET /api/v1/orders/", line * 7919, " done in ", line % 250, " ms\n");
      file << text;
      written += text.size();
    }
  }

 private:
  const std::string path_;
};

// A follower of all logs of a directory, from their beginning.
class Following {
 public:
  enum class Hints { kNone, kInotify };
  explicit Following(const Directory& directory, Hints hints = Hints::kNone) {
    if (hints == Hints::kInotify) {
      auto made = MakeInotifyHints({.files_max = kHintsMax});
      if (!made.ok()) std::abort();
      hints_ = *std::move(made);
      options_.hints = hints_.get();
    }
    options_.sources.emplace_back().add_include(directory.path() + "/*.log");
    auto made = LogFollower::Make(options_, {}, /*first_start=*/true, sink_, files_, clock_, log_,
                                  counters_);
    if (!made.ok()) std::abort();
    follower_ = *std::move(made);
  }

  void PassTime(absl::Duration time) { clock_.Advance(time); }
  bool Poll() { return follower_->Poll(kPollBytes); }
  const CountingSink& sink() const { return sink_; }

 private:
  LogFollowerOptions options_;
  std::unique_ptr<ChangeHints> hints_;
  CountingSink sink_;
  storage::PosixFileSystem files_;
  fakes::ManualClock clock_;
  SilentLog log_;
  storage::Counters counters_;
  std::unique_ptr<LogFollower> follower_;
};

void FollowOneFile(benchmark::State& state) {
  const Directory directory;
  directory.Write("app.log", kFileBytes);
  uint64_t bytes = 0;
  for (auto _ : state) {
    Following following(directory);
    while (following.Poll()) {
    }
    if (following.sink().bytes() < kFileBytes) state.SkipWithError("not all was read");
    bytes += following.sink().bytes();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));  // A second of CPU, not of the wall.
}
BENCHMARK(FollowOneFile)->Unit(benchmark::kMillisecond);

// Two polls a second as by default, so that each tenth looks at the directory; CPU a second.
void PollIdleFiles(benchmark::State& state, Following::Hints hints) {
  const Directory directory;
  for (int64_t i = 0; i < state.range(0); ++i) directory.Write(absl::StrCat(i, ".log"), 1);
  Following following(directory, hints);
  for (int i = 0; i < kPollsUntilQuiet; ++i) {
    following.PassTime(absl::Seconds(1));
    while (following.Poll()) {
    }
  }
  for (auto _ : state) {
    for (int poll = 0; poll < 2; ++poll) {
      following.PassTime(absl::Milliseconds(500));
      if (following.Poll()) state.SkipWithError("a file is not idle");
    }
  }
}
BENCHMARK_CAPTURE(PollIdleFiles, polling, Following::Hints::kNone)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(PollIdleFiles, hints, Following::Hints::kInotify)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ora::collector
