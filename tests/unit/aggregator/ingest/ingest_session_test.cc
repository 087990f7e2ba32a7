#include "aggregator/ingest/ingest_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/memory_series_writer.h"
#include "tests/fakes/memory_state_store.h"

namespace ora::aggregator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Replies final : public IngestReplies {
 public:
  void Reply(v1::StreamResponse response) override { responses.push_back(std::move(response)); }
  void End(const absl::Status& status) override { end = status; }

  std::vector<uint64_t> Acks() const {
    std::vector<uint64_t> acks;
    for (const v1::StreamResponse& response : responses) {
      if (response.has_ack()) acks.push_back(response.ack().sequence());
    }
    return acks;
  }

  std::vector<v1::StreamResponse> responses;
  absl::Status end;
};

class IngestSessionTest : public testing::Test {
 protected:
  void SetUp() override {
    fleet_ = *Fleet::Open({}, state_, writer_, clock_, log_, counters_);
    Configure({.streams_max = 2, .outstanding_bytes_max = 64 << 10, .series_per_host_max = 3});
  }

  void Configure(const IngestOptions& options) {
    session_.reset();
    ingest_ = Ingest::Make(options, writer_, *fleet_, clock_, counters_);
    session_ = *ingest_->Open(replies_);
  }

  void Reconnect() {
    session_.reset();
    replies_ = Replies();
    session_ = *ingest_->Open(replies_);
  }

  static v1::StreamRequest HelloFrom(const std::string& instance) {
    v1::StreamRequest request;
    request.mutable_hello()->set_collector_id("c1");
    request.mutable_hello()->set_incarnation(7);
    request.mutable_hello()->set_instance(instance);
    return request;
  }
  void Hello() { session_->Receive(HelloFrom("web1")); }

  static void AddDefinition(v1::SeriesDefinitions& definitions, uint32_t id,
                            const std::string& metric) {
    v1::SeriesDefinition* definition = definitions.add_series();
    definition->set_id(id);
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"__name__", metric}, {"instance", "web1"}}) {
      v1::Label* label = definition->mutable_labels()->add_labels();
      label->set_name(name);
      label->set_value(value);
    }
  }

  void Define(uint32_t id, const std::string& metric, uint64_t epoch = 1) {
    v1::StreamRequest request;
    request.mutable_definitions()->set_epoch(epoch);
    AddDefinition(*request.mutable_definitions(), id, metric);
    session_->Receive(request);
  }

  void Send(uint64_t sequence, const std::vector<uint32_t>& ids) {
    v1::StreamRequest request;
    AddBatch(*request.mutable_batch(), sequence, ids);
    session_->Receive(request);
  }

  void AddBatch(v1::Batch& batch, uint64_t sequence, const std::vector<uint32_t>& ids) {
    batch.set_sequence(sequence);
    v1::SampleBlock* block = batch.add_blocks();
    block->set_time_millis(clock_.NowMillis());
    for (const uint32_t id : ids) {
      block->add_series_ids(id);
      block->add_values(id * 10.0);
    }
  }

  v1::Ack LastAck() const { return replies_.responses.back().ack(); }

  void ExpectEnd(absl::StatusCode code, const std::string& words) {
    EXPECT_EQ(replies_.end.code(), code) << replies_.end;
    EXPECT_THAT(std::string(replies_.end.message()), HasSubstr(words));
  }

  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  fakes::MemoryStateStore state_;
  fakes::MemorySeriesWriter writer_;
  storage::Counters counters_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<Ingest> ingest_;
  Replies replies_;
  std::unique_ptr<IngestSession> session_;
};

