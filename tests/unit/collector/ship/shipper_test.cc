#include "collector/ship/shipper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "collector/series/tick_batch.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/unit/collector/ship/fake_aggregator.h"

namespace ora::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Reaction = FakeAggregator::Reaction;
using Seen = FakeAggregator::Seen;

class ShipperTest : public testing::Test {
 protected:
  ShipperTest() {
    auto spool = Spool::Open({.directory = "/spool", .segment_bytes_max = 4096}, files_, clock_,
                             log_, counters_);
    EXPECT_EQ(spool.status(), absl::OkStatus());
    spool_ = *std::move(spool);
    options_.hello.set_collector_id("c1");
    options_.hello.set_instance("web-1");
  }
  ~ShipperTest() override {
    shipper_.reset();
    EXPECT_EQ(aggregator_.seen().broken_promise, "");
  }

  // One batch: the value of one series that is always there, and of one that is new.
  void SpoolTick() {
    ++tick_;
    ticks_.Begin(tick_);
    ticks_.Add(ticks_.Intern("always", {}), 1);
    ticks_.Add(ticks_.Intern(absl::StrCat("m", tick_), {}), 1);
    const v1::Batch batch = ticks_.Finish(spool_->NextSegment());
    ASSERT_EQ(spool_->Append(batch.SerializeAsString(), {}).status(), absl::OkStatus());
  }
  // A batch of so many series, in a segment of its own.
  void SpoolWideTick(int series) {
    ++tick_;
    ticks_.Begin(tick_);
    for (int i = 0; i < series; ++i) ticks_.Add(ticks_.Intern(absl::StrCat("wide", i), {}), 1.5);
    const v1::Batch batch = ticks_.Finish(spool_->NextSegment());
    ASSERT_EQ(spool_->Append(batch.SerializeAsString(), {}).status(), absl::OkStatus());
  }
  void SpoolTicks(int count) {
    for (int i = 0; i < count; ++i) SpoolTick();
  }

  void Start() {
    shipper_ = Shipper::Start(options_, aggregator_.channel(), *spool_, clock_, log_, counters_);
  }
  void Restart() {
    shipper_.reset();
    Start();
  }

  // Lets time pass until `condition` holds.
  bool Eventually(const std::function<bool(const Seen&)>& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (aggregator_.Await(condition, absl::Milliseconds(5))) return true;
      clock_.Advance(absl::Milliseconds(100));
    }
    return false;
  }
  bool EventuallyDurable(uint64_t sequence) {
    return Eventually([=](const Seen& seen) { return seen.durable == sequence; });
  }

  // Batch i's own sample is there once, for each.
  void ExpectEachSampleOnce(int ticks) {
    const Seen seen = aggregator_.seen();
    for (int i = 1; i <= ticks; ++i) {
      EXPECT_EQ(seen.samples.count(absl::StrCat("m", i, "@", i, "=1")), 1u) << i;
    }
    for (const auto& [sample, count] : seen.samples) EXPECT_EQ(count, 1) << sample;
  }

  uint64_t Count(absl::string_view name) { return counters_.Get(name).Value(); }

  fakes::MemoryFileSystem files_;
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::atomic<int> batches_{0};  // That reached a reaction which counts them.
  FakeAggregator aggregator_;
  std::unique_ptr<Spool> spool_;
  TickBatch ticks_{"web-1"};
  int tick_ = 0;
  ShipperOptions options_;
  std::unique_ptr<Shipper> shipper_;
};

TEST_F(ShipperTest, ShipsWhatIsSpooledBeforeAndAfterItStarts) {
  SpoolTicks(3);
  Start();
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  SpoolTicks(2);
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  EXPECT_THAT(aggregator_.seen().received, ElementsAre(1, 2, 3, 4, 5));
  ExpectEachSampleOnce(5);
  EXPECT_EQ(aggregator_.seen().collectors.at("c1"), spool_->incarnation());
  EXPECT_EQ(spool_->Statistics().batches_pending, 0u);
  EXPECT_EQ(shipper_->state(), ShipperState::kStreaming);
  EXPECT_EQ(Count("ora_ship_batches_acknowledged_total"), 5u);
}

TEST_F(ShipperTest, ShipsOverManySegments) {
  SpoolTicks(200);
  Start();
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  ExpectEachSampleOnce(200);
}

