// Who a file is: inodes that come again, equal contents, links, names that move, and what is no
// file.
#include <sys/stat.h>

#include "tests/unit/collector/tail/compressed_text.h"
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LogIdentityTest : public FollowerFixture {
 protected:
  uint64_t Inode(absl::string_view name) {
    struct stat status {};
    EXPECT_EQ(stat(Path(name).c_str(), &status), 0);
    return status.st_ino;
  }
  // A new file of that name in the inode `wanted`, as far as the file system can be brought to it.
  void AppendInInode(absl::string_view name, uint64_t wanted, absl::string_view text) {
    constexpr int kTries = 200;
    for (int i = 0; i < kTries; ++i) {
      const std::string trial = absl::StrCat("trial.", i);
      Append(trial, text);
      if (Inode(trial) == wanted || i + 1 == kTries) {
        Rename(trial, name);
        break;
      }
    }
    for (int i = 0; i < kTries; ++i) Delete(absl::StrCat("trial.", i));
  }
  void Symlink(absl::string_view target, absl::string_view name) {
    std::filesystem::create_symlink(std::string(target), Path(name));
  }
  // As ln -sfn does: at once.
  void Retarget(absl::string_view name, absl::string_view target) {
    std::filesystem::create_symlink(std::string(target), Path("link.new"));
    Rename("link.new", name);
  }
  void HardLink(absl::string_view from, absl::string_view to) {
    std::filesystem::create_hard_link(Path(from), Path(to));
  }
  void MakeDirectory(absl::string_view name) { std::filesystem::create_directories(Path(name)); }
  std::string AllText() {
    std::string text;
    for (const auto& [path, log] : sink_.logs()) text += log.text;
    return text;
  }
};

TEST_F(LogIdentityTest, ReadsANewFileInTheInodeOfADeletedOneWhileItWasDown) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  const uint64_t inode = Inode("app.log");
  Delete("app.log");
  AppendInInode("app.log", inode, "two, which is longer than one\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo, which is longer than one\n");
}

TEST_F(LogIdentityTest, ReadsANewFileInTheInodeOfADeletedBackup) {
  Append("app.log.1", "old\n");
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  PassLinger();
  const uint64_t inode = Inode("app.log.1");
  Delete("app.log.1");
  Rename("app.log", "app.log.1");
  AppendInInode("app.log", inode, "two\n");
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogIdentityTest, TellsAFileThatWasCutAndGrewPastItsOldSizeWithTheSameHeader) {
  const std::string header = std::string(400, '#') + "\n";
  Append("app.log", header + "one\n");
  Start();
  PollAndCommit();
  Truncate("app.log");
  Append("app.log", header + "two\nthree\n");
  Poll();
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), header + "one\n" + header + "two\nthree\n");
}

TEST_F(LogIdentityTest, TellsFilesWithEqualHeadersApartThroughRenameAndCopy) {
  const std::string header = std::string(400, '#') + "\n";
  Append("app.log", header + "one\n");
  Start();
  PollAndCommit();
  Rename("app.log", "app.log.1");
  Append("app.log.1", "two\n");
  Append("app.log", header + "three\n");
  PollAndCommit();
  Stop();
  Rename("app.log.1", "app.log.2");
  Append("app.log", "four\n");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", header + "five, longer than three and four together\n");
  Start();
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), header + "one\ntwo\n" + header + "three\nfour\n" + header +
                                 "five, longer than three and four together\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogIdentityTest, TellsTwoLogsWithEqualHeadersApart) {
  const std::string header = std::string(400, '#') + "\n";
  Append("a.log", header + "one\n");
  Append("b.log", header + "two\n");
  Start();
  PollAndCommit();
  Restart();
  Append("a.log", "three\n");
  Append("b.log", "four\n");
  Poll();
  EXPECT_EQ(Text("a.log"), header + "one\nthree\n");
  EXPECT_EQ(Text("b.log"), header + "two\nfour\n");
}

TEST_F(LogIdentityTest, FollowsFilesShorterThanTheirPrintThroughEveryRotation) {
  Append("app.log", "1\n");
  Start();
  PollAndCommit();
  Rename("app.log", "app.log.1");
  Append("app.log", "2\n");
  Poll();
  Append("app.log", "3\n");
  Rename("app.log.1", "app.log.2");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "4\n");
  PollAndCommit();
  Stop();
  Append("app.log", "5\n");
  Rename("app.log", "app.log.0");
  Append("app.log", "6\n");
  Start();
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "1\n2\n3\n4\n5\n6\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogIdentityTest, GrowsThePrintWithTheFile) {
  Append("app.log", "1");
  Start();
  PollAndCommit();
  Append("app.log", " and the rest of a line\n");
  PollAndCommit();
  Stop();
  Truncate("app.log");
  Append("app.log", "1 and another end of the line\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "1 and the rest of a line\n1 and another end of the line\n");
}

TEST_F(LogIdentityTest, CountsAFileOfTwoHardLinksOnce) {
  Append("a.log", "one\n");
  HardLink("a.log", "b.log");
  Start();
  Poll();
  Append("b.log", "two\n");
  Poll();
  PassTime(options_.discovery_interval);
  PassTime(options_.discovery_interval);
  EXPECT_EQ(AllText(), "one\ntwo\n");
  EXPECT_THAT(sink_.logs(), SizeIs(1));
}

