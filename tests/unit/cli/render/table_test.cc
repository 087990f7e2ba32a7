#include "cli/render/table.h"

#include <gtest/gtest.h>

namespace ora::cli {
namespace {

Table LogsTable() {
  Table table;
  table.columns = {{.title = "LOG", .cut = Cut::kMiddle, .width_min = 10},
                   {.title = "SIZE", .align = Align::kRight},
                   {.title = "SYSTEM", .rank = 1}};
  table.rows = {{"/var/log/application/scheduler.log", "1.2 MB", "Debian"},
                {"/a.log", "999 B", ""}};
  return table;
}

TEST(RenderTableTest, KeepsEverythingWithoutAWidth) {
  EXPECT_EQ(RenderTable(LogsTable(), {}),
            "LOG                                   SIZE  SYSTEM\n"
            "/var/log/application/scheduler.log  1.2 MB  Debian\n"
            "/a.log                               999 B  -\n");
}

TEST(RenderTableTest, CutsTheMiddleToFit) {
  EXPECT_EQ(RenderTable(LogsTable(), {.width = 36}),
            "LOG                     SIZE  SYSTEM\n"
            "/var/log/…eduler.log  1.2 MB  Debian\n"
            "/a.log                 999 B  -\n");
}

TEST(RenderTableTest, LeavesOutTheColumnOfTheHighestRankWhenCuttingIsNotEnough) {
  EXPECT_EQ(RenderTable(LogsTable(), {.width = 20}),
            "LOG             SIZE\n"
            "/var/…er.log  1.2 MB\n"
            "/a.log         999 B\n");
}

TEST(RenderTableTest, AlignsWideCharacters) {
  Table table;
  table.columns = {{.title = "NAME"}, {.title = "N", .align = Align::kRight}};
  table.rows = {{"日本", "1"}, {"ab", "22"}};
  EXPECT_EQ(RenderTable(table, {}),
            "NAME   N\n"
            "日本   1\n"
            "ab    22\n");
}

TEST(RenderTableTest, EscapesWhatCouldDriveTheTerminal) {
  Table table;
  table.columns = {{.title = "NAME"}};
  table.rows = {{"a\x1b]0;b\x07\nc"}};
  EXPECT_EQ(RenderTable(table, {}), "NAME\na\\x1b]0;b\\x07\\nc\n");
}

TEST(RenderTableTest, ColoursTextAndNotItsPadding) {
  Table table;
  table.columns = {{.title = "STATE"}, {.title = "X"}};
  table.rows = {{{"live", Tone::kGood}, "y"}};
  EXPECT_EQ(RenderTable(table, {.colors = Colors::kOn}),
            "\x1b[2mSTATE\x1b[0m  \x1b[2mX\x1b[0m\n"
            "\x1b[32mlive\x1b[0m   y\n");
}

TEST(RenderPropertiesTest, AlignsValues) {
  EXPECT_EQ(RenderProperties({{"host", "web1"}, {"clock skew", ""}}, {}),
            "host        web1\n"
            "clock skew  -\n");
}

}  // namespace
}  // namespace ora::cli
