// A query of all series over a day runs; collectors, rules and other queries do not wait for it.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/aggregator.h"
#include "ora/v1/ingest_service.grpc.pb.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "proto/contract/config_checks.h"
#include "storage/env/posix_file_system.h"
#include "storage/series_writer.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::aggregator {
namespace {

constexpr size_t kSeries = 200;
constexpr int64_t kStepMillis = 10'000;
constexpr int64_t kSteps = 24 * 360;
constexpr int64_t kStepsABatch = 120;
constexpr int kBatches = 50;
constexpr int kHeavyTerms = 25;  // Of the heavy query; together within the limit of samples.
constexpr char kRule[] = R"(
groups:
  - name: g
    rules:
      - {record: 'load:sum', expr: sum(load)}
      - {alert: Loaded, expr: 'load:sum > 0'}
)";

class HeavyQueryTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/heavy_query_test";
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    ASSERT_TRUE(files_.ReplaceWhole(directory_ + "/r.yml", kRule).ok());
    config::v1::AggregatorConfig config;
    config.set_listen("127.0.0.1:0");
    config.set_storage_uri("file://" + directory_ + "/store");
    config.mutable_storage()->mutable_commit_gather();  // None: the clock stands still.
    config.mutable_rules()->add_files(directory_ + "/r.yml");
    contract::FillDefaults(config);
    auto started = Aggregator::Start(config, {clock_, files_, log_, counters_});
    ASSERT_TRUE(started.ok()) << started.status();
    aggregator_ = *std::move(started);
    channel_ = grpc::CreateChannel(aggregator_->address(), grpc::InsecureChannelCredentials());
    FillADay();
  }

  void FillADay() {
    storage::TimeSeriesStore& store = aggregator_->store();
    std::vector<storage::SeriesRef> refs;
    for (size_t i = 0; i < kSeries; ++i) {
      const auto ref = store.Intern(
          "web1", {{"__name__", "load"}, {"i", absl::StrCat(i)}, {"instance", "web1"}});
      ASSERT_TRUE(ref.ok()) << ref.status();
      refs.push_back(*ref);
    }
    const int64_t begin = clock_.NowMillis() - kSteps * kStepMillis;
    std::vector<double> values(kSeries);
    for (int64_t step = 0; step < kSteps; step += kStepsABatch) {
      storage::WriteBatch batch;
      batch.instance = "web1";
      for (int64_t i = step; i < step + kStepsABatch; ++i) {
        for (size_t k = 0; k < kSeries; ++k) values[k] = static_cast<double>((i * 7 + k) % 101);
        batch.blocks.push_back({begin + (i + 1) * kStepMillis, refs, values});
      }
      const auto outcome = storage::WriteAndWait(store, std::move(batch));
      ASSERT_TRUE(outcome.ok()) << outcome.status();
    }
  }

  // Delivers batches of one sample each, one after the other; how many were acknowledged.
  int Deliver(int batches) {
    const auto stub = v1::IngestService::NewStub(channel_);
    grpc::ClientContext context;
    const auto stream = stub->Stream(&context);
    v1::StreamRequest hello;
    hello.mutable_hello()->set_collector_id("c2");
    hello.mutable_hello()->set_incarnation(1);
    hello.mutable_hello()->set_instance("web2");
    v1::StreamResponse response;
    if (!stream->Write(hello) || !stream->Read(&response)) return 0;
    int acknowledged = 0;
    for (int i = 0; i < batches; ++i) {
      v1::StreamRequest request;
      v1::Batch& batch = *request.mutable_batch();
      batch.set_sequence(static_cast<uint64_t>(i) + 1);
      if (i == 0) Define(*batch.mutable_definitions());
      v1::SampleBlock& block = *batch.add_blocks();
      block.set_time_millis(clock_.NowMillis() - batches + i);
      block.add_series_ids(1);
      block.add_values(i);
      if (!stream->Write(request) || !stream->Read(&response)) break;
      if (response.ack().sequence() == batch.sequence()) ++acknowledged;
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    return acknowledged;
  }
  static void Define(v1::SeriesDefinitions& definitions) {
    definitions.set_epoch(1);
    v1::SeriesDefinition& definition = *definitions.add_series();
    definition.set_id(1);
    for (const auto& [name, text] :
         {std::pair("__name__", "live"), std::pair("instance", "web2")}) {
      v1::Label& label = *definition.mutable_labels()->add_labels();
      label.set_name(name);
      label.set_value(text);
    }
  }

  grpc::Status RunHeavyQuery(grpc::ClientContext& context) {
    v1::QueryRangeRequest request;
    std::string expression = "0";
    for (int i = 1; i <= kHeavyTerms; ++i) {
      absl::StrAppend(&expression, " + sum(quantile_over_time(", i, " / ", kHeavyTerms + 1,
                      R"(, {__name__=~".+"}[1h])))");
    }
    request.set_expression(expression);
    const int64_t now = clock_.NowMillis() / 1'000;
    request.mutable_start()->set_seconds(now - kSteps * kStepMillis / 1'000);
    request.mutable_end()->set_seconds(now);
    request.mutable_step()->set_seconds(kStepMillis / 1'000);
    const auto reader = v1::QueryService::NewStub(channel_)->QueryRange(&context, request);
    v1::QueryRangeResponse part;
    while (reader->Read(&part)) {
    }
    return reader->Finish();
  }

  std::string directory_;
  fakes::ManualClock clock_;
  storage::PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::unique_ptr<Aggregator> aggregator_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(HeavyQueryTest, BatchesAreAcknowledgedRulesEvaluatedAndQueriesAnsweredBesideIt) {
  storage::Counter& calls = counters_.Get("ora_server_calls_total");
  const uint64_t calls_before = calls.Value();
  grpc::ClientContext context;
  std::atomic<bool> ended{false};
  grpc::Status heavy;
  std::thread caller([&] {
    heavy = RunHeavyQuery(context);
    ended = true;
  });
  while (calls.Value() == calls_before && !ended) std::this_thread::yield();

  EXPECT_EQ(Deliver(kBatches), kBatches);
  EXPECT_TRUE(aggregator_->rules().EvaluateOnce().ok());
  v1::QueryResponse quick;
  grpc::ClientContext quick_context;
  v1::QueryRequest request;
  request.set_expression("live");
  EXPECT_TRUE(v1::QueryService::NewStub(channel_)->Query(&quick_context, request, &quick).ok());
  EXPECT_FALSE(ended) << "the query is too light for this test";

  context.TryCancel();
  caller.join();
  EXPECT_EQ(heavy.error_code(), grpc::StatusCode::CANCELLED) << heavy.error_message();
  ASSERT_EQ(quick.vector().series_size(), 1);
  EXPECT_EQ(quick.vector().series(0).sample().value(), kBatches - 1);
  std::vector<std::string> firing;
  for (const v1::Alert& alert : aggregator_->rules().Alerts()) firing.push_back(alert.rule());
  EXPECT_THAT(firing, testing::ElementsAre("Loaded"));
}

}  // namespace
}  // namespace ora::aggregator
