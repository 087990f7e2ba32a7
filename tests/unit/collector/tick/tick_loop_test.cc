#include "collector/tick/tick_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::collector {
namespace {

using testing::ElementsAre;

// Hands on what the test has put in line, one thing a poll.
class FakeFollower final : public LogFollower {
 public:
  explicit FakeFollower(LineSink& sink) : sink_(sink) {}

  void Appear(const std::string& path) {
    const LogId id = ++logs_;
    polls_.push_back([=, this] {
      sink_.OnLog(id, {.path = path, .component = "c", .category = "application"},
                  LogOrigin::kAppeared);
    });
  }
  void Line(LogId log, const std::string& line) {
    polls_.push_back([=, this] { sink_.OnLines(log, line + "\n"); });
  }

  bool Poll(size_t bytes_max) override {
    if (bytes_max == 0) {
      ++look_count_;
      return !polls_.empty();
    }
    ++poll_count_;
    if (polls_.empty()) return false;
    polls_.front()();
    polls_.pop_front();
    ++position_;
    return !polls_.empty();
  }
  std::vector<FollowerStateChange> Changes() override {
    return {{.key = "log//a", .deleted = false, .value = std::to_string(position_)}};
  }
  void Commit() override { committed_position_ = position_; }
  size_t files_followed() const override { return logs_; }
  size_t files_open() const override { return logs_; }
  size_t files_hinted() const override { return 0; }
  uint64_t bytes_behind() const override { return polls_.size(); }

  int poll_count_ = 0;
  int look_count_ = 0;
  int position_ = 0;
  int committed_position_ = 0;

 private:
  LineSink& sink_;
  LogId logs_ = 0;
  std::deque<std::function<void()>> polls_;
};

class TickLoopTest : public testing::Test {
 protected:
  TickLoopTest() {
    auto spool = Spool::Open({.directory = "/spool"}, files_, clock_, log_, counters_);
    EXPECT_EQ(spool.status(), absl::OkStatus());
    spool_ = *std::move(spool);
    loop_ = std::make_unique<TickLoop>(
        TickLoopOptions{.instance = "web-1",
                        .sample_interval = absl::Seconds(10),
                        .poll_interval = absl::Milliseconds(500)},
        TickLoopParts{follower_, watch_, accounts_, nullptr, nullptr, own_, *spool_}, clock_, log_,
        counters_);
  }

  // Steps as the collector's thread would, for so long.
  void RunFor(absl::Duration limit) {
    const absl::Duration end = clock_.Monotonic() + limit;
    while (true) {
      const absl::Duration idle = loop_->Step();
      if (clock_.Monotonic() + idle > end) break;
      clock_.Advance(idle);
    }
    clock_.Advance(end - clock_.Monotonic());
  }

  uint64_t Ticks() { return spool_->Statistics().last_sequence; }
  uint64_t Dropped() { return counters_.Get("ora_collector_dropped_samples_total").Value(); }

  // The instants at which this metric has this value, in the batches of the spool.
  std::vector<int64_t> Instants(absl::string_view metric, double value) {
    std::vector<int64_t> instants;
    std::map<uint32_t, std::string> names;
    uint64_t after = 0;
    while (true) {
      const auto read = spool_->Read(after);
      EXPECT_EQ(read.status(), absl::OkStatus());
      if (!read->has_value()) return instants;
      after = (*read)->sequence;
      v1::Batch batch;
      EXPECT_TRUE(batch.ParseFromString((*read)->batch));
      for (const auto& series : batch.definitions().series()) {
        names[series.id()] = series.labels().labels(0).value();
      }
      for (const auto& block : batch.blocks()) {
        for (int i = 0; i < block.values_size(); ++i) {
          if (names[block.series_ids(i)] != metric || block.values(i) != value) continue;
          instants.push_back(block.time_millis() - start_millis_);
        }
      }
    }
  }

  fakes::ManualClock clock_;
  const int64_t start_millis_ = clock_.NowMillis();
  fakes::MemoryFileSystem files_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  LogAccounts accounts_{{}};
  NewLogWatch watch_{accounts_};
  FakeFollower follower_{watch_};
  OwnSeries own_{"/proc", files_, counters_};
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<TickLoop> loop_;
};

TEST_F(TickLoopTest, TicksAtOnceAndThenAtEachInterval) {
  RunFor(absl::Seconds(25));
  EXPECT_THAT(Instants("ora_collector_ticks_total", 1), ElementsAre(0));
  EXPECT_THAT(Instants("ora_collector_ticks_total", 3), ElementsAre(20'000));
  EXPECT_EQ(Ticks(), 3u);
  EXPECT_EQ(follower_.poll_count_, 51);
}

TEST_F(TickLoopTest, SpoolsPositionsWithTheLinesTheyStandFor) {
  follower_.Appear("/a");
  follower_.Line(1, "2026-01-01 00:00:00 ERROR no");
  RunFor(absl::Seconds(12));
  EXPECT_EQ(follower_.committed_position_, 2);
  EXPECT_EQ(spool_->State().at("log//a"), "2");
  EXPECT_EQ(spool_->State().count("account//a"), 1u);
}

TEST_F(TickLoopTest, BringsTheTickForwardWhenALogAppears) {
  RunFor(absl::Milliseconds(2200));
  follower_.Appear("/a");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Instants("ora_collector_ticks_total", 2), ElementsAre(2500));
  RunFor(absl::Seconds(9));
  EXPECT_EQ(Ticks(), 2u);
  RunFor(absl::Seconds(1));
  EXPECT_THAT(Instants("ora_collector_ticks_total", 3), ElementsAre(12'500));
}

TEST_F(TickLoopTest, TicksAtMostOnceASecondForLogsThatAppear) {
  RunFor(absl::Milliseconds(100));
  for (int i = 0; i < 4; ++i) {
    follower_.Appear("/a" + std::to_string(i));
    RunFor(absl::Milliseconds(500));
  }
  EXPECT_EQ(Ticks(), 3u);
}

TEST_F(TickLoopTest, ReadsNoLogsWhileTheSpoolIsFull) {
  RunFor(absl::Seconds(1));
  files_.SetFreeBytes(0);
  RunFor(absl::Seconds(10));
  EXPECT_EQ(Ticks(), 1u);
  EXPECT_GT(Dropped(), 0u);
  EXPECT_TRUE(log_.Contains("was not spooled"));

  const int polls = follower_.poll_count_;
  follower_.Appear("/a");
  RunFor(absl::Seconds(20));
  EXPECT_EQ(follower_.poll_count_, polls);
  EXPECT_GT(follower_.look_count_, 0);  // Rotations are seen all the same.
  EXPECT_EQ(follower_.committed_position_, 0);

  files_.SetFreeBytes(absl::nullopt);
  RunFor(absl::Seconds(21));
  EXPECT_GT(follower_.poll_count_, polls);
  EXPECT_EQ(follower_.committed_position_, 1);
  EXPECT_TRUE(log_.Contains("logs are read on"));
}

TEST_F(TickLoopTest, SkipsTicksThatCameTooLate) {
  RunFor(absl::Seconds(1));
  clock_.Advance(absl::Seconds(60));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(Ticks(), 2u);
  EXPECT_GE(counters_.Get("ora_collector_skipped_ticks_total").Value(), 4u);
}

TEST_F(TickLoopTest, ReadsAndTicksOnceMoreAtItsEnd) {
  RunFor(absl::Seconds(1));
  follower_.Appear("/a");
  loop_->Finish();
  EXPECT_EQ(Ticks(), 2u);
  EXPECT_EQ(follower_.committed_position_, 1);
}

}  // namespace
}  // namespace ora::collector
