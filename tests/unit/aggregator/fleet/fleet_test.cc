#include "aggregator/fleet/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/memory_series_writer.h"
#include "tests/fakes/memory_state_store.h"

namespace ora::aggregator {
namespace {

class FleetTest : public testing::Test {
 protected:
  void SetUp() override { Restart(); }

  void Restart() {
    fleet_.reset();
    fleet_ = *Fleet::Open({}, state_, writer_, clock_, log_, counters_);
  }

  std::shared_ptr<HostStream> Connect(const std::string& instance,
                                      const std::string& collector_id = "c1") {
    v1::Hello hello;
    hello.set_collector_id(collector_id);
    hello.set_incarnation(1);
    hello.set_instance(instance);
    hello.set_version("0.1.0");
    return fleet_->Connected(hello);
  }

  v1::HostState StateOf(const std::string& instance) { return fleet_->Find(instance)->state(); }

  // The newest value of `up` that was stored for the host.
  double Up(const std::string& instance) {
    double value = -1;
    for (const storage::WriteBatch& batch : writer_.stored()) {
      if (batch.instance == instance) value = batch.blocks.at(0).values.at(0);
    }
    return value;
  }

  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  fakes::MemoryStateStore state_;
  fakes::MemorySeriesWriter writer_;
  storage::Counters counters_;
  std::unique_ptr<Fleet> fleet_;
};

TEST_F(FleetTest, KnowsAHostFromItsHelloOn) {
  EXPECT_EQ(fleet_->Find("web1").status().code(), absl::StatusCode::kNotFound);
  Connect("web1");
  EXPECT_EQ(fleet_->Find("web1")->version(), "0.1.0");
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_LIVE);
}

TEST_F(FleetTest, ListsHostsByInstance) {
  Connect("web2");
  Connect("db1");
  Connect("web1");
  const std::vector<v1::Host> hosts = fleet_->Hosts();
  ASSERT_EQ(hosts.size(), 3u);
  EXPECT_EQ(hosts[0].instance(), "db1");
  EXPECT_EQ(hosts[2].instance(), "web2");
}

TEST_F(FleetTest, TakesAHostForSilentAtTheLimitAndNotBefore) {
  const auto stream = Connect("web1");
  clock_.Advance(absl::Seconds(10));
  stream->Heard();
  clock_.Advance(absl::Seconds(15) - absl::Milliseconds(1));
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_LIVE);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_SILENT);
  stream->HeardSpool(512);
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_LIVE);
  EXPECT_EQ(fleet_->Find("web1")->spool_bytes(), 512u);
}

TEST_F(FleetTest, TakesAHostForSilentWhenItsStreamEnds) {
  const auto stream = Connect("web1");
  fleet_->Disconnected(*stream);
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_SILENT);
}

TEST_F(FleetTest, AnEarlierStreamCountsNoMore) {
  const auto first = Connect("web1");
  const auto second = Connect("web1");
  EXPECT_FALSE(first->IsCurrent());
  EXPECT_TRUE(second->IsCurrent());
  fleet_->Disconnected(*first);
  first->BatchStored({9, 100, 1, absl::ZeroDuration()});
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_LIVE);
  EXPECT_EQ(fleet_->Find("web1")->durable_sequence(), 0u);
}

TEST_F(FleetTest, NamesTwoCollectorsThatShareAnInstance) {
  Connect("web1", "c1");
  Connect("web1", "c2");
  EXPECT_TRUE(log_.Contains("collector c2 takes the place of c1"));
}

TEST_F(FleetTest, AddsUpWhatWasStored) {
  const auto stream = Connect("web1");
  stream->BatchStored({4, 100, 1, absl::Milliseconds(-1500)});
  stream->BatchStored({5, 50, 0, absl::Milliseconds(250)});
  const v1::Host host = *fleet_->Find("web1");
  EXPECT_EQ(host.durable_sequence(), 5u);
  EXPECT_EQ(host.batches_stored(), 2u);
  EXPECT_EQ(host.samples_stored(), 150u);
  EXPECT_EQ(host.samples_rejected(), 1u);
  EXPECT_EQ(host.clock_skew().nanos(), 250'000'000);
}

