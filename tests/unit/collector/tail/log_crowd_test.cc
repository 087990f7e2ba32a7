// Many files, files that come and go, handles and their limits.
#include "tests/fakes/memory_file_system.h"
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class LogCrowdTest : public FollowerFixture {
 protected:
  // Directories of a hundred.
  static std::string Name(int i) { return absl::StrCat("d", i / 100, "/sub/", i, ".log"); }

  void WriteAll(int count, absl::string_view text) {
    for (int i = 0; i < count; ++i) {
      std::filesystem::create_directories(Path(absl::StrCat("d", i / 100, "/sub")));
      Append(Name(i), absl::StrCat(i, text));
    }
  }
  void FillHandles(int others) {
    for (int i = 0; i < others; ++i) Append(absl::StrCat("other", i, ".log"), "x\n");
  }
};

TEST_F(LogCrowdTest, FollowsThousandsOfFilesWithFewHandles) {
  constexpr int kFiles = 3000;
  options_.handles_max = 50;
  Follow({"/**/*.log"});
  WriteAll(kFiles, " one\n");
  Start();
  PollAndCommit();
  EXPECT_EQ(follower_->files_followed(), size_t{kFiles});
  EXPECT_LE(follower_->files_open(), 50u);
  WriteAll(kFiles, " two\n");
  Poll();
  EXPECT_LE(follower_->files_open(), 50u);
  for (int i = 0; i < kFiles; ++i) {
    ASSERT_EQ(Text(Name(i)), absl::StrCat(i, " one\n", i, " two\n"));
  }
  EXPECT_EQ(follower_->bytes_behind(), 0u);
}

TEST_F(LogCrowdTest, FollowsFilesThatComeAndGo) {
  constexpr int kFiles = 300;
  options_.handles_max = 20;
  Follow({"/**/*.log"});
  Start();
  Poll();
  for (int round = 0; round < 5; ++round) {
    WriteAll(kFiles, absl::StrCat(" ", round, "\n"));
    PassTime(options_.discovery_interval);
    for (int i = round; i < kFiles; i += 5) Delete(Name(i));
    PassTime(options_.discovery_interval);
  }
  PassLinger();
  PassLinger();
  EXPECT_EQ(follower_->files_followed(), size_t{kFiles / 5 * 4});
  for (int i = 0; i < kFiles; ++i) {
    std::string expected;
    for (int round = 0; round < 5; ++round) absl::StrAppend(&expected, i, " ", round, "\n");
    ASSERT_EQ(Text(Name(i)), expected);
    ASSERT_THAT(Log(Name(i)).lost, IsEmpty());
  }
}

TEST_F(LogCrowdTest, ReadsTheRestOfARenamedFileWhoseHandleWasLetGo) {
  options_.handles_max = 2;
  Append("app.log", "one\n");
  Start();
  Poll();
  FillHandles(10);
  PassTime(options_.discovery_interval);
  EXPECT_GT(Count("ora_tail_handles_let_go_total"), 0u);
  EXPECT_LE(follower_->files_open(), 2u);
  Append("app.log", "two\n");
  Rename("app.log", "app.log.1");
  Append("app.log", "three\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
}

TEST_F(LogCrowdTest, KeepsTheHandlesOfDeletedFilesPastTheLimit) {
  options_.handles_max = 2;
  std::string lines;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&lines, "line ", i, "\n");
  Start();
  Poll();
  Append("app.log", lines);
  PassTime(options_.discovery_interval);
  Append("app.log", lines);
  follower_->Poll(10);
  Delete("app.log");
  FillHandles(10);
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), lines + lines);
}

TEST_F(LogCrowdTest, LetsGoADeletedFileThatIsReadAfterItsLinger) {
  Append("app.log", "one\n");
  Start();
  Poll();
  EXPECT_EQ(follower_->files_open(), 1u);
  Delete("app.log");
  PassTime(options_.linger - absl::Milliseconds(1));
  EXPECT_EQ(follower_->files_open(), 1u);
  PassTime(absl::Milliseconds(1));
  EXPECT_EQ(follower_->files_open(), 0u);
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

// As while the spool is full.
TEST_F(LogCrowdTest, LetsGoADeletedFileThatMayNotBeReadAfterItsLimitAndCountsIt) {
  Append("app.log", "one\n");
  Start();
  Poll();
  Append("app.log", "two\n");
  follower_->Poll(0);
  Delete("app.log");
  follower_->Poll(0);
  clock_.Advance(options_.held_deleted_max - absl::Milliseconds(1));
  follower_->Poll(0);
  EXPECT_EQ(follower_->files_open(), 1u);
  clock_.Advance(absl::Milliseconds(1));
  follower_->Poll(0);
  EXPECT_EQ(follower_->files_open(), 0u);
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_THAT(Log("app.log").lost, ElementsAre(Pair("held_too_long", 4)));
}

TEST_F(LogCrowdTest, SeesRotationsWhileNothingMayBeRead) {
  Append("app.log", "one\n");
  Start();
  Poll();
  for (int i = 0; i < 3; ++i) {
    Append("app.log", absl::StrCat("more ", i, "\n"));
    follower_->Poll(0);
    Delete("app.log");
    Append("app.log", absl::StrCat("new ", i, "\n"));
    follower_->Poll(0);
  }
  EXPECT_EQ(Text("app.log"), "one\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\nmore 0\nnew 0\nmore 1\nnew 1\nmore 2\nnew 2\n");
}

TEST_F(LogCrowdTest, TriesAgainWhenTheProcessHasNoHandlesLeft) {
  fakes::MemoryFileSystem files;
  files_ = &files;
  ASSERT_EQ(files.CreateDirectories(root_), absl::OkStatus());
  ASSERT_EQ(files.ReplaceWhole(Path("app.log"), "one\n"), absl::OkStatus());
  files.Fail(fakes::MemoryFileSystem::Operation::kOpen, 2,
             absl::ResourceExhaustedError("open: too many open files"));
  Start();
  Poll();
  PassTime(options_.discovery_interval);
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_GT(Count("ora_tail_open_failures_total"), 0u);
  EXPECT_EQ(Count("ora_tail_unreadable_files_total"), 0u);
}

}  // namespace
}  // namespace ora::collector
