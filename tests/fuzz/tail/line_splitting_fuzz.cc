// A log that is written in pieces, polled, paused and restarted in between: its text comes whole
// and in order, and its lines are as many as it has, however it is cut.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "collector/tail/log_follower.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::collector {
namespace {

constexpr char kPath[] = "/logs/app.log";
constexpr size_t kLineBytesMax = 64;
constexpr uint8_t kPieceBits = 5;

class TextSink final : public LineSink {
 public:
  void OnLog(LogId, const LogDescription&, LogOrigin) override {}
  void OnLines(LogId, absl::string_view lines) override {
    if (lines.empty()) std::abort();
    for (const char c : lines) line_ends += c == '\n' ? 1 : 0;
    if (lines.back() != '\n') ++parts;
    text.append(lines.data(), lines.size());
  }
  void OnRest(LogId, absl::string_view rest) override {
    if (rest.empty() || parts == 0) std::abort();
    if (rest.substr(0, rest.size() - 1).find('\n') != absl::string_view::npos) std::abort();
    text.append(rest.data(), rest.size());
  }
  void OnFiles(LogId, const LogFiles&) override {}
  void OnLost(LogId, uint64_t, absl::string_view) override { std::abort(); }
  void OnGone(LogId) override { std::abort(); }

  std::string text;
  uint64_t line_ends = 0;
  uint64_t parts = 0;
};

class Following {
 public:
  Following() {
    options_.sources.emplace_back().add_include("/logs/*.log");
    options_.line_bytes_max = kLineBytesMax;
    if (!files_.CreateDirectories("/logs").ok()) std::abort();
    Start();
  }

  void Write(absl::string_view bytes) {
    auto file = files_.OpenForAppend(kPath);
    if (!file.ok() || !(*file)->Append(bytes).ok()) std::abort();
  }
  void Poll(size_t bytes_max) { follower_->Poll(bytes_max); }
  void PollAll() {
    while (follower_->Poll(kLineBytesMax)) {
    }
  }
  void Pause() {
    clock_.Advance(options_.unfinished_line_timeout);
    PollAll();
  }
  void Restart() {
    for (const FollowerStateChange& change : follower_->Changes())
      state_[change.key] = change.value;
    follower_->Commit();
    Start();
  }
  const TextSink& sink() const { return sink_; }

 private:
  void Start() {
    auto made = LogFollower::Make(options_, state_, /*first_start=*/false, sink_, files_, clock_,
                                  log_, counters_);
    if (!made.ok()) std::abort();
    follower_ = *std::move(made);
  }

  LogFollowerOptions options_;
  fakes::MemoryFileSystem files_;
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  TextSink sink_;
  std::map<std::string, std::string> state_;
  std::unique_ptr<LogFollower> follower_;
};

bool HasMark(absl::string_view text) {
  return absl::StartsWith(text, "\xef\xbb\xbf") || absl::StartsWith(text, "\xff\xfe") ||
         absl::StartsWith(text, "\xfe\xff");
}

// Each piece is a byte (what to do after it, and its length) and so many bytes.
void Run(absl::string_view input) {
  Following following;
  std::string text;
  while (!input.empty()) {
    const auto control = static_cast<uint8_t>(input[0]);
    const absl::string_view piece = input.substr(1, control & ((1 << kPieceBits) - 1));
    input.remove_prefix(1 + piece.size());
    following.Write(piece);
    text.append(piece.data(), piece.size());
    switch (control >> kPieceBits) {
      case 0:
        following.Poll(1);
        break;
      case 1:
        following.PollAll();
        break;
      case 2:
        following.Pause();
        break;
      case 3:
        following.Restart();
        break;
      default:
        break;
    }
  }
  following.Pause();
  following.Pause();
  if (HasMark(text)) return;  // Turned into other bytes; that it ends is enough.
  const TextSink& sink = following.sink();
  if (sink.text != text) std::abort();
}

}  // namespace
}  // namespace ora::collector

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ora::collector::Run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
