#include "proto/yaml/yaml_scalars.h"

#include <gtest/gtest.h>

namespace ora::yaml {
namespace {

TEST(YamlScalarsTest, ReadsSizesWithBinaryAndDecimalUnits) {
  EXPECT_EQ(*ParseSize("1048576"), 1'048'576u);
  EXPECT_EQ(*ParseSize("64MiB"), uint64_t{64} << 20);
  EXPECT_EQ(*ParseSize("1.5 GiB"), uint64_t{3} << 29);
  EXPECT_EQ(*ParseSize("2GB"), 2'000'000'000u);
  EXPECT_EQ(*ParseSize("7kB"), 7'000u);
  EXPECT_EQ(*ParseSize("18446744073709551615"), 18446744073709551615u);
}

TEST(YamlScalarsTest, RefusesSizesThatAreNone) {
  for (const char* text : {"", "MiB", "-1", "-1MiB", "1mib", "1e3", "1e3MB", "1.2.3MB", "1 MiB x",
                           "18446744073709551616", "9999999TiB", "nan", "infMB"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(YamlScalarsTest, ReadsDurationsFromNanosecondsToDays) {
  EXPECT_EQ(*ParseDurationText("10s"), absl::Seconds(10));
  EXPECT_EQ(*ParseDurationText("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDurationText("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseDurationText("30d"), absl::Hours(720));
  EXPECT_EQ(*ParseDurationText("1d12h"), absl::Hours(36));
  EXPECT_EQ(*ParseDurationText("0"), absl::ZeroDuration());
  EXPECT_EQ(*ParseDurationText("3650000d"), absl::Hours(24) * 3'650'000);
}

TEST(YamlScalarsTest, RefusesDurationsThatAreNone) {
  for (const char* text :
       {"", "10", "10 s", "inf", "-inf", "d", "-1d", "1.5d", "1dx", "1d1d", "3650001d", "ten"}) {
    EXPECT_FALSE(ParseDurationText(text).ok()) << text;
  }
}

TEST(YamlScalarsTest, RefusesNumbersThatAreNotFinite) {
  EXPECT_FALSE(ParseNumber("nan").ok());
  EXPECT_FALSE(ParseNumber("inf").ok());
  EXPECT_FALSE(ParseNumber("1e999").ok());
  EXPECT_EQ(*ParseNumber("64.51"), 64.51);
}

TEST(YamlScalarsTest, TellsUtf8FromOtherBytes) {
  EXPECT_TRUE(IsUtf8("plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80"));
  for (const char* text : {"\xFF", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                           "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\x80"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

TEST(YamlScalarsTest, SuggestsTheNearestNameOnly) {
  EXPECT_EQ(Suggest("inclde", {"exclude", "include"}), "include");
  EXPECT_EQ(Suggest("Listen", {"listen"}), "listen");
  EXPECT_EQ(Suggest("zzzz", {"include", "start"}), "");
}

}  // namespace
}  // namespace ora::yaml
