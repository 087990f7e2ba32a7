// Lines: unfinished, long, with other ends, in other encodings.
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

class LineSplittingTest : public FollowerFixture {
 protected:
  uint64_t Lines(absl::string_view name) { return Log(name).lines; }
  void Pause() { PassTime(options_.unfinished_line_timeout); }

  // In UTF-16, without a mark.
  static std::string Little(absl::string_view ascii) {
    std::string text;
    for (const char c : ascii) text += {c, '\0'};
    return text;
  }
  static std::string Big(absl::string_view ascii) {
    std::string text;
    for (const char c : ascii) text += {'\0', c};
    return text;
  }
};

TEST_F(LineSplittingTest, HandsOnAnUnfinishedLineAfterItsTimeAndJoinsTheRest) {
  Append("app.log", "one\ntw");
  Start();
  Poll();
  PassTime(options_.unfinished_line_timeout - absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\n");
  PassTime(absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\ntw");
  EXPECT_EQ(Lines("app.log"), 2u);
  Append("app.log", "o\nthree\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(Lines("app.log"), 3u);
  EXPECT_EQ(follower_->bytes_behind(), 0u);
}

TEST_F(LineSplittingTest, WaitsAnewWheneverTheUnfinishedLineGrows) {
  Append("app.log", "o");
  Start();
  Poll();
  PassTime(options_.unfinished_line_timeout / 2);
  Append("app.log", "n");
  Poll();
  PassTime(options_.unfinished_line_timeout / 2);
  EXPECT_EQ(Text("app.log"), "");
  PassTime(options_.unfinished_line_timeout / 2);
  EXPECT_EQ(Text("app.log"), "on");
}

TEST_F(LineSplittingTest, HandsOnAnUnfinishedLineWhereEveryPollLooksAtTheDirectory) {
  options_.discovery_interval = absl::ZeroDuration();
  Append("app.log", "on");
  Start();
  Poll();
  Pause();
  EXPECT_EQ(Text("app.log"), "on");
}

TEST_F(LineSplittingTest, JoinsTheRestAfterAKill) {
  Append("app.log", "tw");
  Start();
  Poll();
  Pause();
  Commit();
  Stop();
  Append("app.log", "o\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "two\n");
  EXPECT_EQ(Lines("app.log"), 1u);
}

TEST_F(LineSplittingTest, JoinsTheRestThatComesAfterARename) {
  Append("app.log", "tw");
  Start();
  Poll();
  Pause();
  Rename("app.log", "app.log.1");
  Append("app.log.1", "o\n");
  Append("app.log", "three\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "two\nthree\n");
  EXPECT_EQ(Lines("app.log"), 2u);
}

TEST_F(LineSplittingTest, HandsOnALineAtItsLimitWhole) {
  options_.line_bytes_max = 100;
  const std::string at_limit = std::string(99, 'a') + "\n";
  Append("app.log", at_limit);
  Start();
  Poll();
  EXPECT_EQ(Count("ora_tail_long_lines_total"), 0u);
  EXPECT_EQ(Text("app.log"), at_limit);
  EXPECT_EQ(Lines("app.log"), 1u);
}

TEST_F(LineSplittingTest, CutsALineOverItsLimitAndCountsItOnce) {
  options_.line_bytes_max = 100;
  const std::string over = std::string(100, 'b') + "\n";
  Append("app.log", over);
  Start();
  Poll();
  EXPECT_EQ(Count("ora_tail_long_lines_total"), 1u);
  EXPECT_EQ(Lines("app.log"), 1u);
  const std::string far_over = std::string(1000, 'c') + "\n";
  Append("app.log", far_over + "two\n");
  Poll();
  EXPECT_EQ(Count("ora_tail_long_lines_total"), 2u);
  EXPECT_EQ(Lines("app.log"), 3u);
  EXPECT_EQ(Text("app.log"), over + far_over + "two\n");
}

TEST_F(LineSplittingTest, ReadsALineOfAMebibyteWhole) {
  const std::string line = std::string((size_t{1} << 20) - 1, 'x') + "\n";
  Append("app.log", line + "two\n");
  Start();
  Poll();
  EXPECT_EQ(Count("ora_tail_long_lines_total"), 0u);
  EXPECT_EQ(Lines("app.log"), 2u);
  EXPECT_TRUE(Text("app.log") == line + "two\n");
}

TEST_F(LineSplittingTest, LeavesCarriageReturnsToTheirLines) {
  Append("app.log", "one\r\ntwo\r");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\r\n");
  Append("app.log", "\nthree\r\n");
  Poll();
  EXPECT_EQ(Text("app.log"), "one\r\ntwo\r\nthree\r\n");
  EXPECT_EQ(Lines("app.log"), 3u);
}

TEST_F(LineSplittingTest, HandsOnBytesThatAreNoText) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\xc3\n\xff\xfe\n";
  bytes += std::string(3, '\0') + "\n";
  Append("app.log", bytes);
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), bytes);
  EXPECT_EQ(Lines("app.log"), 4u);
}

TEST_F(LineSplittingTest, LeavesOutTheMarkOfUtf8) {
  Append("app.log", "\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbfkept\n");
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"), "{\"a\":1}\n\xef\xbb\xbfkept\n");
}

TEST_F(LineSplittingTest, TurnsUtf16IntoUtf8) {
  Append("little.log", "\xff\xfe" + Little("one\n") + std::string("\x3d\xd8\x00\xde", 4) +
                           std::string("\xe9\0", 2) + Little("\r\ntw"));
  Append("big.log", "\xfe\xff" + Big("one\n") + std::string("\xd8\x3d\xde\x00", 4) +
                        std::string("\0\xe9", 2) + Big("\r\ntw"));
  Start();
  PollAndCommit();
  for (const char* name : {"little.log", "big.log"}) {
    EXPECT_EQ(Text(name), "one\n\xf0\x9f\x98\x80\xc3\xa9\r\n") << name;
    EXPECT_EQ(Lines(name), 2u);
  }
  Restart();
  Append("little.log", Little("o\n"));
  Append("big.log", Big("o\n"));
  Poll();
  for (const char* name : {"little.log", "big.log"}) {
    EXPECT_EQ(Text(name), "one\n\xf0\x9f\x98\x80\xc3\xa9\r\ntwo\n") << name;
  }
}

TEST_F(LineSplittingTest, FindsLineEndsOfUtf16BetweenItsCharacters) {
  // U+0A00 and U+000A side by side: the byte of a line feed in both.
  Append("app.log", "\xff\xfe" + std::string("\x00\x0a\x61\x00\x0a\x00", 6));
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"),
            "\xe0\xa8\x80"
            "a\n");
  EXPECT_EQ(Lines("app.log"), 1u);
}

TEST_F(LineSplittingTest, PutsAMarkForWhatIsNoUtf16) {
  Append("app.log", "\xff\xfe" + std::string("\x3d\xd8\x61\x00\x00\xde\x0a\x00", 8));
  Start();
  Poll();
  EXPECT_EQ(Text("app.log"),
            "\xef\xbf\xbd"
            "a\xef\xbf\xbd\n");
}

TEST_F(LineSplittingTest, DoesNotCutCharactersOfUtf16) {
  options_.line_bytes_max = 12;
  std::string pairs;
  for (int i = 0; i < 20; ++i) pairs += std::string("\x3d\xd8\x00\xde", 4);
  Append("app.log", "\xff\xfe" + pairs + std::string("\x3d", 1));
  Start();
  Poll();
  Pause();
  Append("app.log", std::string("\xd8\x00\xde\x0a\x00", 5));
  Poll();
  std::string expected;
  for (int i = 0; i < 21; ++i) expected += "\xf0\x9f\x98\x80";
  EXPECT_EQ(Text("app.log"), expected + "\n");
  EXPECT_EQ(Lines("app.log"), 1u);
  EXPECT_EQ(Count("ora_tail_long_lines_total"), 1u);
}

TEST_F(LineSplittingTest, FollowsFilesWhoseNamesAreNoUtf8) {
  Append("caf\xe9.log", "one\n");
  Start();
  PollAndCommit();
  Append("caf\xe9.log", "two\n");
  Restart();
  Poll();
  EXPECT_EQ(Text("caf\xe9.log"), "one\ntwo\n");
}

}  // namespace
}  // namespace ora::collector