TEST_F(IngestSessionTest, WelcomesWithTheTermsAndTheDurableSequence) {
  Hello();
  Define(1, "m");
  Send(4, {1});
  Reconnect();
  Hello();
  ASSERT_EQ(replies_.responses.size(), 1u);
  const v1::Welcome& welcome = replies_.responses[0].welcome();
  EXPECT_EQ(welcome.durable_sequence(), 4u);
  EXPECT_EQ(welcome.outstanding_bytes_max(), 65'536u);
  EXPECT_EQ(welcome.heartbeat_millis(), 5'000u);
  EXPECT_EQ(welcome.time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(IngestSessionTest, TakesSeveralBatchesInOneMessage) {
  Hello();
  EXPECT_EQ(replies_.responses[0].welcome().message_batches_max(), contract::kMessageBatchesMax);
  Define(1, "m");
  v1::StreamRequest request;
  for (uint64_t sequence = 1; sequence <= contract::kMessageBatchesMax; ++sequence) {
    AddBatch(*request.mutable_batches()->add_batches(), sequence, {1});
  }
  session_->Receive(request);
  EXPECT_EQ(replies_.end, absl::OkStatus());
  EXPECT_EQ(LastAck().sequence(), contract::kMessageBatchesMax);
  EXPECT_EQ(counters_.Get("ora_ingest_samples_total").Value(), contract::kMessageBatchesMax);
}

TEST_F(IngestSessionTest, StoresTheBatchesOfAMessageTogetherAndRepeatsApart) {
  Hello();
  Define(1, "m");
  Send(1, {1});
  Send(2, {1});
  Reconnect();
  Hello();
  Define(1, "m");
  v1::StreamRequest request;
  for (uint64_t sequence = 1; sequence <= 6; ++sequence) {
    AddBatch(*request.mutable_batches()->add_batches(), sequence, {1});
  }
  session_->Receive(request);
  EXPECT_EQ(LastAck().sequence(), 6u);
  EXPECT_EQ(counters_.Get("ora_ingest_repeated_batches_total").Value(), 2u);
  EXPECT_EQ(counters_.Get("ora_ingest_batches_total").Value(), 6u);
  EXPECT_EQ(counters_.Get("ora_ingest_samples_total").Value(), 6u);
  EXPECT_EQ(writer_.stored().size(), 3u);  // The last holds four.
}

TEST_F(IngestSessionTest, StoresNoMoreSamplesTogetherThanABatchMayHold) {
  Configure({.streams_max = 2, .outstanding_bytes_max = 8 << 20, .series_per_host_max = 50'000});
  Hello();
  const size_t series = contract::kBatchSamplesMax / 2 - 1;
  std::vector<uint32_t> ids(series);
  std::iota(ids.begin(), ids.end(), 1);
  for (const uint32_t id : ids) Define(id, absl::StrCat("m", id));
  v1::StreamRequest request;
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) {
    AddBatch(*request.mutable_batches()->add_batches(), sequence, ids);
  }
  session_->Receive(request);
  EXPECT_EQ(LastAck().sequence(), 3u);
  ASSERT_EQ(writer_.stored().size(), 2u);
  EXPECT_EQ(writer_.stored()[0].blocks.size(), 2u);
  EXPECT_EQ(writer_.stored()[1].blocks.size(), 1u);
}

TEST_F(IngestSessionTest, WantsNoMoreBatchesInAMessageThanItSaid) {
  Hello();
  v1::StreamRequest request;
  for (uint64_t sequence = 1; sequence <= contract::kMessageBatchesMax + 1; ++sequence) {
    AddBatch(*request.mutable_batches()->add_batches(), sequence, {});
  }
  session_->Receive(request);
  ExpectEnd(absl::StatusCode::kInvalidArgument,
            "batches.batches: holds 257 batches; a message has 1 to 256");
}

TEST_F(IngestSessionTest, WantsABatchInAMessageOfBatches) {
  Hello();
  v1::StreamRequest request;
  request.mutable_batches();
  session_->Receive(request);
  ExpectEnd(absl::StatusCode::kInvalidArgument, "batches.batches: holds 0 batches");
}

TEST_F(IngestSessionTest, TakesTheBatchesBeforeOneThatIsWrong) {
  Hello();
  Define(1, "m");
  v1::StreamRequest request;
  for (const uint64_t sequence : {1, 2, 2, 3}) {
    AddBatch(*request.mutable_batches()->add_batches(), sequence, {1});
  }
  session_->Receive(request);
  ExpectEnd(absl::StatusCode::kInvalidArgument, "batch.sequence: is 2 after 2");
  EXPECT_EQ(LastAck().sequence(), 2u);
  Reconnect();
  Hello();
  EXPECT_EQ(replies_.responses[0].welcome().durable_sequence(), 2u);
}

TEST_F(IngestSessionTest, WantsHelloFirst) {
  Send(1, {1});
  ExpectEnd(absl::StatusCode::kInvalidArgument, "hello: is absent");
}

TEST_F(IngestSessionTest, WantsHelloOnce) {
  Hello();
  Hello();
  ExpectEnd(absl::StatusCode::kInvalidArgument, "hello: came twice");
}

TEST_F(IngestSessionTest, ChecksHello) {
  session_->Receive(HelloFrom(""));
  ExpectEnd(absl::StatusCode::kInvalidArgument, "hello.instance: is empty");
}

TEST_F(IngestSessionTest, StoresWhatTheIdsStandFor) {
  Hello();
  Define(1, "cpu");
  Define(3, "memory");
  Send(1, {3, 1});
  const std::vector<storage::WriteBatch> stored = writer_.stored();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0].instance, "web1");
  EXPECT_EQ(stored[0].sender.incarnation, 7u);
  ASSERT_EQ(stored[0].blocks.size(), 1u);
  EXPECT_EQ(writer_.LabelsOf(stored[0].blocks[0].series[0]).Get("__name__"), "memory");
  EXPECT_THAT(stored[0].blocks[0].values, ElementsAre(30, 10));
  EXPECT_THAT(replies_.Acks(), ElementsAre(1));
  EXPECT_THAT(LastAck().rejected(), IsEmpty());
  EXPECT_EQ(fleet_->Find("web1")->samples_stored(), 2u);
}

TEST_F(IngestSessionTest, ALaterDefinitionReplacesAnEarlierOne) {
  Hello();
  Define(1, "cpu");
  Define(1, "memory");
  Send(1, {1});
  EXPECT_EQ(writer_.LabelsOf(writer_.stored()[0].blocks[0].series[0]).Get("__name__"), "memory");
}

TEST_F(IngestSessionTest, AnotherEpochEmptiesTheDictionary) {
  Hello();
  Define(1, "cpu");
  Define(2, "memory", 2);
  Send(1, {1, 2});
  ASSERT_EQ(LastAck().rejected_size(), 1);
  EXPECT_EQ(LastAck().rejected(0).reason(), "unknown_series");
  EXPECT_EQ(LastAck().rejected(0).samples(), 1u);
  EXPECT_THAT(LastAck().rejected(0).example(), HasSubstr("series id 1 was not defined"));
  EXPECT_EQ(fleet_->Find("web1")->samples_rejected(), 1u);
}

TEST_F(IngestSessionTest, TakesAnIdFarOutsideTheDenseRange) {
  Hello();
  Define(4'194'304, "cpu");
  Send(1, {4'194'304});
  EXPECT_EQ(writer_.stored()[0].blocks[0].series.size(), 1u);
}

TEST_F(IngestSessionTest, RejectsSeriesPastTheHostsLimit) {
  Hello();
  for (uint32_t id = 1; id <= 4; ++id) Define(id, absl::StrCat("m", id));
  Send(1, {1, 2, 3, 4});
  EXPECT_EQ(writer_.stored()[0].blocks[0].series.size(), 3u);
  ASSERT_EQ(LastAck().rejected_size(), 1);
  EXPECT_EQ(LastAck().rejected(0).reason(), "series_limit");
  EXPECT_THAT(LastAck().rejected(0).example(), HasSubstr("series m4: host web1 has 3 series"));
}

TEST_F(IngestSessionTest, RejectsSeriesPastTheStoresLimit) {
  writer_.LimitSeries(1);
  Hello();
  Define(1, "m1");
  Define(2, "m2");
  Send(1, {1, 2});
  EXPECT_EQ(LastAck().rejected(0).reason(), "series_limit");
  EXPECT_THAT(LastAck().rejected(0).example(), HasSubstr("the store has 1 of 1"));
}

TEST_F(IngestSessionTest, PassesOnWhatTheStoreRejects) {
  Hello();
  Define(1, "m1");
  writer_.AcceptTimes({clock_.NowMillis() + 1, INT64_MAX});
  Send(1, {1});
  EXPECT_EQ(LastAck().rejected(0).reason(), "too_old");
  writer_.AcceptTimes({0, clock_.NowMillis() - 1});
  Send(2, {1});
  EXPECT_EQ(LastAck().rejected(0).reason(), "too_new");
  EXPECT_EQ(LastAck().sequence(), 2u);
}

TEST_F(IngestSessionTest, AcknowledgesARepeatAndDoesNotStoreItAgain) {
  Hello();
  Define(1, "m1");
  Send(1, {1});
  Reconnect();
  Hello();
  Define(1, "m1");
  Send(1, {1});
  EXPECT_THAT(replies_.Acks(), ElementsAre(1));
  EXPECT_EQ(writer_.stored().size(), 1u);
  EXPECT_EQ(counters_.Get("ora_ingest_repeated_batches_total").Value(), 1u);
}

TEST_F(IngestSessionTest, WantsSequencesToRise) {
  Hello();
  Send(5, {});
  Send(5, {});
  ExpectEnd(absl::StatusCode::kInvalidArgument, "batch.sequence: is 5 after 5");
  EXPECT_THAT(replies_.Acks(), ElementsAre(5));
}

TEST_F(IngestSessionTest, RefusesAnIdThatComesTwiceInABlock) {
  Hello();
  Define(1, "m1");
  Send(1, {1, 1});
  ExpectEnd(absl::StatusCode::kInvalidArgument, "series id 1 comes twice");
}

TEST_F(IngestSessionTest, AcknowledgesOnlyWhatIsDurable) {
  writer_.Hold();
  Hello();
  Send(1, {});
  Send(2, {});
  EXPECT_THAT(replies_.Acks(), IsEmpty());
  ASSERT_TRUE(writer_.Complete());
  EXPECT_THAT(replies_.Acks(), ElementsAre(1));
  ASSERT_TRUE(writer_.Complete());
  EXPECT_THAT(replies_.Acks(), ElementsAre(1, 2));
}

TEST_F(IngestSessionTest, HandsBatchesToTheStoreWithoutWaiting) {
  writer_.Hold();
  Hello();
  for (uint64_t sequence = 1; sequence <= 16; ++sequence) Send(sequence, {});
  EXPECT_EQ(writer_.waiting(), 16u);
}

TEST_F(IngestSessionTest, AStreamHasOneBatchWithTheStoreWhenAllTogetherHaveTheMost) {
  Configure({.streams_max = 2, .outstanding_bytes_max = 64 << 10, .pipelined_batches_max = 3});
  writer_.Hold();
  Hello();
  for (uint64_t sequence = 1; sequence <= 5; ++sequence) Send(sequence, {});
  EXPECT_EQ(writer_.waiting(), 3u);
  Replies other_replies;
  const std::unique_ptr<IngestSession> other = *ingest_->Open(other_replies);
  v1::StreamRequest request = HelloFrom("web2");
  request.mutable_hello()->set_collector_id("c2");
  other->Receive(request);
  for (uint64_t sequence = 1; sequence <= 2; ++sequence) {
    request.mutable_batch()->set_sequence(sequence);
    other->Receive(request);
  }
  EXPECT_EQ(writer_.waiting(), 4u);
  while (writer_.Complete()) {
  }
  EXPECT_THAT(replies_.Acks(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(other_replies.Acks(), ElementsAre(1, 2));
}

TEST_F(IngestSessionTest, BatchesThatWaitAreDroppedWithTheStream) {
  Configure({.streams_max = 2, .outstanding_bytes_max = 64 << 10, .pipelined_batches_max = 1});
  writer_.Hold();
  Hello();
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) Send(sequence, {});
  EXPECT_EQ(writer_.waiting(), 1u);
  session_->Close();
  ASSERT_TRUE(writer_.Complete());
  EXPECT_EQ(writer_.waiting(), 0u);
}

TEST_F(IngestSessionTest, StoresNothingAfterABatchThatFailed) {
  writer_.Hold();
  Hello();
  for (uint64_t sequence = 1; sequence <= 4; ++sequence) Send(sequence, {});
  ASSERT_TRUE(writer_.Complete());
  ASSERT_TRUE(writer_.CompleteWith(absl::UnavailableError("disk refused")));
  ExpectEnd(absl::StatusCode::kUnavailable, "batch 2: disk refused");
  Send(5, {});
  ASSERT_TRUE(writer_.Complete());
  ASSERT_TRUE(writer_.Complete());
  EXPECT_THAT(replies_.Acks(), ElementsAre(1));
  EXPECT_FALSE(writer_.Complete());
  EXPECT_EQ(writer_.stored().size(), 1u);
}

TEST_F(IngestSessionTest, ARefusedBatchInTheMiddleIsDeliveredByTheNextStream) {
  writer_.Hold();
  Hello();
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) Send(sequence, {});
  ASSERT_TRUE(writer_.Complete());
  ASSERT_TRUE(writer_.CompleteWith(absl::ResourceExhaustedError("store is full")));
  ASSERT_TRUE(writer_.Complete());
  ExpectEnd(absl::StatusCode::kResourceExhausted, "batch 2: store is full");
  Reconnect();
  Hello();
  EXPECT_EQ(replies_.responses.at(0).welcome().durable_sequence(), 1u);
  for (uint64_t sequence = 2; sequence <= 3; ++sequence) Send(sequence, {});
  while (writer_.Complete()) {
  }
  EXPECT_THAT(replies_.Acks(), ElementsAre(2, 3));
  EXPECT_EQ(writer_.stored().size(), 3u);
  EXPECT_EQ(counters_.Get("ora_ingest_repeated_batches_total").Value(), 0u);
}

TEST_F(IngestSessionTest, WhatAStreamLeftBehindIsDeliveredByTheNextOne) {
  writer_.Hold();
  Hello();
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) Send(sequence, {});
  ASSERT_TRUE(writer_.Complete());
  Reconnect();
  Hello();
  EXPECT_EQ(replies_.responses.at(0).welcome().durable_sequence(), 1u);
  for (uint64_t sequence = 2; sequence <= 3; ++sequence) Send(sequence, {});
  while (writer_.Complete()) {
  }
  EXPECT_THAT(replies_.Acks(), ElementsAre(2, 3));
  EXPECT_EQ(writer_.stored().size(), 3u);
}

TEST_F(IngestSessionTest, EndsWhenTheStoreIsFull) {
  Hello();
  writer_.RefuseWith(absl::ResourceExhaustedError("queue is full"));
  Send(1, {});
  ExpectEnd(absl::StatusCode::kResourceExhausted, "batch 1: queue is full");
}

TEST_F(IngestSessionTest, TellsACollectorToComeAgainWhenTheStoreIsFenced) {
  writer_.Hold();
  Hello();
  Send(1, {});
  ASSERT_TRUE(writer_.CompleteWith(absl::FailedPreconditionError("fenced")));
  ExpectEnd(absl::StatusCode::kUnavailable, "batch 1: fenced");
}

TEST_F(IngestSessionTest, LimitsUnacknowledgedBytes) {
  writer_.Hold();
  Hello();
  Define(1, "m1");
  v1::StreamRequest request;
  v1::SampleBlock* block = request.mutable_batch()->add_blocks();
  for (uint32_t id = 1; id <= 100'000; ++id) {
    block->add_series_ids(id);
    block->add_values(1);
  }
  uint64_t sequence = 0;
  uint64_t bytes = 0;
  while (replies_.end.ok() && bytes < (uint64_t{64} << 20)) {
    request.mutable_batch()->set_sequence(++sequence);
    session_->Receive(request);
    bytes += request.batch().ByteSizeLong();
  }
  ExpectEnd(absl::StatusCode::kInvalidArgument, "welcome.outstanding_bytes_max is 65536");
  EXPECT_GT(bytes, (uint64_t{4} << 20) + 65'536);
  EXPECT_LT(bytes, (uint64_t{8} << 20));
}

TEST_F(IngestSessionTest, EndsAStreamWhosePlaceWasTaken) {
  Hello();
  Replies newer;
  const std::unique_ptr<IngestSession> second = *ingest_->Open(newer);
  second->Receive(HelloFrom("web1"));
  Send(1, {});
  ExpectEnd(absl::StatusCode::kFailedPrecondition, "a newer stream of instance web1");
  EXPECT_TRUE(newer.end.ok());
  session_->Close();
  EXPECT_EQ(fleet_->Find("web1")->state(), v1::HOST_STATE_LIVE);
}

TEST_F(IngestSessionTest, KeepsTheHostAliveByHeartbeats) {
  Hello();
  clock_.Advance(absl::Seconds(15));
  EXPECT_EQ(fleet_->Find("web1")->state(), v1::HOST_STATE_SILENT);
  v1::StreamRequest request;
  request.mutable_heartbeat()->set_spool_bytes(77);
  session_->Receive(request);
  EXPECT_EQ(fleet_->Find("web1")->state(), v1::HOST_STATE_LIVE);
  EXPECT_EQ(fleet_->Find("web1")->spool_bytes(), 77u);
}

TEST_F(IngestSessionTest, RepliesNothingAfterClose) {
  writer_.Hold();
  Hello();
  Send(1, {});
  Send(2, {});
  session_->Close();
  session_.reset();
  const size_t replies = replies_.responses.size();
  ASSERT_TRUE(writer_.Complete());
  ASSERT_TRUE(writer_.Complete());
  EXPECT_EQ(replies_.responses.size(), replies);
  EXPECT_EQ(fleet_->Find("web1")->state(), v1::HOST_STATE_SILENT);
}

TEST_F(IngestSessionTest, OpensNoMoreStreamsThanAllowed) {
  Replies second_replies;
  Replies third_replies;
  const auto second = ingest_->Open(second_replies);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(ingest_->Open(third_replies).status().code(), absl::StatusCode::kResourceExhausted);
  (*second)->Close();
  EXPECT_EQ(ingest_->streams_open(), 1u);
  EXPECT_TRUE(ingest_->Open(third_replies).ok());
}

}  // namespace
}  // namespace ora::aggregator
