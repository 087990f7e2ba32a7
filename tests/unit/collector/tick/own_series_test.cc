#include "collector/tick/own_series.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "tests/fakes/memory_file_system.h"

namespace ora::collector {
namespace {

// Keeps values by metric.
class RecordingSink final : public SampleSink {
 public:
  SeriesId Intern(absl::string_view metric, absl::Span<const LabelPair> labels) override {
    EXPECT_EQ(labels.size(), 1u);
    EXPECT_EQ(labels[0].value, "ora");
    names_.emplace_back(metric);
    return static_cast<SeriesId>(names_.size());
  }
  void Add(SeriesId series, double value) override { values_[names_[series - 1]] = value; }
  void AddBirth(SeriesId) override {}

  std::map<std::string, double> values_;
  std::vector<std::string> names_;
};

TEST(OwnSeriesTest, TellsCountersGaugesAndWhatTheProcessUses) {
  fakes::MemoryFileSystem files;
  ASSERT_EQ(files.CreateDirectories("/proc/self"), absl::OkStatus());
  ASSERT_EQ(files.ReplaceWhole("/proc/self/stat",
                               "7 (a) b) S 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 4 0 99 "
                               "1000000 25 18446744073709551615\n"),
            absl::OkStatus());
  storage::Counters counters;
  counters.Get("ora_x_total").Add(3);
  OwnSeries own("/proc", files, counters);
  RecordingSink sink;
  own.Sample({.spool_bytes = 9, .files_followed = 2}, sink);
  EXPECT_EQ(sink.values_["ora_x_total"], 3);
  EXPECT_EQ(sink.values_["ora_spool_bytes"], 9);
  EXPECT_EQ(sink.values_["ora_collector_files_followed"], 2);
  EXPECT_EQ(sink.values_["process_cpu_seconds_total"],
            200.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(sink.values_["process_resident_memory_bytes"],
            25.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));

  const size_t interned = sink.names_.size();
  own.Sample({}, sink);
  EXPECT_EQ(sink.names_.size(), interned);
}

TEST(OwnSeriesTest, LeavesOutTheProcessWhereProcIsOdd) {
  fakes::MemoryFileSystem files;
  storage::Counters counters;
  RecordingSink sink;
  OwnSeries("/proc", files, counters).Sample({}, sink);
  EXPECT_EQ(sink.values_.count("process_cpu_seconds_total"), 0u);
  EXPECT_EQ(sink.values_.count("ora_spool_bytes"), 1u);
}

}  // namespace
}  // namespace ora::collector