TEST_F(ShipperTest, SendsAgainWhatWasNotKept) {
  aggregator_.set_react([this](const v1::Batch&) {
    return ++batches_ % 3 == 0
               ? Reaction{Reaction::Kind::kEnd, {grpc::StatusCode::UNAVAILABLE, "gone"}, {}}
               : Reaction{};
  });
  SpoolTicks(40);
  Start();
  EXPECT_TRUE(EventuallyDurable(40));
  ExpectEachSampleOnce(40);
  EXPECT_GE(aggregator_.seen().streams, 13);
}

TEST_F(ShipperTest, TakesTheWelcomeForTheAcknowledgementThatWasLost) {
  aggregator_.set_react([](const v1::Batch& batch) {
    if (batch.sequence() == 3) {
      return Reaction{Reaction::Kind::kEnd, {grpc::StatusCode::UNAVAILABLE, "gone"}, {}};
    }
    return Reaction{Reaction::Kind::kKeepSilently, {}, {}};
  });
  SpoolTicks(3);
  Start();
  EXPECT_TRUE(Eventually([](const Seen& seen) { return seen.streams >= 2; }));
  aggregator_.set_react({});
  EXPECT_TRUE(EventuallyDurable(3));
  ExpectEachSampleOnce(3);
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
}

TEST_F(ShipperTest, GoesOnInTheMiddleOfASegmentAfterARestart) {
  SpoolTicks(5);
  Start();
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  shipper_.reset();
  SpoolTicks(5);
  Start();
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  EXPECT_THAT(aggregator_.seen().received, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  ExpectEachSampleOnce(10);
}

TEST_F(ShipperTest, KeepsNoMoreUnderWayThanTheWelcomeAllows) {
  v1::Welcome welcome;
  welcome.set_outstanding_bytes_max(1);  // One batch may always be.
  welcome.set_heartbeat_millis(1000);
  aggregator_.set_welcome(welcome);
  aggregator_.set_react([](const v1::Batch&) {
    return Reaction{Reaction::Kind::kKeepSilently, {}, {}};
  });
  SpoolTicks(3);
  Start();
  EXPECT_TRUE(Eventually([](const Seen& seen) { return seen.heartbeats >= 3; }));
  EXPECT_THAT(aggregator_.seen().received, ElementsAre(1));
  aggregator_.set_react({});
  Restart();
  EXPECT_TRUE(EventuallyDurable(3));
  EXPECT_THAT(aggregator_.seen().received, ElementsAre(1, 2, 3));
}

TEST_F(ShipperTest, PacksWhatWaitsIntoMessages) {
  v1::Welcome welcome;
  welcome.set_outstanding_bytes_max(1 << 20);
  welcome.set_message_batches_max(3);
  aggregator_.set_welcome(welcome);
  SpoolTicks(10);
  Start();
  EXPECT_TRUE(EventuallyDurable(10));
  const Seen seen = aggregator_.seen();
  EXPECT_THAT(seen.received, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_THAT(seen.batches_a_message, ElementsAre(3, 3, 3, 1));
  ExpectEachSampleOnce(10);
}

TEST_F(ShipperTest, PacksNoMoreThanAMessageIsWorth) {
  v1::Welcome welcome;
  welcome.set_outstanding_bytes_max(1 << 20);
  welcome.set_message_batches_max(256);
  aggregator_.set_welcome(welcome);
  for (int i = 0; i < 3; ++i) SpoolWideTick(2'000);  // More than 16 KiB each.
  Start();
  EXPECT_TRUE(EventuallyDurable(3));
  EXPECT_THAT(aggregator_.seen().batches_a_message, ElementsAre(1, 1, 1));
}

TEST_F(ShipperTest, SendsBatchesOneByOneToAnAggregatorThatTakesNoMore) {
  v1::Welcome welcome;
  welcome.set_outstanding_bytes_max(1 << 20);
  aggregator_.set_welcome(welcome);
  SpoolTicks(3);
  Start();
  EXPECT_TRUE(EventuallyDurable(3));
  EXPECT_THAT(aggregator_.seen().batches_a_message, ElementsAre(1, 1, 1));
}

TEST_F(ShipperTest, GivesUpABatchThatIsRefusedThreeTimesAndShipsTheOthers) {
  aggregator_.set_react([](const v1::Batch& batch) {
    if (batch.sequence() != 4) return Reaction{};
    return Reaction{Reaction::Kind::kEnd, {grpc::StatusCode::INVALID_ARGUMENT, "bad label"}, {}};
  });
  SpoolTicks(8);
  Start();
  EXPECT_TRUE(EventuallyDurable(8));
  EXPECT_EQ(Count("ora_ship_poison_batches_total"), 1u);
  EXPECT_EQ(Count("ora_ship_poison_samples_total"), 3u);  // Two values and a staleness marker.
  EXPECT_TRUE(log_.Contains("batch 4 is left out"));
  EXPECT_TRUE(log_.Contains("bad label"));
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
}

TEST_F(ShipperTest, DrainsWhenTheLastBatchIsGivenUp) {
  aggregator_.set_react([](const v1::Batch&) {
    return Reaction{Reaction::Kind::kEnd, {grpc::StatusCode::INVALID_ARGUMENT, "bad"}, {}};
  });
  SpoolTick();
  Start();
  EXPECT_TRUE(Eventually([&](const Seen&) { return spool_->Statistics().batches_pending == 0; }));
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  EXPECT_EQ(aggregator_.seen().received.size(), 3u);
}

TEST_F(ShipperTest, LeavesOutWhatIsNoBatch) {
  ASSERT_EQ(spool_->Append("\xff\xff", {}).status(), absl::OkStatus());
  SpoolTick();
  Start();
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  EXPECT_THAT(aggregator_.seen().received, ElementsAre(2));
  EXPECT_EQ(Count("ora_ship_poison_batches_total"), 1u);
}

TEST_F(ShipperTest, KeepsBatchesWhileTheStoreIsFull) {
  aggregator_.set_react([this](const v1::Batch&) {
    return ++batches_ < 6
               ? Reaction{Reaction::Kind::kEnd, {grpc::StatusCode::RESOURCE_EXHAUSTED, "full"}, {}}
               : Reaction{};
  });
  SpoolTick();
  Start();
  EXPECT_TRUE(EventuallyDurable(1));
  EXPECT_EQ(Count("ora_ship_stream_failures_total"), 5u);
  EXPECT_EQ(Count("ora_ship_poison_batches_total"), 0u);
}

TEST_F(ShipperTest, StaysAwayForAMinuteWhenItWasReplaced) {
  aggregator_.set_greeting(FakeAggregator::Greeting::kRefusal,
                           {grpc::StatusCode::FAILED_PRECONDITION, "newer stream"});
  Start();
  ASSERT_TRUE(clock_.AwaitWaiters(1));
  EXPECT_TRUE(Eventually([&](const Seen&) { return log_.Contains("was replaced"); }));
  aggregator_.set_greeting(FakeAggregator::Greeting::kWelcome);
  const absl::Time before = clock_.Now();
  EXPECT_TRUE(Eventually([](const Seen& seen) { return seen.streams == 2; }));
  EXPECT_GE(clock_.Now() - before, absl::Seconds(29));
}

TEST_F(ShipperTest, GivesUpAStreamWithoutAWelcome) {
  aggregator_.set_greeting(FakeAggregator::Greeting::kSilence);
  Start();
  EXPECT_TRUE(Eventually([](const Seen& seen) { return seen.streams == 2; }));
  EXPECT_TRUE(log_.Contains("no welcome within 30s"));
}

TEST_F(ShipperTest, CountsSamplesThatWereRejected) {
  aggregator_.set_react([](const v1::Batch&) {
    Reaction reaction;
    v1::Rejection& rejection = *reaction.ack.add_rejected();
    rejection.set_reason("too_old");
    rejection.set_samples(2);
    rejection.set_example("m1 at 1");
    return reaction;
  });
  SpoolTick();
  Start();
  EXPECT_TRUE(shipper_->Drain(absl::Hours(1)));
  EXPECT_EQ(Count("ora_ship_rejected_samples_total"), 2u);
  EXPECT_TRUE(log_.Contains("too_old: m1 at 1"));
}

TEST_F(ShipperTest, SaysThatTheAggregatorKnowsBatchesTheSpoolDoesNot) {
  aggregator_.set_durable(9);
  SpoolTick();
  Start();
  EXPECT_TRUE(Eventually([&](const Seen&) { return log_.Contains("holds batch 9"); }));
  EXPECT_EQ(Count("ora_ship_sequence_conflicts_total"), 1u);
}

TEST_F(ShipperTest, DrainGivesUpAtItsLimitAndWhenStopped) {
  aggregator_.set_greeting(FakeAggregator::Greeting::kSilence);
  SpoolTick();
  Start();
  EXPECT_FALSE(shipper_->Drain(absl::ZeroDuration()));
  shipper_->Stop();
  shipper_->Stop();
  EXPECT_FALSE(shipper_->Drain(absl::InfiniteDuration()));
  EXPECT_EQ(shipper_->state(), ShipperState::kStopped);
}

}  // namespace
}  // namespace ora::collector
