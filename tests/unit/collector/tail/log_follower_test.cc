// Rotation, truncation, deletion and restarts of one log.
#include "collector/tail/log_follower.h"

#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class LogFollowerTest : public FollowerFixture {};

TEST_F(LogFollowerTest, ReadsWhatIsAppended) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Append("app.log", "two\nthree\n");
  Poll();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(Log("app.log").origin, LogOrigin::kFirstScan);
  EXPECT_EQ(follower_->bytes_behind(), 0u);
}

TEST_F(LogFollowerTest, GoesOnAfterARestart) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Restart();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_EQ(Log("app.log").origin, LogOrigin::kKnown);
}

TEST_F(LogFollowerTest, ReadsAgainWhatWasNotCommitted) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Poll();
  EXPECT_THAT(follower_->Changes(), testing::SizeIs(1));
  EXPECT_THAT(follower_->Changes(), testing::SizeIs(1));
  Restart();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\ntwo\n");
  Commit();
  EXPECT_THAT(follower_->Changes(), IsEmpty());
}

TEST_F(LogFollowerTest, ReadsTheRestOfAFileAfterItIsRenamed) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Append("app.log", "two\n");
  Rename("app.log", "app.log.1");
  Append("app.log", "three\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
}

TEST_F(LogFollowerTest, ReadsWhatIsWrittenToARenamedFile) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Rename("app.log", "app.log.1");
  Poll();
  Append("app.log.1", "two\n");
  Poll();
  PassLinger();
  Append("app.log.1", "three\n");  // Long after its handle was let go.
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
}

TEST_F(LogFollowerTest, FindsEverythingAfterTwoRenamesWhileItWasDown) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Append("app.log", "two\n");
  Rename("app.log", "app.log.1");
  Append("app.log", "three\n");
  Rename("app.log.1", "app.log.2");
  Rename("app.log", "app.log.1");
  Append("app.log", "four\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, FindsEverythingInDatedBackups) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Append("app.log", "two\n");
  Rename("app.log", "app.log-20261121");
  Append("app.log", "three\n");
  Rename("app.log", "app.log-20261122");
  Append("app.log", "four\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nfour\n");
}

TEST_F(LogFollowerTest, FollowsThroughCopyTruncate) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Append("app.log", "two\n");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "three\n");
  Poll();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, DoesNotReadACopyBeforeItsOriginalIsTruncated) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Copy("app.log", "app.log.1");
  PassTime(options_.discovery_interval);
  Append("app.log", "two\n");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  Copy("app.log", "app.log.1");
  Append("app.log.1", "");
  Truncate("app.log");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
}

TEST_F(LogFollowerTest, DoesNotReadACopyWhoseOriginalIsDeleted) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Copy("app.log", "app.log.1");
  PassTime(options_.discovery_interval);
  Delete("app.log");
  PassLinger();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\n");
  Commit();
  Restart();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n");
}

TEST_F(LogFollowerTest, FindsTheRestAfterACopyTruncateWhileItWasDown) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Append("app.log", "two\n");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "three, longer than all before\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree, longer than all before\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, FindsTheRestAfterTwoCopyTruncatesWhileItWasDown) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Append("app.log", "two\n");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "three\n");
  Rename("app.log.1", "app.log.2");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "four\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, SeesATruncatedFileThatGrewPastItsOldSize) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Truncate("app.log");
  Append("app.log", "two, which is longer\n");
  Poll();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo, which is longer\n");
}

TEST_F(LogFollowerTest, CountsWhatATruncationTook) {
  Append("app.log", "one\npartial");
  Start();
  Poll();
  Truncate("app.log");
  Append("app.log", "two\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, ElementsAre(Pair("truncated", 7)));
}

TEST_F(LogFollowerTest, DoesNotTakeWhatAFileWasRewrittenWithForLost) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Truncate("app.log");
  Append("app.log", "two, which is longer\n");
  Poll();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo, which is longer\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, CountsWhatWasCutWhileItWaitedForItsTurn) {
  Append("app.log", "one\ntwo\n");
  Start();
  follower_->Poll(4);
  Append("app.log", "three\n");
  follower_->Poll(0);  // Others took the whole budget.
  Truncate("app.log");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_THAT(Log("app.log").lost, ElementsAre(Pair("truncated", 10)));
}

TEST_F(LogFollowerTest, CountsWhatADeletionWhileItWasDownTook) {
  Append("app.log", "one\npartial");
  Start();
  PollAndCommit();
  Stop();
  Delete("app.log");
  Append("other.log", "");  // Keeps the inode's number from coming again at once.
  Append("app.log", "two\n");
  Start();
  Poll();
  PassTime(options_.discovery_interval);  // One listing that it is not in proves nothing.
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_EQ(Log("app.log").lost["deleted"] + Log("app.log").lost["truncated"], 7u);
}

