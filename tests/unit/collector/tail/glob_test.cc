#include "collector/tail/glob.h"

#include <gtest/gtest.h>

namespace ora::collector {
namespace {

struct MatchCase {
  std::string pattern;
  std::string name;
  bool matches = false;
};

class MatchesNameTest : public ::testing::TestWithParam<MatchCase> {};

TEST_P(MatchesNameTest, SaysSo) {
  EXPECT_EQ(MatchesName(GetParam().pattern, GetParam().name), GetParam().matches)
      << GetParam().pattern << " " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, MatchesNameTest,
    ::testing::Values(MatchCase{"*.log", "app.log", true}, MatchCase{"*.log", "app.log.1", false},
                      MatchCase{"*", "", true}, MatchCase{"?", "", false},
                      MatchCase{"a*b*c", "aXbbYc", true}, MatchCase{"a*b*c", "aXc", false},
                      MatchCase{"[a-c]?", "bz", true}, MatchCase{"[a-c]?", "dz", false},
                      MatchCase{"[!a-c]", "d", true}, MatchCase{"[^a-c]", "b", false},
                      MatchCase{"[]]", "]", true}, MatchCase{"[a-]", "-", true},
                      MatchCase{"[ab", "a", false}, MatchCase{"*a*a*a*b", "aaaaaaaaaaaac", false},
                      MatchCase{"app", "app", true}, MatchCase{"app", "apps", false}));

struct PathCase {
  std::string glob;
  std::string path;
  bool matches = false;
};

class GlobTest : public ::testing::TestWithParam<PathCase> {};

TEST_P(GlobTest, MatchesPaths) {
  const absl::StatusOr<Glob> glob = Glob::Parse(GetParam().glob);
  ASSERT_TRUE(glob.ok()) << glob.status();
  EXPECT_EQ(glob->Matches(GetParam().path), GetParam().matches)
      << GetParam().glob << " " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, GlobTest,
    ::testing::Values(PathCase{"/var/log/*.log", "/var/log/a.log", true},
                      PathCase{"/var/log/*.log", "/var/log/x/a.log", false},
                      PathCase{"/var/log/**/*.log", "/var/log/a.log", true},
                      PathCase{"/var/log/**/*.log", "/var/log/x/y/a.log", true},
                      PathCase{"/var/**/x/*.log", "/var/a/x/b/x/c.log", true},
                      PathCase{"/var/**", "/var/a/b", true}, PathCase{"/var/**", "/var", false},
                      PathCase{"/a", "/a", true}, PathCase{"/a", "a", false}));

TEST(GlobParseTest, RefusesWhatIsNone) {
  for (const char* bad : {"", "a", "a/*.log", "/a//b", "/a/", "/a/**b", "/a/[b", "/***"}) {
    const absl::StatusOr<Glob> glob = Glob::Parse(bad);
    EXPECT_TRUE(absl::IsInvalidArgument(glob.status())) << bad;
  }
}

}  // namespace
}  // namespace ora::collector