TEST_F(FleetTest, GoesOnCountingThroughAReconnect) {
  Connect("web1")->BatchStored({4, 100, 1, absl::ZeroDuration()});
  const auto stream = Connect("web1");
  EXPECT_EQ(fleet_->Find("web1")->durable_sequence(), 4u);
  stream->BatchStored({5, 50, 0, absl::ZeroDuration()});
  EXPECT_EQ(fleet_->Find("web1")->samples_stored(), 150u);
  EXPECT_EQ(fleet_->Find("web1")->batches_stored(), 2u);
}

TEST_F(FleetTest, KeepsFiguresThroughARestartButNotCounts) {
  const auto stream = Connect("web1");
  stream->HeardSpool(77);
  stream->BatchStored({4, 100, 0, absl::Seconds(-2)});
  ASSERT_TRUE(fleet_->WriteUp().ok());
  Restart();
  const v1::Host host = *fleet_->Find("web1");
  EXPECT_EQ(host.durable_sequence(), 4u);
  EXPECT_EQ(host.spool_bytes(), 77u);
  EXPECT_EQ(host.samples_stored(), 0u);
  EXPECT_EQ(host.clock_skew().seconds(), -2);
  EXPECT_EQ(host.last_batch_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(host.last_heard_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(FleetTest, WritesUpForEachHost) {
  Connect("web1");
  const auto stream = Connect("db1");
  fleet_->Disconnected(*stream);
  ASSERT_TRUE(fleet_->WriteUp().ok());
  EXPECT_EQ(Up("web1"), 1);
  EXPECT_EQ(Up("db1"), 0);
  EXPECT_EQ(writer_.LabelsOf(1).ToString(), "up{instance=\"db1\",job=\"ora\"}");
  EXPECT_TRUE(log_.Contains("host db1 is silent"));
}

TEST_F(FleetTest, SaysWhenUpCannotBeStored) {
  Connect("web1");
  writer_.RefuseWith(absl::ResourceExhaustedError("the queue is full"));
  EXPECT_EQ(fleet_->WriteUp().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(FleetTest, ALiveHostHasTheSilenceLimitToComeBackAfterARestart) {
  Connect("web1");
  ASSERT_TRUE(fleet_->WriteUp().ok());
  Restart();
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_LIVE);
  clock_.Advance(absl::Seconds(15));
  ASSERT_TRUE(fleet_->WriteUp().ok());
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_SILENT);
  EXPECT_EQ(Up("web1"), 0);
}

TEST_F(FleetTest, ASilentHostStaysSilentAfterARestart) {
  fleet_->Disconnected(*Connect("web1"));
  ASSERT_TRUE(fleet_->WriteUp().ok());
  Restart();
  EXPECT_EQ(StateOf("web1"), v1::HOST_STATE_SILENT);
  EXPECT_EQ(fleet_->Find("web1")->collector_id(), "c1");
}

TEST_F(FleetTest, TriesARecordAgainThatWasRefused) {
  Connect("web1");
  state_.RefuseWith(absl::UnavailableError("the disk refused"));
  EXPECT_EQ(fleet_->WriteUp().code(), absl::StatusCode::kUnavailable);
  state_.RefuseWith(absl::OkStatus());
  ASSERT_TRUE(fleet_->WriteUp().ok());
  Restart();
  EXPECT_TRUE(fleet_->Find("web1").ok());
}

TEST_F(FleetTest, RenewsTheRecordOfALiveHostOnlyNowAndThen) {
  const auto stream = Connect("web1");
  ASSERT_TRUE(fleet_->WriteUp().ok());
  const int applied = state_.applied();
  for (int i = 0; i < 29; ++i) {
    clock_.Advance(absl::Seconds(10));
    stream->Heard();
    ASSERT_TRUE(fleet_->WriteUp().ok());
  }
  EXPECT_EQ(state_.applied(), applied);
  clock_.Advance(absl::Seconds(10));
  stream->Heard();
  ASSERT_TRUE(fleet_->WriteUp().ok());
  EXPECT_EQ(state_.applied(), applied + 1);
}

TEST_F(FleetTest, WritesUpByItselfUntilItIsStopped) {
  Connect("web1");
  fleet_->Start();
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  clock_.Advance(absl::Seconds(10));
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  const auto stored = [this] { return !writer_.stored().empty(); };
  while (!stored()) mutex.AwaitWithTimeout(absl::Condition(&stored), absl::Milliseconds(1));
  fleet_->Stop();
  EXPECT_EQ(Up("web1"), 1);
}

}  // namespace
}  // namespace ora::aggregator
