// Lines that are classified through an index of their text, against the same lines each by itself,
// byte by byte: level, type, duration and what is remembered must be the same for every line.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/classify/line_classifier.h"
#include "collector/classify/log_accounts.h"
#include "tests/bench/lines/log_set.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

// What turns a line into another kind of line.
const std::array<const char*, 64> kParts = {" took 5ms",
                                            " in 1.5s ",
                                            " retry in 5s",
                                            "level=",
                                            "ERROR",
                                            "error:",
                                            "[error]",
                                            "<info>",
                                            "(warn)",
                                            "|ERROR|",
                                            " no error: ",
                                            "0 ERROR",
                                            "ValueError: x",
                                            "java.io.IOException",
                                            "Traceback (most recent call last):",
                                            "  File \"a\"",
                                            "panic: ",
                                            "goroutine 1 [running]:",
                                            "duration_ms=12",
                                            "elapsed: 3",
                                            "rt=0.5",
                                            "\"",
                                            "\\\"",
                                            "{",
                                            "}",
                                            "\"level\":",
                                            "\"duration_ms\":12.5,",
                                            "2026-11-23 05:45:09,123",
                                            "2026/11/23T05:45:09Z",
                                            "Nov 23 05:45:09 ",
                                            "<27>1 ",
                                            "E1123 05:45:09.123456 ",
                                            " ",
                                            "\t",
                                            " - ",
                                            "|",
                                            ":",
                                            "=",
                                            "WARN",
                                            "INFO ",
                                            "5\xC2\xB5s",
                                            "\xFF",
                                            "\r",
                                            "12:00:00.5",
                                            "+00:00",
                                            "informational",
                                            "=error",
                                            "level=error",
                                            "lvl=warn ",
                                            "error=0",
                                            "Error: none",
                                            "FATAL: null.",
                                            "no FATAL",
                                            "_ERROR",
                                            "ERROR_",
                                            "9ERROR",
                                            "/ERROR",
                                            "took 1m30.5s",
                                            "5 minutes elapsed",
                                            "took 5 ms_",
                                            "Caused by: ",
                                            "\"error\":{\"type\":\"X\"}",
                                            "prog[12]: ",
                                            "responseTimeMs=5"};

class LineMaker {
 public:
  explicit LineMaker(uint32_t seed)
      : chance_(seed), lines_(absl::StrSplit(bench::MakeLogSet(seed, 200'000), '\n')) {}

  std::string Next() {
    std::string line = chance_() % 8 == 0 ? std::string() : lines_[chance_() % lines_.size()];
    for (uint32_t changes = chance_() % 4; changes > 0; --changes) {
      const size_t at = chance_() % (line.size() + 1);
      if (chance_() % 3 == 0) {
        line.erase(at, 1 + chance_() % 8);
      } else if (chance_() % 3 == 0 && at < line.size()) {
        line[at] = "ae0 :=]\"\\\t(-_.sE"[chance_() % 16];
      } else {
        line.insert(at, kParts[chance_() % kParts.size()]);
      }
    }
    return line;
  }

  std::mt19937& chance() { return chance_; }

 private:
  std::mt19937 chance_;
  const std::vector<std::string> lines_;
};

std::string TextOf(const LineClass& line) {
  return absl::StrCat(LevelName(line.level), line.continuation ? " more" : "",
                      line.begins_trace ? " begin" : "", " type=", line.error_type,
                      " seconds=", line.response_seconds.value_or(-1));
}

TEST(IndexedLinesTest, AreClassifiedAsEachByItself) {
  for (const TextIndexWidth width : {TextIndexWidth::kPortable, TextIndexWidth::kSse2,
                                     TextIndexWidth::kAvx2, TextIndexWidth::kAvx512}) {
    if (!TextIndex::Supports(width)) continue;
    TextIndex index(width);
    LineMaker maker(static_cast<uint32_t>(width) + 11);
    LineClassifier indexed;
    LineClassifier plain;
    for (int block = 0; block < 60; ++block) {
      std::string text;
      while (text.size() < TextIndex::kBytesMax - 2'000) absl::StrAppend(&text, maker.Next(), "\n");
      index.Build(text);
      for (const absl::string_view line : absl::StrSplit(text, '\n')) {
        ASSERT_EQ(TextOf(indexed.Classify(line, &index)), TextOf(plain.Classify(line))) << line;
        ASSERT_EQ(indexed.trace(), plain.trace()) << line;
      }
    }
  }
}

std::map<std::string, double> Counted(LogAccounts& accounts) {
  RecordingSink sink;
  accounts.EmitTo(sink);
  return sink.values();
}

TEST(IndexedLinesTest, AreCountedAlikeHoweverTheyAreCutIntoBlocks) {
  LineMaker maker(5);
  std::vector<std::string> lines;
  for (int i = 0; i < 3'000; ++i) {
    lines.push_back(maker.Next());
    // Around what an index holds.
    if (i % 500 == 0) lines.back() += std::string(TextIndex::kBytesMax - 3 + i / 500, 'x');
  }
  LogAccounts one_by_one({});
  LogAccounts in_blocks({});
  for (LogAccounts* accounts : {&one_by_one, &in_blocks}) {
    accounts->OnLog(1, {"/a.log", "a", "application"}, LogOrigin::kFirstScan);
  }
  std::string block;
  for (const std::string& line : lines) {
    one_by_one.OnLines(1, line + "\n");
    absl::StrAppend(&block, line, "\n");
    if (maker.chance()() % 300 == 0) {
      in_blocks.OnLines(1, block);
      block.clear();
    }
  }
  block.pop_back();  // The last line may lack its end.
  in_blocks.OnLines(1, block);
  one_by_one.OnLines(1, "");
  auto want = Counted(one_by_one);
  auto got = Counted(in_blocks);
  const std::string bytes =
      "ora_log_appended_bytes_total{category=\"application\",component=\"a\",job=\"log\","
      "log=\"/a.log\"}";
  EXPECT_EQ(got[bytes] + 1, want[bytes]);
  got[bytes] = want[bytes];
  EXPECT_EQ(got, want);
}

}  // namespace
}  // namespace ora::collector
