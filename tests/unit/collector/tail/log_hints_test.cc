// Polling with hints: what they save, and that nothing is lost where they fail.
#include <algorithm>
#include <map>

#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::UnorderedElementsAre;

// Fires what the test tells it to.
class FakeHints final : public ChangeHints {
 public:
  absl::StatusOr<Token> Arm(const std::string& path) override {
    if (!refusal_.ok()) return refusal_;
    paths_[++last_] = path;
    if (at_arming_) at_arming_();
    return last_;
  }
  void Disarm(Token token) override { paths_.erase(token); }
  Fired Take() override {
    return {.tokens = std::exchange(fired_, {}), .all = std::exchange(all_, false)};
  }
  size_t armed() const override { return paths_.size(); }

  void Fire(const std::string& path) {
    for (auto entry = paths_.begin(); entry != paths_.end(); ++entry) {
      if (entry->second != path) continue;
      fired_.push_back(entry->first);
      paths_.erase(entry);
      return;
    }
    FAIL() << path << " is not armed";
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const auto& [token, path] : paths_) paths.push_back(path);
    return paths;
  }

  absl::Status refusal_;
  bool all_ = false;
  std::function<void()> at_arming_;

 private:
  std::map<Token, std::string> paths_;
  std::vector<Token> fired_;
  Token last_ = 0;
};

class LogHintsTest : public FollowerFixture {
 protected:
  void SetUp() override {
    FollowerFixture::SetUp();
    options_.hints = &hints_;
    Append("app.log", "one\n");
    Start();
    Poll();
  }
  void TearDown() override {
    Stop();  // It takes its hints back.
    FollowerFixture::TearDown();
  }
  // Long enough for a hint to be asked for, not for a discovery.
  void BecomeQuiet() {
    PassTime(absl::Seconds(3));
    Poll();
  }

  FakeHints hints_;
};

TEST_F(LogHintsTest, DoesNotAskAQuietFileUntilItsHintFires) {
  EXPECT_EQ(follower_->files_hinted(), 0u);
  BecomeQuiet();
  EXPECT_THAT(hints_.paths(), UnorderedElementsAre(Path("app.log")));
  EXPECT_EQ(follower_->files_hinted(), 1u);
  Append("app.log", "two\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n");
  hints_.Fire(Path("app.log"));
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
}

TEST_F(LogHintsTest, FindsAtTheNextDiscoveryWhatGaveNoHint) {
  BecomeQuiet();
  Append("app.log", "two\n");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_EQ(hints_.armed(), 0u);
  BecomeQuiet();
  EXPECT_EQ(hints_.armed(), 1u);
}

TEST_F(LogHintsTest, AsksEveryFileWhenHintsWereLost) {
  Append("b.log", "b\n");
  PassTime(options_.discovery_interval);
  BecomeQuiet();
  EXPECT_EQ(hints_.armed(), 2u);
  Append("app.log", "two\n");
  Append("b.log", "bb\n");
  hints_.all_ = true;
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_EQ(Text("b.log"), "b\nbb\n");
  EXPECT_EQ(Count("ora_tail_hints_lost_total"), 1u);
}

TEST_F(LogHintsTest, SeesWhatIsWrittenWhileItAsksForTheHint) {
  hints_.at_arming_ = [this] { Append("app.log", "two\n"); };
  BecomeQuiet();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
}

TEST_F(LogHintsTest, PollsWhatMayChangeWithoutAHint) {
  hints_.refusal_ = absl::UnavailableError("a network's file system");
  BecomeQuiet();
  Append("app.log", "two\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_EQ(Count("ora_tail_hints_refused_total"), 1u);
  BecomeQuiet();
  EXPECT_EQ(Count("ora_tail_hints_refused_total"), 1u);  // Not asked for again.
}

TEST_F(LogHintsTest, PollsAFileWithAnUnfinishedLine) {
  Append("app.log", "tw");
  Poll();
  BecomeQuiet();
  EXPECT_EQ(hints_.armed(), 0u);
}

TEST_F(LogHintsTest, PollsWhileTheHandleOfARenamedFileIsHeld) {
  Rename("app.log", "app.log.1");
  Append("app.log", "two\n");
  Poll();
  BecomeQuiet();
  EXPECT_EQ(hints_.armed(), 0u);
  Append("app.log.1", "late\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nlate\n");
  PassLinger();
  PassLinger();
  Poll();
  EXPECT_EQ(hints_.armed(), 1u);
}

TEST_F(LogHintsTest, TakesBackTheHintOfALogThatIsGone) {
  BecomeQuiet();
  Delete("app.log");
  hints_.Fire(Path("app.log"));
  PassLinger();
  PassLinger();
  EXPECT_TRUE(Log("app.log").gone);
  EXPECT_EQ(hints_.armed(), 0u);
  EXPECT_EQ(follower_->files_hinted(), 0u);
}

}  // namespace
}  // namespace ora::collector
