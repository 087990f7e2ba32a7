#include "collector/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/contract/config_checks.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/unit/collector/ship/fake_aggregator.h"

namespace ora::collector {
namespace {

using Seen = FakeAggregator::Seen;

// One host: its directories, its clock, and a collector with the counters of one run.
class Host {
 public:
  explicit Host(const std::string& name)
      : root_(absl::StrCat(testing::TempDir(), "ora-collector-test-", name)) {
    std::filesystem::remove_all(root_);
    for (const char* directory : {"logs", "proc", "sys", "etc"}) {
      EXPECT_EQ(files_.CreateDirectories(absl::StrCat(root_, "/", directory)), absl::OkStatus());
    }
    config_.set_instance(name);
    config_.set_collector_id(name);
    config_.set_state_directory(root_ + "/state");
    config_.add_logs()->add_include(root_ + "/logs/*.log");
    config_.mutable_processes()->set_disabled(true);
    config_.mutable_host()->set_disabled(true);
  }
  ~Host() { collector_.reset(); }

  absl::Status Start(FakeAggregator& aggregator) {
    counters_ = std::make_unique<storage::Counters>();
    config::v1::CollectorConfig config = config_;
    contract::FillDefaults(config);
    const HostRoots roots{root_ + "/proc", root_ + "/sys", root_ + "/etc"};
    auto collector = Collector::Start(config,
                                      Environment{clock_, files_, log_, *counters_, roots,
                                                  /*drain_limit=*/absl::ZeroDuration()},
                                      aggregator.channel());
    if (collector.ok()) collector_ = *std::move(collector);
    return collector.status();
  }
  void Stop() { collector_->Stop(); }
  void Destroy() { collector_.reset(); }

  void Append(const std::string& log, absl::string_view text) {
    auto file = files_.OpenForAppend(absl::StrCat(root_, "/logs/", log));
    ASSERT_EQ(file.status(), absl::OkStatus());
    ASSERT_EQ((*file)->Append(text), absl::OkStatus());
  }

  // Lets time pass until `condition` holds.
  bool Eventually(const FakeAggregator& aggregator,
                  const std::function<bool(const Seen&)>& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (aggregator.Await(condition, absl::Milliseconds(5))) return true;
      clock_.Advance(absl::Milliseconds(250));
    }
    return false;
  }

  Collector& collector() { return *collector_; }
  std::string root_;
  fakes::ManualClock clock_;
  storage::PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  config::v1::CollectorConfig config_;

 private:
  std::unique_ptr<storage::Counters> counters_;
  std::unique_ptr<Collector> collector_;
};

// A sample `metric@...=value` was kept.
std::function<bool(const Seen&)> Kept(const std::string& metric, int value) {
  return [=](const Seen& seen) {
    for (const auto& [sample, count] : seen.samples) {
      if (sample.rfind(metric + "@", 0) == 0 &&
          sample.substr(sample.find('=') + 1) == std::to_string(value)) {
        return true;
      }
    }
    return false;
  };
}

constexpr char kAppended[] = "ora_log_appended_bytes_total";

TEST(CollectorTest, CountsALogAndGoesOnCountingAfterARestart) {
  FakeAggregator aggregator;
  Host host("counts-a-log");
  host.Append("app.log", "0123456789\n");
  ASSERT_EQ(host.Start(aggregator), absl::OkStatus());
  EXPECT_TRUE(host.Eventually(aggregator, Kept(kAppended, 11)));
  host.Append("app.log", "more\n");
  EXPECT_TRUE(host.Eventually(aggregator, Kept(kAppended, 16)));

  host.Destroy();
  host.clock_.Advance(absl::Seconds(1));
  host.Append("app.log", "while away\n");
  ASSERT_EQ(host.Start(aggregator), absl::OkStatus());
  EXPECT_TRUE(host.Eventually(aggregator, Kept(kAppended, 27)));
  host.Destroy();
  const Seen seen = aggregator.seen();
  EXPECT_EQ(seen.broken_promise, "");
  EXPECT_EQ(seen.collectors.size(), 1u);
  for (const auto& [sample, count] : seen.samples) {
    if (sample.rfind(kAppended, 0) == 0) {
      EXPECT_EQ(count, 1) << sample;
    }
  }
}

TEST(CollectorTest, TellsOfItself) {
  FakeAggregator aggregator;
  Host host("tells-of-itself");
  ASSERT_EQ(host.Start(aggregator), absl::OkStatus());
  EXPECT_TRUE(host.Eventually(aggregator, Kept("ora_collector_ticks_total", 2)));
  EXPECT_TRUE(host.collector().AwaitShipped(absl::InfiniteDuration()));
}

TEST(CollectorTest, ReadsOnceMoreWhenItStops) {
  FakeAggregator aggregator;
  Host host("reads-once-more");
  host.Append("app.log", "one\n");
  ASSERT_EQ(host.Start(aggregator), absl::OkStatus());
  EXPECT_TRUE(host.Eventually(aggregator, Kept(kAppended, 4)));
  host.Append("app.log", "two\n");
  host.Stop();
  host.Stop();
  host.Destroy();
  ASSERT_EQ(host.Start(aggregator), absl::OkStatus());
  EXPECT_TRUE(host.Eventually(aggregator, Kept(kAppended, 8)));
}

TEST(CollectorTest, KeepsEverythingWhileTheAggregatorIsAway) {
  Host host("aggregator-away");
  host.Append("app.log", "0123456789\n");
  {
    FakeAggregator away;
    away.set_greeting(FakeAggregator::Greeting::kRefusal,
                      {grpc::StatusCode::UNAVAILABLE, "starting"});
    ASSERT_EQ(host.Start(away), absl::OkStatus());
    EXPECT_TRUE(host.Eventually(away, [](const Seen& seen) { return seen.streams >= 3; }));
    host.Stop();
    EXPECT_TRUE(host.log_.Contains("wait in the spool for the next start"));
    host.Destroy();
  }
  FakeAggregator back;
  ASSERT_EQ(host.Start(back), absl::OkStatus());
  EXPECT_TRUE(host.Eventually(back, Kept(kAppended, 11)));
}

TEST(CollectorTest, TwoOfThemInOneProcessDoNotDisturbEachOther) {
  FakeAggregator aggregator_a, aggregator_b;
  Host a("two-a"), b("two-b");
  ASSERT_EQ(a.Start(aggregator_a), absl::OkStatus());
  ASSERT_EQ(b.Start(aggregator_b), absl::OkStatus());
  a.Append("app.log", "12345\n");
  b.Append("app.log", "123\n");
  EXPECT_TRUE(a.Eventually(aggregator_a, Kept(kAppended, 6)));
  EXPECT_TRUE(b.Eventually(aggregator_b, Kept(kAppended, 4)));
  EXPECT_THAT(aggregator_a.seen().instances, testing::ElementsAre("two-a"));
  EXPECT_THAT(aggregator_b.seen().instances, testing::ElementsAre("two-b"));
}

TEST(CollectorTest, RefusesAStateDirectoryThatIsInUse) {
  FakeAggregator aggregator;
  Host host("in-use");
  ASSERT_EQ(host.Start(aggregator), absl::OkStatus());
  Host other("in-use-other");
  other.config_.set_state_directory(host.config_.state_directory());
  EXPECT_EQ(other.Start(aggregator).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace ora::collector
