// Random writing, rotation, compression, cutting, deletion, polling and kills: no line comes twice,
// and what does not come was cut or deleted unread and is counted as lost as far as it was seen.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/unit/collector/tail/compressed_text.h"
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

constexpr int kBackups = 5;
constexpr int kStepsOfASeed = 400;
constexpr uint32_t kSeeds = 100;
constexpr const char* kSuffixes[] = {"", ".gz", ".zst"};

uint32_t Seeds() {
  const char* const seeds = std::getenv("ORA_TAIL_MODEL_SEEDS");
  return seeds == nullptr ? kSeeds : static_cast<uint32_t>(std::strtoul(seeds, nullptr, 10));
}

class LogLossModelTest : public FollowerFixture, public ::testing::WithParamInterface<uint32_t> {
 protected:
  int Roll(int sides) { return static_cast<int>(random_() % static_cast<uint32_t>(sides)); }
  bool Exists(absl::string_view name) { return std::filesystem::exists(Path(name)); }
  void Note(absl::string_view what) { absl::StrAppend(&done_, what, "; "); }
  static std::string Backup(int i, absl::string_view suffix) {
    return absl::StrCat("app.log.", i, suffix);
  }

  void Write() {
    for (int i = Roll(4) + 1; i > 0; --i) {
      const std::string line =
          absl::StrCat(++line_, " ", std::string(static_cast<size_t>(Roll(120)), 'x'), "\n");
      Append("app.log", line);
      contents_["app.log"].push_back(line);
      bytes_.push_back(line.size());
    }
    Note(absl::StrCat("wrote to ", line_));
  }

  // Its lines may be lost from now on, if they have not been handed on.
  void MayLose(const std::string& name) {
    for (const std::string& line : contents_[name]) may_lose_.insert(NumberOf(line));
    contents_.erase(name);
  }
  static int NumberOf(absl::string_view line) {
    int number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(line.substr(0, line.find(' ')), &number));
    return number;
  }

  void Move(const std::string& from, const std::string& to) {
    Rename(from, to);
    contents_[to] = std::move(contents_[from]);
    contents_.erase(from);
  }

  void Shift() {
    for (const char* suffix : kSuffixes) {
      const std::string oldest = Backup(kBackups, suffix);
      if (!Exists(oldest)) continue;
      Delete(oldest);
      MayLose(oldest);
    }
    for (int i = kBackups - 1; i >= 1; --i) {
      for (const char* suffix : kSuffixes) {
        if (Exists(Backup(i, suffix))) Move(Backup(i, suffix), Backup(i + 1, suffix));
      }
    }
  }

  void RotateByRename() {
    if (!Exists("app.log")) return;
    Note("renames");
    Shift();
    Move("app.log", "app.log.1");
    if (Roll(4) != 0) Append("app.log", "");
  }

  void RotateByCopy() {
    if (!Exists("app.log")) return;
    Note("copies");
    Shift();
    Copy("app.log", "app.log.1");
    if (Roll(3) == 0) Write();  // These are lost if they are not read now.
    if (Roll(3) == 0) PollSome();
    std::vector<std::string>& copied = contents_["app.log.1"];
    copied.clear();
    std::ifstream copy(Path("app.log.1"));
    for (std::string line; std::getline(copy, line);) copied.push_back(line + "\n");
    Cut();
  }

  void Cut() {
    if (!Exists("app.log")) return;
    Note("cuts");
    Truncate("app.log");
    MayLose("app.log");
    // To the very size and content that it had, nothing could tell.
    if (Roll(2) == 0) Write();
  }

  void DeleteOne() {
    const int which = Roll(kBackups + 1);
    for (const char* suffix : kSuffixes) {
      const std::string name = which == 0 ? "app.log" : Backup(which, suffix);
      if (!Exists(name)) continue;
      Note(absl::StrCat("deletes ", name));
      Delete(name);
      MayLose(name);
    }
  }

  void Compress() {
    const std::string name = Backup(Roll(kBackups) + 1, "");
    if (!Exists(name)) return;
    std::ifstream file(Path(name), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.empty()) return;
    const bool gzip = Roll(2) == 0;
    const std::string archive = name + (gzip ? ".gz" : ".zst");
    if (Exists(archive)) return;
    Note(absl::StrCat("compresses ", archive));
    Append(archive, gzip ? GzipOf(text) : ZstdOf(text));
    Delete(name);
    contents_[archive] = std::move(contents_[name]);
    contents_.erase(name);
  }

  void PollSome() {
    if (follower_ == nullptr) return;
    if (Roll(2) == 0) clock_.Advance(absl::Seconds(Roll(30)));
    Note("polls");
    follower_->Poll(static_cast<size_t>(Roll(1500)));
  }

  void Remember() {
    Note("commits");
    Commit();
    committed_ = Log("app.log");
  }

  void Crash() {
    Note("dies");
    Stop();
    Log("app.log") = committed_;
    for (int i = Roll(4); i > 0; --i) StepOfFiles();
    Note("starts");
    Start();
  }

  void StepOfFiles() {
    switch (Roll(12)) {
      case 0:
      case 1:
        RotateByRename();
        break;
      case 2:
        RotateByCopy();
        break;
      case 3:
      case 4:
        Compress();
        break;
      case 5:
        Cut();
        break;
      case 6:
        DeleteOne();
        break;
      default:
        Write();
    }
  }

  void Step() {
    switch (Roll(10)) {
      case 0:
        Crash();
        break;
      case 1:
        Remember();
        break;
      case 2:
      case 3:
      case 4:
        PollSome();
        break;
      default:
        StepOfFiles();
    }
  }

  std::string Where() { return absl::StrCat("seed ", GetParam(), ": ", done_); }

  void CheckNoLineCameTwice() {
    std::set<int> seen;
    const std::string text = Log("app.log").text;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const int number = NumberOf(line);
      ASSERT_EQ(line.size() + 1, bytes_[static_cast<size_t>(number) - 1]) << number << Where();
      ASSERT_TRUE(seen.insert(number).second) << "line " << number << " twice, " << Where();
    }
  }

  void CheckWhatIsMissing() {
    std::set<int> seen;
    const std::string text = Log("app.log").text;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      seen.insert(NumberOf(line));
    }
    uint64_t missing = 0;
    for (int number = 1; number <= line_; ++number) {
      if (seen.contains(number)) continue;
      ASSERT_TRUE(may_lose_.contains(number)) << "line " << number << " is missing, " << Where();
      missing += bytes_[static_cast<size_t>(number) - 1];
    }
    uint64_t lost = 0;
    for (const auto& [reason, bytes] : Log("app.log").lost) lost += bytes;
    EXPECT_LE(lost, missing) << Where();
  }

  std::mt19937 random_;
  std::map<std::string, std::vector<std::string>> contents_;  // Lines by file.
  std::vector<size_t> bytes_;                                 // By line, with its end.
  std::set<int> may_lose_;
  RecordingSink::Log committed_;
  std::string done_;
  int line_ = 0;
};

TEST_P(LogLossModelTest, HandsOnNoLineTwiceAndLosesNoneThatWasNotTaken) {
  random_.seed(GetParam());
  Append("app.log", "");
  Start();
  Poll();
  Remember();
  for (int step = 0; step < kStepsOfASeed; ++step) {
    Step();
    CheckNoLineCameTwice();
    if (HasFatalFailure()) return;
  }
  for (int i = 0; i < 3; ++i) PassLinger();
  CheckNoLineCameTwice();
  CheckWhatIsMissing();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LogLossModelTest, ::testing::Range(1u, Seeds() + 1));

}  // namespace
}  // namespace ora::collector
