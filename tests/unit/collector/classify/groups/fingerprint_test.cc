#include "collector/classify/groups/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/classify/groups/stack_frames.h"

namespace ora::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ApplicationFramesTest, PythonWithoutLibrariesAndLines) {
  EXPECT_THAT(
      ApplicationFrames("Traceback (most recent call last):\n"
                        "  File \"/srv/shop/2026-11-20/run.py\", line 88, in <module>\n"
                        "    main()\n"
                        "  File \"/usr/lib/python3/dist-packages/flask/app.py\", line 2, in call\n"
                        "  File \"/srv/shop/2026-11-20/shop/orders.py\", line 41, in place\n"
                        "ValueError: x\n"),
      ElementsAre("2026-11-20/run.py <module>", "shop/orders.py place"));
}

TEST(ApplicationFramesTest, JavaWithoutNumbersOfLambdas) {
  EXPECT_THAT(ApplicationFrames("java.io.IOException: x\n"
                                "\tat org.example.shop.Orders.lambda$load$12(Orders.java:120)\n"
                                "\tat org.example.shop.Orders.load(Orders.java:44)\n"
                                "\tat java.base/java.lang.Thread.run(Thread.java:833)\n"
                                "\tat org.springframework.web.Filter.run(Filter.java:9)\n"),
              ElementsAre("org.example.shop.Orders.lambda$load$#", "org.example.shop.Orders.load"));
}

TEST(ApplicationFramesTest, Node) {
  EXPECT_THAT(ApplicationFrames("TypeError: x\n"
                                "    at price (/srv/shop/lib/orders.js:41:11)\n"
                                "    at /srv/shop/run.js:3:1\n"
                                "    at next (/srv/shop/node_modules/express/lib/route.js:1:2)\n"
                                "    at run (node:internal/process/task_queues:95:5) {\n"),
              ElementsAre("price lib/orders.js", "shop/run.js"));
}

TEST(ApplicationFramesTest, Go) {
  EXPECT_THAT(ApplicationFrames("goroutine 17 [running]:\n"
                                "runtime.gopanic({0x6c, 0x12})\n"
                                "\t/usr/local/go/src/runtime/panic.go:884 +0x212\n"
                                "example.org/shop/orders.(*Store).Load(0x0, {0xc0000141e0, 0x7})\n"
                                "\t/srv/shop/orders/store.go:58 +0x2a\n"
                                "net/http.(*conn).serve(0xc0)\n"
                                "main.main.func1()\n"
                                "created by main.main in goroutine 1\n"),
              ElementsAre("example.org/shop/orders.(*Store).Load", "main.main.func#"));
}

TEST(ApplicationFramesTest, Rust) {
  EXPECT_THAT(ApplicationFrames("stack backtrace:\n"
                                "   0: rust_begin_unwind\n"
                                "   1: core::panicking::panic_fmt\n"
                                "   2: shop::orders::load::h0123456789abcdef\n"
                                "             at ./src/orders.rs:88:14\n"
                                "   3: shop::main\n"),
              testing::Contains("shop::orders::load"));
}

TEST(ApplicationFramesTest, Ruby) {
  EXPECT_THAT(ApplicationFrames("/srv/shop/lib/orders.rb:12:in `price': divided by 0 (E)\n"
                                "\tfrom /var/gems/rack-2/lib/rack.rb:30:in `call'\n"
                                "\tfrom /srv/shop/run.rb:4:in '<main>'\n"),
              ElementsAre("lib/orders.rb price", "shop/run.rb <main>"));
}

TEST(ApplicationFramesTest, Cpp) {
  EXPECT_THAT(ApplicationFrames("    #0 0x55d2e9 in shop::Store::Load() store.cc:58\n"
                                "    #1 0x55d2ea in main main.cc:12\n"
                                "    #2 0x7f01 in __libc_start_main (/lib/libc.so.6+0x2)\n"),
              ElementsAre("shop::Store::Load()", "main"));
}

TEST(ApplicationFramesTest, LibrariesAreTakenIfThereIsNothingElse) {
  EXPECT_THAT(ApplicationFrames("\tat java.lang.Thread.run(Thread.java:833)\n"),
              ElementsAre("java.lang.Thread.run"));
}

TEST(ApplicationFramesTest, TheInnermostAreKept) {
  std::string java, python;
  for (int i = 0; i < 20; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    absl::StrAppend(&java, "\tat org.example.X.", name, "(X.java:1)\n");
    absl::StrAppend(&python, "  File \"/x.py\", line 1, in ", name, "\n");
  }
  const std::vector<std::string> from_java = ApplicationFrames(java);
  ASSERT_EQ(from_java.size(), kFramesMax);
  EXPECT_EQ(from_java[0], "org.example.X.a");
  const std::vector<std::string> from_python = ApplicationFrames(python);
  ASSERT_EQ(from_python.size(), kFramesMax);
  EXPECT_EQ(from_python.back(), "/x.py t");
}

TEST(ApplicationFramesTest, TextHasNone) {
  EXPECT_THAT(ApplicationFrames("order 7 failed\n  see the manual\n#1 priority\n"), IsEmpty());
}

constexpr char kTrace[] =
    "\tat org.example.shop.Orders.load(Orders.java:120)\n"
    "\tat java.base/java.lang.Thread.run(Thread.java:833)\n";
constexpr char kTraceOfNextBuild[] =
    "\tat org.example.shop.Orders.load(Orders.java:123)\n"
    "\tat java.base/java.lang.Thread.runWith(Thread.java:1596)\n"
    "\tat java.base/java.lang.Thread.run(Thread.java:1583)\n";

TEST(FingerprintTest, IsOfTypeAndFramesWhateverTheMessage) {
  const std::string print = FingerprintOf({"a.E", "order 7 failed", kTrace});
  EXPECT_EQ(FingerprintOf({"a.E", "something else", kTraceOfNextBuild}), print);
  EXPECT_NE(FingerprintOf({"a.F", "order 7 failed", kTrace}), print);
  EXPECT_NE(FingerprintOf({"a.E", "order 7 failed", "\tat org.example.shop.B.c(B.java:1)\n"}),
            print);
}

TEST(FingerprintTest, IsOfTheMaskedMessageWithoutFrames) {
  const std::string print = FingerprintOf({"", "order 7 of 'bob' failed", ""});
  EXPECT_EQ(FingerprintOf({"", "order 8 of 'eve' failed", "no frames here\n"}), print);
  EXPECT_NE(FingerprintOf({"", "orders 8 of 'eve' failed", ""}), print);
  EXPECT_NE(FingerprintOf({"E", "order 8 of 'eve' failed", ""}), print);
}

// Groups outlive releases: if one of these changes, kFingerprintVersion must too.
TEST(FingerprintTest, StaysTheSameForEver) {
  EXPECT_EQ(kFingerprintVersion, 1);
  EXPECT_EQ(FingerprintOf({"a.E", "order 7 failed", kTrace}), "1-e01ce95ef0116de6");
  EXPECT_EQ(FingerprintOf({"a.E", "order 7 failed", ""}), "1-32c3c76e2df0cbcd");
}

TEST(TitleTest, IsTypeAndMaskedMessage) {
  EXPECT_EQ(TitleOf({"KeyError", "'order-7'", ""}), "KeyError: <s>");
  EXPECT_EQ(TitleOf({"", "order 7 failed", ""}), "error: order <n> failed");
  EXPECT_EQ(TitleOf({"E", std::string(300, 'x'), ""}).size(), 200u);
}

}  // namespace
}  // namespace ora::collector
