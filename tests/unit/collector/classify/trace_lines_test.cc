#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/classify/error_types.h"
#include "collector/classify/line_classifier.h"

namespace ora::collector {
namespace {

// Each line of a text as a word: `begin`, `more` or its level, and the error's type.
std::vector<std::string> Shape(absl::string_view text) {
  LineClassifier classifier;
  std::vector<std::string> shape;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // A new object each time: what it remembers is what trace() tells.
    classifier = LineClassifier(classifier.trace());
    const LineClass result = classifier.Classify(line);
    shape.push_back(absl::StrCat(result.begins_trace   ? "begin"
                                 : result.continuation ? "more"
                                                       : LevelName(result.level),
                                 result.error_type.empty() ? "" : " ", result.error_type));
  }
  return shape;
}

using Lines = std::vector<std::string>;

TEST(TraceLinesTest, PythonEndsWithTheLineThatNamesTheException) {
  EXPECT_EQ(Shape("2024-01-01 12:00:00,123 - app - ERROR - failed\n"
                  "Traceback (most recent call last):\n"
                  "  File \"a.py\", line 1, in <module>\n"
                  "    run()\n"
                  "app.errors.Gone: it is\n"
                  "plain text"),
            (Lines{"error", "begin", "more", "more", "more app.errors.Gone", "unknown"}));
}

TEST(TraceLinesTest, PythonChainIsOneTrace) {
  EXPECT_EQ(Shape("Traceback (most recent call last):\n"
                  "  File \"a.py\", line 1, in <module>\n"
                  "KeyError: 'a'\n"
                  "\n"
                  "During handling of the above exception, another exception occurred:\n"
                  "\n"
                  "Traceback (most recent call last):\n"
                  "  File \"a.py\", line 3, in <module>\n"
                  "ValueError: b\n"
                  "Traceback (most recent call last):"),
            (Lines{"begin", "more", "more KeyError", "more", "more", "more", "more", "more",
                   "more ValueError", "begin"}));
}

TEST(TraceLinesTest, JavaGoesOnWithItsCauses) {
  EXPECT_EQ(Shape("java.lang.IllegalStateException: no\n"
                  "\tat a.B.c(B.java:1)\n"
                  "Caused by: java.lang.NullPointerException: x\n"
                  "\t... 12 more\n"
                  "2024-01-01 12:00:00.123 [main] INFO c.a.B - on"),
            (Lines{"begin java.lang.IllegalStateException", "more",
                   "more java.lang.NullPointerException", "more", "info"}));
}

TEST(TraceLinesTest, JavaThreadsTellTheirException) {
  EXPECT_EQ(Shape("Exception in thread \"main\" java.lang.Error$Inner: x\n\tat a.B.c(B.java:1)"),
            (Lines{"begin java.lang.Error$Inner", "more"}));
}

TEST(TraceLinesTest, GoDumpsAreOneTrace) {
  EXPECT_EQ(Shape("panic: runtime error: index out of range\n"
                  "\n"
                  "goroutine 1 [running]:\n"
                  "main.main()\n"
                  "\t/src/main.go:5 +0x1d\n"
                  "exit status 2\n"
                  "2024/01/01 12:00:00 started"),
            (Lines{"begin panic", "more", "more", "more", "more", "more", "unknown"}));
}

TEST(TraceLinesTest, NodeFramesAreIndented) {
  EXPECT_EQ(Shape("TypeError: x is not a function\n    at Object.<anonymous> (/a.js:1:1)\nnext"),
            (Lines{"begin TypeError", "more", "unknown"}));
}

TEST(TraceLinesTest, RubyNamesTheClassAtTheEnd) {
  EXPECT_EQ(Shape("app.rb:3:in `work': no (RuntimeError)\n\tfrom app.rb:7:in `<main>'"),
            (Lines{"begin RuntimeError", "more"}));
}

TEST(TraceLinesTest, RustPanicsOldAndNew) {
  EXPECT_EQ(Shape("thread 'main' panicked at 'no', src/main.rs:2:5\n"
                  "note: run with `RUST_BACKTRACE=1`\nnext"),
            (Lines{"begin panic", "more", "unknown"}));
  EXPECT_EQ(
      Shape("thread 'main' panicked at src/main.rs:2:5:\nno\nstack backtrace:\n   0: a\nnext"),
      (Lines{"begin panic", "more", "more", "more", "unknown"}));
}

TEST(TraceLinesTest, CppTellsTheType) {
  EXPECT_EQ(Shape("terminate called after throwing an instance of 'std::runtime_error'\n"
                  "  what():  no"),
            (Lines{"begin std::runtime_error", "more"}));
}

TEST(TraceLinesTest, IndentedLinesGoOnWithTheLineBefore) {
  EXPECT_EQ(Shape("settings:\n  a: 1\n\n  ERROR bad"),
            (Lines{"unknown", "more", "unknown", "error"}));
}

TEST(ErrorTypesTest, AreCutAtTheirLimit) {
  const std::string longest = std::string(kErrorTypeBytesMax - 5, 'a') + "Error";
  EXPECT_EQ(LeadingErrorType(longest + ": x"), longest);
  EXPECT_EQ(LeadingErrorType("a" + longest + ": x"), "");
  EXPECT_EQ(TypePrefix("a" + longest).size(), kErrorTypeBytesMax);
}

TEST(ErrorTypesTest, BareWordsAreNone) {
  EXPECT_EQ(FindErrorType("Error: Exception in it"), "");
  EXPECT_EQ(LeadingErrorType("Error: x"), "");
  EXPECT_EQ(FindErrorType("got a <b>KeyError</b>"), "KeyError");
  EXPECT_EQ(FindErrorType("a.b.C$DException."), "a.b.C$DException");
}

}  // namespace
}  // namespace ora::collector