TEST_F(LogIdentityTest, GoesOnInTheOtherHardLinkWhenOneIsDeleted) {
  Append("a.log", "one\n");
  HardLink("a.log", "b.log");
  Start();
  PollAndCommit();
  Delete("a.log");
  Append("b.log", "two\n");
  Poll();
  PassLinger();
  Append("b.log", "three\n");
  PassLinger();
  EXPECT_EQ(AllText(), "one\ntwo\nthree\n");
  Commit();
  Stop();
  Append("b.log", "four\n");
  Start();
  Poll();
  PassLinger();
  EXPECT_EQ(AllText(), "one\ntwo\nthree\nfour\n");
}

TEST_F(LogIdentityTest, FollowsAChainOfSymlinks) {
  Follow({"/logs/*.log"});
  MakeDirectory("logs");
  MakeDirectory("data");
  Append("data/real.txt", "one\n");
  Symlink("real.txt", "data/middle");
  Symlink("../data/middle", "logs/app.log");
  Start();
  PollAndCommit();
  Append("data/real.txt", "two\n");
  Poll();
  EXPECT_EQ(Text("logs/app.log"), "one\ntwo\n");
}

TEST_F(LogIdentityTest, DoesNotFollowALoopOfSymlinks) {
  Symlink("b.log", "a.log");
  Symlink("a.log", "b.log");
  Start();
  Poll();
  EXPECT_THAT(sink_.logs(), IsEmpty());
}

TEST_F(LogIdentityTest, ReadsTheRestOfWhatASymlinkLedToBefore) {
  Append("first.txt", "one\n");
  Symlink("first.txt", "app.log");
  Start();
  PollAndCommit();
  Append("first.txt", "two\n");
  Append("second.txt", "three\n");
  Retarget("app.log", "second.txt");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogIdentityTest, ReadsTheRestOfWhatASymlinkLedToBeforeItWasDown) {
  Append("first.txt", "one\n");
  Symlink("first.txt", "app.log");
  Start();
  PollAndCommit();
  Stop();
  Append("first.txt", "two\n");
  Append("second.txt", "three\n");
  Retarget("app.log", "second.txt");
  Start();
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogIdentityTest, FindsTheRotatedFileBesideTheTargetOfASymlink) {
  Follow({"/logs/*.log"});
  MakeDirectory("logs");
  MakeDirectory("data");
  Append("data/app.log", "one\n");
  Symlink("../data/app.log", "logs/app.log");
  Start();
  PollAndCommit();
  Stop();
  Append("data/app.log", "two\n");
  Rename("data/app.log", "data/app.log.1");
  Append("data/app.log", "three\n");
  Start();
  Poll();
  PassLinger();
  EXPECT_EQ(Text("logs/app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("logs/app.log").lost, IsEmpty());
}

// As logging libraries roll: the backup's name is one that the globs take for a log of its own.
TEST_F(LogIdentityTest, DoesNotCountAgainAFileThatIsRenamedToAnotherLogsName) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Rename("app.log", "app-1.log");
  Append("app.log", "three\n");
  Poll();
  PassLinger();
  Rename("app-1.log", "app-2.log");
  Rename("app.log", "app-1.log");
  Append("app.log", "four\n");
  PassLinger();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(sink_.logs(), UnorderedElementsAre(Key(Path("app.log"))));
  EXPECT_EQ(Log("app.log").files.files, 3u);
}

TEST_F(LogIdentityTest, DoesNotCountAgainAFileThatWasRenamedToAnotherLogsNameWhileItWasDown) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Stop();
  Append("app.log", "two\n");
  Rename("app.log", "app-20261123-01.log");
  Append("app.log", "three\n");
  Start();
  Poll();
  PassLinger();
  Commit();
  Restart();
  Append("app-20261123-01.log", "late\n");
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nlate\n");
  EXPECT_THAT(sink_.logs(), UnorderedElementsAre(Key(Path("app.log"))));
}

TEST_F(LogIdentityTest, DoesNotCountAgainWhenLogsThatWereThereAreRenamedOverEachOther) {
  Append("app.log", "new\n");
  Append("app-1.log", "older\n");
  Append("app-2.log", "oldest\n");
  Start();
  PollAndCommit();
  Append("app.log", "rest\n");
  Delete("app-2.log");
  Rename("app-1.log", "app-2.log");
  Rename("app.log", "app-1.log");
  Append("app.log", "fresh\n");
  Poll();
  PassLinger();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "new\nrest\nfresh\n");
  EXPECT_EQ(Text("app-1.log"), "older\n");
  EXPECT_EQ(Text("app-2.log"), "oldest\n");
}

TEST_F(LogIdentityTest, ReadsTheRestOfAFileThatWasRenamedToAnotherLogsNameAndCompressed) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Rename("app.log", "app-1.log");
  Append("app.log", "three\n");
  PassTime(options_.discovery_interval);
  Commit();
  Append("app-1.log", "four\n");
  Stop();
  Append("app-1.log.gz", GzipOf("one\ntwo\nfour\n"));
  Delete("app-1.log");
  Start();
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_F(LogIdentityTest, ReadsTheRestOfAFileThatAFifoReplaces) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Delete("app.log");
  ASSERT_EQ(mkfifo(Path("app.log").c_str(), 0600), 0);
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
  Delete("app.log");
  Append("app.log", "three\n");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
}

TEST_F(LogIdentityTest, ReadsTheRestOfAFileThatADirectoryReplaces) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Delete("app.log");
  MakeDirectory("app.log");
  Poll();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
}

}  // namespace
}  // namespace ora::collector
