// Which files are followed, and as what.
#include <sys/stat.h>

#include <limits>

#include "tests/fakes/memory_file_system.h"
#include "tests/unit/collector/tail/follower_fixture.h"

namespace ora::collector {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

constexpr int kForEver = std::numeric_limits<int>::max();

class LogFollowerConfigTest : public FollowerFixture {
 protected:
  void MakeDirectory(absl::string_view name) { std::filesystem::create_directories(Path(name)); }
  void Link(absl::string_view target, absl::string_view name) {
    std::filesystem::create_symlink(Path(target), Path(name));
  }
};

TEST_F(LogFollowerConfigTest, CountsBackupsOfTheFirstStartAsRead) {
  Append("app.log.1", "old\n");
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_EQ(Log("app.log").files.files, 2u);
  EXPECT_EQ(Log("app.log").files.storage_bytes, 8u);
  EXPECT_EQ(Log("app.log").files.size_bytes, 4u);
  Restart();
  Poll();
  EXPECT_EQ(Text("app.log"), "one\n");
}

TEST_F(LogFollowerConfigTest, BeginsAtTheEndWhereToldTo) {
  Follow({"/*.log"}).set_start(config::v1::START_POSITION_END);
  Append("app.log", "one\n");
  Start();
  Poll();
  Append("app.log", "two\n");
  Append("new.log", "three\n");
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "two\n");
  EXPECT_EQ(Text("new.log"), "three\n");
}

TEST_F(LogFollowerConfigTest, FindsANewFileAtTheNextDiscovery) {
  Start();
  Poll();
  Append("app.log", "one\n");
  PassTime(options_.discovery_interval - absl::Milliseconds(1));
  EXPECT_EQ(follower_->files_followed(), 0u);
  PassTime(absl::Milliseconds(1));
  EXPECT_EQ(Text("app.log"), "one\n");
  EXPECT_EQ(Log("app.log").origin, LogOrigin::kAppeared);
}

TEST_F(LogFollowerConfigTest, WalksDirectories) {
  Follow({"/**/*.log"});
  MakeDirectory("x/y");
  MakeDirectory("elsewhere");
  Append("a.log", "a\n");
  Append("x/b.log", "b\n");
  Append("x/y/c.log", "c\n");
  Append("x/y/c.txt", "no\n");
  Link("x", "z");  // Not walked: its files are found under x.
  Start();
  Poll();
  EXPECT_THAT(sink_.logs(), UnorderedElementsAre(Key(Path("a.log")), Key(Path("x/b.log")),
                                                 Key(Path("x/y/c.log"))));
}

TEST_F(LogFollowerConfigTest, FollowsALinkThatLeadsElsewhereOnce) {
  Follow({"/logs/*.log"});
  MakeDirectory("logs");
  Append("real.txt", "one\n");
  Append("logs/app.log", "two\n");
  Link("real.txt", "logs/link.log");
  Link("logs/app.log", "logs/again.log");
  Start();
  Poll();
  EXPECT_EQ(Text("logs/link.log"), "one\n");
  EXPECT_EQ(Text("logs/app.log"), "two\n");
  EXPECT_THAT(sink_.logs(),
              UnorderedElementsAre(Key(Path("logs/link.log")), Key(Path("logs/app.log"))));
}

TEST_F(LogFollowerConfigTest, IgnoresWhatIsNoFile) {
  MakeDirectory("directory.log");
  ASSERT_EQ(mkfifo(Path("fifo.log").c_str(), 0600), 0);
  Start();
  Poll();
  EXPECT_THAT(sink_.logs(), IsEmpty());
}

TEST_F(LogFollowerConfigTest, CountsAFileThatItMayNotReadOnceAndTriesAgain) {
  fakes::MemoryFileSystem files;
  files_ = &files;
  ASSERT_EQ(files.CreateDirectories(root_), absl::OkStatus());
  ASSERT_EQ(files.ReplaceWhole(Path("app.log"), "one\n"), absl::OkStatus());
  // Root may read every real file, so the refusal is made.
  files.Fail(fakes::MemoryFileSystem::Operation::kOpen, kForEver,
             absl::PermissionDeniedError("open: permission denied"));
  Start();
  Poll();
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Count("ora_tail_unreadable_files_total"), 1u);
  EXPECT_EQ(Text("app.log"), "");
  files.Fail(fakes::MemoryFileSystem::Operation::kOpen, 0, absl::OkStatus());
  PassTime(options_.discovery_interval);
  EXPECT_EQ(Text("app.log"), "one\n");
  Stop();
}

TEST_F(LogFollowerConfigTest, NamesComponentAndCategory) {
  Follow({"/*.log"});
  Append("app_stdout.log", "");
  Append("web.log", "");
  Start();
  Poll();
  EXPECT_EQ(Log("app_stdout.log").description.component, "app");
  EXPECT_EQ(Log("app_stdout.log").description.category, "process");
  EXPECT_EQ(Log("web.log").description.component, "web");
  EXPECT_EQ(Log("web.log").description.category, "application");
}

TEST_F(LogFollowerConfigTest, TakesTheComponentFromThePath) {
  config::v1::LogSource& source = Follow({"/**/*.log"});
  source.set_component("$1-$2");
  source.set_component_regex("/([a-z]+)/([a-z]+)\\.log$");
  source.set_category(config::v1::LOG_CATEGORY_SYSTEM);
  MakeDirectory("shop");
  Append("shop/web.log", "");
  Append("shop/web8.log", "");
  Start();
  Poll();
  EXPECT_EQ(Log("shop/web.log").description.component, "shop-web");
  EXPECT_EQ(Log("shop/web.log").description.category, "system");
  EXPECT_EQ(Log("shop/web8.log").description.component, "web8");
}

TEST_F(LogFollowerConfigTest, LeavesOutWhatIsExcluded) {
  Follow({"/*.log"}).add_exclude(Path("secret*"));
  Append("app.log", "one\n");
  Append("secret.log", "no\n");
  Start();
  Poll();
  EXPECT_THAT(sink_.logs(), UnorderedElementsAre(Key(Path("app.log"))));
}

TEST_F(LogFollowerConfigTest, ForgetsALogThatIsConfiguredNoMore) {
  Append("app.log", "one\n");
  Start();
  PollAndCommit();
  Follow({"/*.txt"});
  Restart();
  PollAndCommit();
  EXPECT_THAT(state_, IsEmpty());
}

TEST_F(LogFollowerConfigTest, FollowsNoMoreLogsThanItsLimit) {
  options_.files_max = 2;
  for (const char* name : {"a.log", "b.log", "c.log"}) Append(name, "x\n");
  Start();
  Poll();
  EXPECT_EQ(follower_->files_followed(), 2u);
}

TEST_F(LogFollowerConfigTest, RefusesBadPatternsByTheirPlace) {
  Follow({"/*.log", "/[a"});
  absl::Status status = TryStart();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("logs[0].include[1]"));
  Follow({"/*.log"}).set_component_regex("(");
  status = TryStart();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("logs[0].component_regex"));
}

}  // namespace
}  // namespace ora::collector
