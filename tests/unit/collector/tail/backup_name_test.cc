#include "collector/tail/backup_name.h"

#include <gtest/gtest.h>

#include <string>

namespace ora::collector {
namespace {

using Kind = BackupRank::Kind;

struct NameCase {
  std::string name;
  std::string base;
  Kind kind = Kind::kBase;
  bool compressed = false;
};

class BackupNameTest : public ::testing::TestWithParam<NameCase> {};

TEST_P(BackupNameTest, BelongsToItsLog) {
  const BackupName parsed = ParseBackupName(GetParam().name);
  EXPECT_EQ(parsed.base, GetParam().base);
  EXPECT_EQ(parsed.rank.kind, GetParam().kind);
  EXPECT_EQ(parsed.compressed, GetParam().compressed);
}

INSTANTIATE_TEST_SUITE_P(
    Names, BackupNameTest,
    ::testing::Values(NameCase{"app.log", "app.log"}, NameCase{"syslog", "syslog"},
                      NameCase{"app.log.1", "app.log", Kind::kNumbered},
                      NameCase{"app.log.12", "app.log", Kind::kNumbered},
                      NameCase{"app.log.2.gz", "app.log", Kind::kNumbered, true},
                      NameCase{"app.log.2.zst", "app.log", Kind::kNumbered, true},
                      NameCase{"app.log.2.xz", "app.log", Kind::kNumbered, true},
                      NameCase{"app.log.2.bz2", "app.log", Kind::kNumbered, true},
                      NameCase{"app.log.gz", "app.log", Kind::kOther, true},
                      NameCase{"app.log.old", "app.log", Kind::kOther},
                      NameCase{"app.log-20261123", "app.log", Kind::kDated},
                      NameCase{"app.log-20261123.gz", "app.log", Kind::kDated, true},
                      NameCase{"app.log-20261123120000", "app.log", Kind::kDated},
                      NameCase{"app.log-20261123-2", "app.log", Kind::kDated},
                      NameCase{"app.log-20261123-120000", "app.log", Kind::kDated},
                      NameCase{"app.log.2026-11-23", "app.log", Kind::kDated},
                      NameCase{"app.log.20261123", "app.log", Kind::kDated},
                      NameCase{"syslog.1", "syslog", Kind::kNumbered},
                      NameCase{"app-8080.log", "app-8080.log"},
                      NameCase{"app.log-99999999", "app.log-99999999"}, NameCase{".1", ".1"},
                      NameCase{".gz", ".gz"}));

TEST(BackupRankTest, KnowsWhichIsOlder) {
  const auto older = [](absl::string_view a, absl::string_view b) {
    return ParseBackupName(a).rank.OlderThan(ParseBackupName(b).rank);
  };
  EXPECT_TRUE(older("a.log.2", "a.log.1"));
  EXPECT_FALSE(older("a.log.1", "a.log.2"));
  EXPECT_TRUE(older("a.log.10", "a.log.9"));
  EXPECT_TRUE(older("a.log.1", "a.log"));
  EXPECT_FALSE(older("a.log", "a.log.1"));
  EXPECT_TRUE(older("a.log-20261122", "a.log-20261123"));
  EXPECT_TRUE(older("a.log-20261123-1", "a.log-20261123-2"));
  EXPECT_TRUE(older("a.log-20261123-2", "a.log"));
}

TEST(ComponentTest, IsTheNameWithoutItsStream) {
  EXPECT_EQ(ComponentOfName("app_stdout.log"), "app");
  EXPECT_EQ(ComponentOfName("app_stderr.log"), "app");
  EXPECT_EQ(ComponentOfName("app_error.log"), "app");
  EXPECT_EQ(ComponentOfName("app.log"), "app");
  EXPECT_EQ(ComponentOfName("syslog"), "syslog");
  EXPECT_EQ(ComponentOfName("_stdout.log"), "_stdout");
  EXPECT_EQ(ComponentOfName(".log"), ".log");
}

}  // namespace
}  // namespace ora::collector