// What a listing does that is made while a rotation shifts many backups.
TEST_F(LogFollowerTest, DoesNotReadABackupAgainThatListingsPassedOver) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Rename("app.log", "app.log.1");
  Append("app.log", "two\n");
  Poll();
  PassLinger();  // Its handle is let go.
  Rename("app.log.1", "passed.over");
  PassTime(options_.discovery_interval);
  Rename("passed.over", "app.log.2");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, DoesNotReadABackupAgainThatTheFirstListingsPassedOver) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Rename("app.log", "passed.over");
  Append("app.log", "two\n");
  Start();
  Poll();
  Rename("passed.over", "app.log.1");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, FollowsAFileThatIsDeletedAndMadeAgain) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Append("app.log", "two\n");
  Delete("app.log");
  Append("app.log", "three\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_FALSE(Log("app.log").gone);
}

TEST_F(LogFollowerTest, TellsAReusedInodeByItsContent) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Truncate("app.log");  // The same inode, other content: what a reuse looks like.
  Append("app.log", "two, which is longer\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo, which is longer\n");
}

TEST_F(LogFollowerTest, TellsThatALogIsGone) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  EXPECT_THAT(state_, testing::SizeIs(1));
  Delete("app.log");
  Poll();
  PassLinger();
  PassLinger();
  EXPECT_TRUE(Log("app.log").gone);
  Commit();
  EXPECT_THAT(state_, IsEmpty());
  Append("app.log", "two\n");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_EQ(Log("app.log").origin, LogOrigin::kAppeared);
}

TEST_F(LogFollowerTest, KeepsAPartialLineBackUntilItEnds) {
  Append("app.log", "one\ntw");
  Start();
  PollAndCommit();
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_EQ(follower_->bytes_behind(), 2u);
  Restart();
  Append("app.log", "o\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
}

TEST_F(LogFollowerTest, HandsOnTheRestOfARenamedFileAfterAPause) {
  Append("app.log", "one\ntw");
  Start();
  Poll();
  Rename("app.log", "app.log.1");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n");
  Append("app.log.1", "o");
  Poll();
  PassTime(options_.unfinished_line_timeout - absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\n");
  PassTime(absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\ntwo");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, HandsOnTheRestOfARenamedFileWhereEveryPollLooksAtTheDirectory) {
  options_.discovery_interval = absl::ZeroDuration();
  Append("app.log", "one\ntw");
  Start();
  Poll();
  Rename("app.log", "app.log.1");
  Poll();
  PassTime(options_.unfinished_line_timeout - absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\n");
  PassTime(absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\ntw");
}

TEST_F(LogFollowerTest, DoesNotLetNewerLinesWaitForTheRestOfARenamedFile) {
  Append("app.log", "one\ntw");
  Start();
  Poll();
  Rename("app.log", "app.log.1");
  Append("app.log", "three\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\nthree\n");
  EXPECT_EQ(follower_->bytes_behind(), 2u);
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\nthree\ntw");
  EXPECT_EQ(follower_->bytes_behind(), 0u);
  Commit();
  Restart();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\nthree\ntw");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, HandsOnTheRestOfADeletedFile) {
  Append("app.log", "one\ntw");
  Start();
  Poll();
  Delete("app.log");
  Poll();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntw");
  PassLinger();
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, HandsOnTheRestOfATruncatedFileFromItsCopy) {
  Append("app.log", "one\ntw");
  Start();
  Poll();
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "three\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogFollowerTest, ReadsLinesLongerThanABlock) {
  const std::string line = std::string(700'000, 'x') + "\n";
  Append("app.log", "one\n" + line + "two\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n" + line + "two\n");
  EXPECT_EQ(Count("ora_tail_long_lines_total"), 0u);
}

TEST_F(LogFollowerTest, ReadsNoMoreThanItsBudgetAndTakesTurns) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&lines, "line ", i, "\n");
  Append("a.log", lines);
  Append("b.log", lines);
  Start();
  EXPECT_TRUE(follower_->Poll(1000));
  EXPECT_TRUE(follower_->Poll(1000));
  EXPECT_FALSE(Text("a.log").empty());
  EXPECT_FALSE(Text("b.log").empty());
  EXPECT_LE(Text("a.log").size() + Text("b.log").size(), 2000u + 64);  // A line is not cut for it.
  while (follower_->Poll(1000)) {
  }
  EXPECT_EQ(Text("a.log"), lines);
  EXPECT_EQ(Text("b.log"), lines);
}

TEST_F(LogFollowerTest, ReadsBackupsBeforeNewerFiles) {
  Start();
  Poll();
  Append("app.log.2", "one\n");
  Append("app.log.1", "two\n");
  Append("app.log", "three\n");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(Log("app.log").origin, LogOrigin::kAppeared);
}

}  // namespace
}  // namespace ora::collector
