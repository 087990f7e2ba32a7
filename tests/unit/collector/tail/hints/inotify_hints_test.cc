#include "collector/tail/hints/inotify_hints.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class InotifyHintsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = absl::StrCat(::testing::TempDir(), "inotify_hints_",
                         ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    auto hints = MakeInotifyHints({.files_max = 2});
    ASSERT_EQ(hints.status(), absl::OkStatus());
    hints_ = *std::move(hints);
    Append("app.log", "one\n");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Path(absl::string_view name) { return absl::StrCat(root_, "/", name); }
  void Append(absl::string_view name, absl::string_view text) {
    std::ofstream(Path(name), std::ios::app) << text;
  }
  ChangeHints::Token Arm(absl::string_view name) {
    const auto token = hints_->Arm(Path(name));
    EXPECT_EQ(token.status(), absl::OkStatus());
    return token.value_or(0);
  }

  std::string root_;
  std::unique_ptr<ChangeHints> hints_;
};

TEST_F(InotifyHintsTest, FiresOnceAtAWrite) {
  const ChangeHints::Token token = Arm("app.log");
  EXPECT_EQ(hints_->armed(), 1u);
  EXPECT_THAT(hints_->Take().tokens, IsEmpty());
  Append("app.log", "two\n");
  Append("app.log", "three\n");
  EXPECT_THAT(hints_->Take().tokens, ElementsAre(token));
  EXPECT_EQ(hints_->armed(), 0u);
  Append("app.log", "four\n");
  EXPECT_THAT(hints_->Take().tokens, IsEmpty());
}

TEST_F(InotifyHintsTest, FiresAtARename) {
  const ChangeHints::Token token = Arm("app.log");
  std::filesystem::rename(Path("app.log"), Path("app.log.1"));
  EXPECT_THAT(hints_->Take().tokens, ElementsAre(token));
}

TEST_F(InotifyHintsTest, FiresAtADeletionThoughAHandleIsHeld) {
  const std::ifstream held(Path("app.log"));
  const ChangeHints::Token token = Arm("app.log");
  std::filesystem::remove(Path("app.log"));
  EXPECT_THAT(hints_->Take().tokens, ElementsAre(token));
}

TEST_F(InotifyHintsTest, FiresAtATruncation) {
  const ChangeHints::Token token = Arm("app.log");
  std::filesystem::resize_file(Path("app.log"), 0);
  EXPECT_THAT(hints_->Take().tokens, ElementsAre(token));
}

TEST_F(InotifyHintsTest, DoesNotFireWhatWasTakenBack) {
  hints_->Disarm(Arm("app.log"));
  Append("app.log", "two\n");
  EXPECT_THAT(hints_->Take().tokens, IsEmpty());
  EXPECT_EQ(hints_->armed(), 0u);
}

TEST_F(InotifyHintsTest, WatchesNoMoreFilesThanItsLimit) {
  for (const char* name : {"b.log", "c.log"}) Append(name, "");
  Arm("app.log");
  const ChangeHints::Token last = Arm("b.log");
  EXPECT_TRUE(absl::IsResourceExhausted(hints_->Arm(Path("c.log")).status()));
  hints_->Disarm(last);
  Arm("c.log");
}

TEST_F(InotifyHintsTest, RefusesWhatIsNotThereAndWhatIsNotOfThisHost) {
  EXPECT_FALSE(hints_->Arm(Path("none.log")).ok());
  EXPECT_TRUE(absl::IsUnavailable(hints_->Arm("/proc/self/stat").status()));
}

}  // namespace
}  // namespace ora::collector
