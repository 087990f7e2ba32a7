// Rotated files that are compressed before, while and after they are read.
#include "absl/strings/match.h"
#include "tests/unit/collector/tail/compressed_text.h"
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Packing {
  std::string suffix;
  std::string (*pack)(absl::string_view) = nullptr;
};

class LogArchivesTest : public FollowerFixture, public ::testing::WithParamInterface<Packing> {
 protected:
  std::string Packed(absl::string_view name) { return absl::StrCat(name, GetParam().suffix); }

  // As gzip and zstd --rm do: writes the new file, then deletes the old one.
  void Compress(absl::string_view name) {
    WritePacked(name, Content(name));
    Delete(name);
  }
  void WritePacked(absl::string_view name, absl::string_view text) {
    Append(Packed(name), GetParam().pack(text));
  }
  std::string Content(absl::string_view name) {
    std::ifstream file(Path(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // Starts with one line read and committed, and stops.
  void RunOnce() {
    Append("app.log", "one\n");
    Start();
    PollAndCommit();
    Stop();
  }
};

TEST_P(LogArchivesTest, ReadsTheRestOfAFileThatWasCompressedWhileItWasDown) {
  RunOnce();
  Append("app.log", "two\n");
  Rename("app.log", "app.log.1");
  Append("app.log", "three\n");
  Compress("app.log.1");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
  PollAndCommit();
  Restart();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
}

TEST_P(LogArchivesTest, ReadsFilesThatCameAndWereCompressedWhileItWasDown) {
  RunOnce();
  Append("app.log", "two\n");
  Rename("app.log", "app.log.2");
  Compress("app.log.2");
  Append("app.log", "three\n");
  Rename("app.log", "app.log.1");
  Compress("app.log.1");
  Append("app.log", "four\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, DoesNotReadAgainWhatIsCompressedAfterItWasRead) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Rename("app.log", "app.log.1");
  Append("app.log", "two\n");
  PassLinger();
  Compress("app.log.1");
  PassLinger();
  Rename(Packed("app.log.1"), Packed("app.log.2"));
  PassLinger();
  PassLinger();
  Commit();
  Restart();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, DoesNotReadAgainWhatIsCompressedWhileItsHandleIsHeld) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Append("app.log", "two\n");
  Rename("app.log", "app.log.1");
  Append("app.log", "three\n");
  Compress("app.log.1");
  Poll();
  PassLinger();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, ReadsOnInAnArchiveThatTookTheRestOfATruncatedFile) {
  RunOnce();
  Append("app.log", "two\n");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Compress("app.log.1");
  Append("app.log", "three, which is longer than all\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree, which is longer than all\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, WaitsForAnArchiveThatIsStillWritten) {
  RunOnce();
  Append("app.log", "two\n");
  const std::string packed = GetParam().pack(Content("app.log"));
  Delete("app.log");
  Append("keeps.inode", "");
  Append("app.log", "three\n");
  Append(Packed("app.log.1"), packed.substr(0, packed.size() / 2));
  Start();
  Poll();
  PassTime(options_.discovery_interval);
  Append(Packed("app.log.1"), packed.substr(packed.size() / 2));
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\nthree\ntwo\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
  EXPECT_EQ(Count("ora_tail_damaged_archives_total"), 0u);
}

TEST_P(LogArchivesTest, DoesNotReadAnArchiveBesideItsSource) {
  RunOnce();
  Rename("app.log", "app.log.1");
  Append("app.log.1", "two\n");
  Append("app.log", "three\n");
  WritePacked("app.log.1", Content("app.log.1"));
  Start();
  Poll();
  PassLinger();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  Delete("app.log.1");
  PassLinger();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, ReadsACutArchiveAsFarAsItGoesAndCountsWhatItLacks) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&lines, "line ", i * 7919, "\n");
  Append("app.log", lines);
  Start();
  follower_->Poll(1000);
  Poll();
  Append("app.log", lines + lines);  // Seen, hence proven, but read no further than a block.
  follower_->Poll(1000);
  Commit();
  Stop();
  const uint64_t size = 3 * lines.size();
  const std::string packed = GetParam().pack(Content("app.log"));
  Delete("app.log");
  Append(Packed("app.log.1"), packed.substr(0, packed.size() * 3 / 4));
  Start();
  Poll();
  PassLinger();
  PassLinger();
  EXPECT_EQ(Count("ora_tail_damaged_archives_total"), 1u);
  const std::string whole = lines + lines + lines;
  const uint64_t got = Text("app.log").size();
  EXPECT_GT(got, lines.size());
  EXPECT_TRUE(absl::StartsWith(whole, Text("app.log")));
  EXPECT_THAT(Log("app.log").lost, ElementsAre(Pair("deleted", size - got)));
}

TEST_P(LogArchivesTest, CountsArchivesOfTheFirstStartAsRead) {
  WritePacked("app.log.1", "old\n");
  RunOnce();
  Start();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\n");
}

TEST_P(LogArchivesTest, ReadsAnArchiveThatTookTheInodeOfAnother) {
  RunOnce();
  WritePacked("app.log.2", "two\n");
  Start();
  PollAndCommit();
  Stop();
  // The same inode with other content: what comes when the oldest is deleted for a new one.
  std::ofstream(Path(Packed("app.log.2")), std::ios::trunc) << GetParam().pack("three, new\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree, new\n");
}

TEST_P(LogArchivesTest, GoesOnWithinAnArchiveAfterAKill) {
  RunOnce();
  std::string lines;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&lines, "line ", i, "\n");
  Append("app.log", lines);
  Rename("app.log", "app.log.1");
  Compress("app.log.1");
  Append("app.log", "last\n");
  Start();
  for (int i = 0; i < 2000 && Text("app.log").size() < lines.size() / 2; ++i) {
    follower_->Poll(10'000);
  }
  ASSERT_LT(Text("app.log").size(), lines.size());
  Commit();
  Restart();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n" + lines + "last\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, FollowsAnArchiveThatIsRenamedWhileItIsRead) {
  RunOnce();
  std::string lines;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&lines, "line ", i, "\n");
  Append("app.log", lines);
  Rename("app.log", "app.log.1");
  Compress("app.log.1");
  Start();
  for (int i = 0; i < 2000 && Text("app.log").size() < lines.size() / 2; ++i) {
    follower_->Poll(10'000);
  }
  Commit();
  Rename(Packed("app.log.1"), Packed("app.log.2"));
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\n" + lines);
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, TellsArchivesWithEqualHeadersApart) {
  const std::string header(400, '#');
  Append("app.log", header + "\none\n");
  Start();
  PollAndCommit();
  Stop();
  Append("app.log", "two\n");
  Rename("app.log", "app.log.2");
  Compress("app.log.2");
  Append("app.log", header + "\nother\nthree\n");
  Rename("app.log", "app.log.1");
  Compress("app.log.1");
  Append("app.log", header + "\nagain\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"),
            header + "\none\ntwo\n" + header + "\nother\nthree\n" + header + "\nagain\n");
  EXPECT_THAT(Log("app.log").lost, IsEmpty());
}

TEST_P(LogArchivesTest, LeavesOutArchivesThatAreExcluded) {
  Follow({"/*.log"}).add_exclude(Path("*" + GetParam().suffix));
  RunOnce();
  WritePacked("app.log.1", "never seen\n");
  Start();
  PassLinger();
  EXPECT_EQ(Text("app.log"), "one\n");
}

INSTANTIATE_TEST_SUITE_P(Formats, LogArchivesTest,
                         ::testing::Values(Packing{".gz", &GzipOf}, Packing{".zst", &ZstdOf}));

class UnknownArchiveTest : public FollowerFixture {};

TEST_F(UnknownArchiveTest, IsCountedOnceAndWhatItMayHoldIsLost) {
  Append("app.log", "one\npartial");
  Start();
  PollAndCommit();
  Stop();
  Delete("app.log");
  Append("keeps.inode", "");
  Append("app.log.1.xz",
         "\xfd"
         "7zXZ, say");
  Append("app.log", "two\n");
  Start();
  Poll();
  PassLinger();
  PassLinger();
  EXPECT_EQ(Count("ora_tail_unreadable_archives_total"), 1u);
  EXPECT_THAT(Log("app.log").lost, ElementsAre(Pair("deleted", 7)));
  EXPECT_EQ(Text("app.log"), "one\ntwo\n");
}

}  // namespace
}  // namespace ora::collector
