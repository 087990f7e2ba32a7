// Random writing, rotation, polling and restarts: every line comes exactly once, in order.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/unit/collector/tail/compressed_text.h"
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

constexpr int kBackups = 8;
constexpr const char* kSuffixes[] = {"", ".gz", ".zst"};
constexpr int kStepsOfASeed = 400;
constexpr uint32_t kSeeds = 200;

// More seeds for a search by hand: ORA_TAIL_MODEL_SEEDS.
uint32_t Seeds() {
  const char* const seeds = std::getenv("ORA_TAIL_MODEL_SEEDS");
  return seeds == nullptr ? kSeeds : static_cast<uint32_t>(std::strtoul(seeds, nullptr, 10));
}

class LogFollowerModelTest : public FollowerFixture {
 protected:
  void Begin(uint32_t seed) {
    SCOPED_TRACE(seed);
    random_.seed(seed);
    options_.line_bytes_max = 1 << 20;
    Append("app.log", "");
    Start();
    PollAndCommit();
  }

  // What was done, for whoever reads a failure.
  void Note(absl::string_view what) { absl::StrAppend(&done_, what, "; "); }

  int Roll(int sides) { return static_cast<int>(random_() % static_cast<uint32_t>(sides)); }

  void WriteLines() {
    std::string text;
    for (int i = Roll(5) + 1; i > 0; --i) {
      absl::StrAppend(&text, "line ", ++line_, " ", std::string(static_cast<size_t>(Roll(90)), 'x'),
                      "\n");
    }
    Append("app.log", text);
    written_ += text;
    Note(absl::StrCat("wrote to ", line_));
  }

  // A line in two writes, with whatever happens between them, but for a rotation.
  void WritePart() {
    const std::string text =
        part_open_ ? absl::StrCat(" end ", line_, "\n") : absl::StrCat("part ", ++line_);
    part_open_ = !part_open_;
    Append("app.log", text);
    written_ += text;
    Note(part_open_ ? "begins a line" : "ends it");
  }

  // The oldest one is kept until it is past the last number and, as logrotate would, deleted; it
  // must have been read by then.
  void ShiftBackups() {
    for (const char* suffix : kSuffixes) {
      if (!Exists(absl::StrCat("app.log.", kBackups, suffix))) continue;
      PollAndRemember();
      Delete(absl::StrCat("app.log.", kBackups, suffix));
    }
    for (int i = kBackups - 1; i >= 1; --i) {
      for (const char* suffix : kSuffixes) {
        const std::string from = absl::StrCat("app.log.", i, suffix);
        if (Exists(from)) Rename(from, absl::StrCat("app.log.", i + 1, suffix));
      }
    }
  }

  bool Exists(absl::string_view name) { return std::filesystem::exists(Path(name)); }

  bool HasOldest() {
    return std::any_of(std::begin(kSuffixes), std::end(kSuffixes), [this](const char* suffix) {
      return Exists(absl::StrCat("app.log.", kBackups, suffix));
    });
  }

  // One of the backups, as logrotate's compress does it, with a look at the half-written file.
  void Compress() {
    const std::string name = absl::StrCat("app.log.", Roll(kBackups) + 1);
    if (!Exists(name)) return;
    std::ifstream file(Path(name), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.empty()) return;
    const bool gzip = Roll(2) == 0;
    const std::string packed = gzip ? GzipOf(text) : ZstdOf(text);
    const std::string archive = absl::StrCat(name, gzip ? ".gz" : ".zst");
    const size_t half = packed.size() / 2;
    Note(absl::StrCat("compresses ", archive));
    Append(archive, packed.substr(0, half));
    if (follower_ != nullptr && Roll(3) == 0) PollSome();
    Append(archive, packed.substr(half));
    Delete(name);
  }

  void RotateByRename() {
    if (part_open_) WritePart();
    Note("renames");
    ShiftBackups();
    Rename("app.log", "app.log.1");
    Append("app.log", "");
  }

  void RotateByCopy() {
    if (part_open_) WritePart();
    Note("copies");
    ShiftBackups();
    Copy("app.log", "app.log.1");
    if (Roll(3) == 0) PollSome();
    Truncate("app.log");
    if (Roll(2) == 0) WriteLines();
  }

  void PollSome() {
    if (Roll(2) == 0) clock_.Advance(absl::Seconds(Roll(30)));
    Note("polls");
    follower_->Poll(static_cast<size_t>(Roll(1000)) + 1);
  }

  void PollAndRemember() {
    Note("polls all");
    clock_.Advance(options_.discovery_interval);
    Poll();
    Remember();
  }

  void Remember() {
    Note("commits");
    Commit();
    committed_ = Log("app.log");
  }

  // kill -9: what was not committed is read again.
  void Crash() {
    Note("dies");
    Stop();
    Log("app.log") = committed_;
    for (int i = Roll(4); i > 0; --i) DownStep();
    Note("starts");
    Start();
  }

  void DownStep() {
    // No deletion while down: that would lose what is unread.
    const bool room = !HasOldest();
    switch (Roll(room ? 4 : 2)) {
      case 0:
        WriteLines();
        break;
      case 1:
        Compress();
        break;
      case 2:
        RotateByRename();
        break;
      default:
        if (part_open_) WritePart();
        Note("copies");
        ShiftBackups();
        Copy("app.log", "app.log.1");
        Truncate("app.log");
        WriteLines();
    }
  }

  void Step() {
    switch (Roll(13)) {
      case 0:
        RotateByRename();
        break;
      case 1:
        RotateByCopy();
        break;
      case 2:
        Crash();
        break;
      case 3:
        Remember();
        break;
      case 4:
        WritePart();
        break;
      case 12:
        Compress();
        break;
      case 5:
      case 6:
      case 7:
        WriteLines();
        break;
      default:
        PollSome();
    }
  }

  std::mt19937 random_;
  std::string written_;
  std::string done_;
  RecordingSink::Log committed_;
  bool part_open_ = false;
  int line_ = 0;
};

class LogFollowerSeedTest : public LogFollowerModelTest,
                            public ::testing::WithParamInterface<uint32_t> {};

TEST_P(LogFollowerSeedTest, HandsOnEveryLineExactlyOnce) {
  Begin(GetParam());
  for (int step = 0; step < kStepsOfASeed; ++step) {
    Step();
    const std::string& seen = Log("app.log").text;
    ASSERT_EQ(seen, written_.substr(0, seen.size()))
        << "seed " << GetParam() << ", step " << step << ": " << done_;
    ASSERT_THAT(Log("app.log").lost, ::testing::IsEmpty())
        << "seed " << GetParam() << ", step " << step << ": " << done_;
  }
  if (part_open_) WritePart();
  PollAndRemember();
  PollAndRemember();
  EXPECT_EQ(Log("app.log").text, written_) << "seed " << GetParam();
  EXPECT_EQ(Log("app.log").lines,
            static_cast<uint64_t>(std::count(written_.begin(), written_.end(), '\n')))
      << "seed " << GetParam() << ": " << done_;
  EXPECT_THAT(Log("app.log").lost, ::testing::IsEmpty()) << "seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LogFollowerSeedTest, ::testing::Range(1u, Seeds() + 1));

}  // namespace
}  // namespace ora::collector
