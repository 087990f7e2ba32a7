#include "aggregator/aggregator.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ora/v1/admin_service.grpc.pb.h"
#include "ora/v1/alert_service.grpc.pb.h"
#include "ora/v1/fleet_service.grpc.pb.h"
#include "ora/v1/ingest_service.grpc.pb.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "proto/contract/config_checks.h"
#include "proto/transport/channel.h"
#include "storage/env/posix_file_system.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::aggregator {
namespace {

using ::testing::HasSubstr;

class AggregatorTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/aggregator_test_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    Start();
  }

  void TearDown() override { Stop(); }

  void Start() {
    config::v1::AggregatorConfig config;
    config.set_listen("127.0.0.1:0");
    config.set_storage_uri("file://" + directory_);
    config.mutable_storage()->mutable_commit_gather();  // None: the clock stands still.
    contract::FillDefaults(config);
    auto started = Aggregator::Start(config, {clock_, files_, log_, counters_});
    ASSERT_TRUE(started.ok()) << started.status();
    aggregator_ = *std::move(started);
    channel_ = aggregator_->InProcessChannel();
  }

  void Stop() {
    channel_.reset();
    aggregator_.reset();
  }

  using IngestStream = grpc::ClientReaderWriter<v1::StreamRequest, v1::StreamResponse>;

  // Says hello as web1; true if it is welcome.
  static bool Greet(IngestStream& stream) {
    v1::StreamRequest hello;
    hello.mutable_hello()->set_collector_id("c1");
    hello.mutable_hello()->set_incarnation(7);
    hello.mutable_hello()->set_instance("web1");
    v1::StreamResponse response;
    return stream.Write(hello) && stream.Read(&response) && response.has_welcome();
  }

  // Says hello as web1 and sends one batch; true if both are answered.
  bool Deliver(uint64_t sequence, double value) {
    const auto stub = v1::IngestService::NewStub(channel_);
    grpc::ClientContext context;
    const auto stream = stub->Stream(&context);
    v1::StreamResponse response;
    if (!Greet(*stream)) return false;
    v1::StreamRequest request = BatchOf(sequence, value);
    if (!stream->Write(request) || !stream->Read(&response)) return false;
    const bool acknowledged = response.ack().sequence() == sequence;
    stream->WritesDone();
    return acknowledged && stream->Finish().ok();
  }

  v1::StreamRequest BatchOf(uint64_t sequence, double value) {
    v1::StreamRequest request;
    v1::Batch* batch = request.mutable_batch();
    batch->set_sequence(sequence);
    batch->mutable_definitions()->set_epoch(1);
    v1::SeriesDefinition* definition = batch->mutable_definitions()->add_series();
    definition->set_id(1);
    const std::vector<std::pair<std::string, std::string>> labels = {{"__name__", "load"},
                                                                     {"instance", "web1"}};
    for (const auto& [name, text] : labels) {
      v1::Label* label = definition->mutable_labels()->add_labels();
      label->set_name(name);
      label->set_value(text);
    }
    v1::SampleBlock* block = batch->add_blocks();
    block->set_time_millis(clock_.NowMillis());
    block->add_series_ids(1);
    block->add_values(value);
    return request;
  }

  grpc::Status Ask(const std::string& expression, v1::QueryResponse* response) {
    grpc::ClientContext context;
    v1::QueryRequest request;
    request.set_expression(expression);
    return v1::QueryService::NewStub(channel_)->Query(&context, request, response);
  }

  std::string directory_;
  fakes::ManualClock clock_;
  storage::PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::unique_ptr<Aggregator> aggregator_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(AggregatorTest, AnswersWithWhatACollectorDelivered) {
  ASSERT_TRUE(Deliver(1, 4.5));
  v1::QueryResponse response;
  const grpc::Status status = Ask("load", &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.vector().series_size(), 1);
  EXPECT_EQ(response.vector().series(0).sample().value(), 4.5);
  EXPECT_EQ(response.statistics().samples_read(), 1u);
}

TEST_F(AggregatorTest, KeepsWhatWasAcknowledgedThroughARestart) {
  ASSERT_TRUE(Deliver(1, 4.5));
  Stop();
  Start();
  v1::QueryResponse response;
  ASSERT_TRUE(Ask("load", &response).ok());
  EXPECT_EQ(response.vector().series_size(), 1);
  EXPECT_TRUE(aggregator_->fleet().Hosts().empty() || Deliver(2, 5));
}

TEST_F(AggregatorTest, StreamsARangeInOrder) {
  ASSERT_TRUE(Deliver(1, 1));
  clock_.Advance(absl::Seconds(10));
  ASSERT_TRUE(Deliver(2, 2));
  grpc::ClientContext context;
  v1::QueryRangeRequest request;
  request.set_expression("load");
  const int64_t end = absl::ToUnixSeconds(clock_.Now());
  request.mutable_start()->set_seconds(end - 10);
  request.mutable_end()->set_seconds(end);
  request.mutable_step()->set_seconds(10);
  const auto reader = v1::QueryService::NewStub(channel_)->QueryRange(&context, request);
  v1::QueryRangeResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(response.series_size(), 1);
  EXPECT_THAT(response.series(0).values(), testing::ElementsAre(1, 2));
  EXPECT_TRUE(response.has_statistics());
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(AggregatorTest, ExplainsAQueryWithTheCostOfEachNode) {
  ASSERT_TRUE(Deliver(1, 4.5));
  v1::QueryRequest request;
  request.set_expression("sum(max_over_time(load[1m]) * 2)");
  request.set_explain(true);
  grpc::ClientContext context;
  v1::QueryResponse response;
  ASSERT_TRUE(v1::QueryService::NewStub(channel_)->Query(&context, request, &response).ok());
  EXPECT_EQ(response.statistics().samples_returned(), 1u);
  std::vector<std::string> nodes;
  for (const v1::QueryNode& node : response.statistics().nodes()) {
    nodes.push_back(absl::StrCat(node.depth(), " ", node.text(), " ", node.samples_read(), " ",
                                 node.series(), " ", node.series_selected()));
    EXPECT_TRUE(node.has_cpu_time());
  }
  EXPECT_THAT(nodes, testing::ElementsAre("0 sum(max_over_time(load[1m]) * 2) 1 1 1",
                                          "1 max_over_time(load[1m]) * 2 1 1 1",
                                          "2 max_over_time(load[1m]) 1 1 1", "2 2 0 0 0"));
}

TEST_F(AggregatorTest, TellsWhatIsKnownOfMetricsAPageAtATime) {
  ASSERT_TRUE(Deliver(1, 1));
  v1::ListMetadataRequest request;
  request.set_metric("load");
  grpc::ClientContext context;
  v1::ListMetadataResponse response;
  ASSERT_TRUE(v1::QueryService::NewStub(channel_)->ListMetadata(&context, request, &response).ok());
  ASSERT_EQ(response.metrics_size(), 1);
  EXPECT_EQ(response.metrics(0).type(), v1::METRIC_TYPE_UNSPECIFIED);
  request.set_metric("");
  request.set_page_size(1);
  std::vector<std::string> names;
  do {
    grpc::ClientContext next;
    ASSERT_TRUE(v1::QueryService::NewStub(channel_)->ListMetadata(&next, request, &response).ok());
    ASSERT_EQ(response.metrics_size(), 1);
    names.push_back(response.metrics(0).name());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, testing::Contains("load"));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST_F(AggregatorTest, ServesHttpOnAFreePortBesideGrpc) {
  EXPECT_THAT(aggregator_->http_address(), testing::StartsWith("127.0.0.1:"));
  EXPECT_NE(aggregator_->http_address(), aggregator_->address());
}

TEST_F(AggregatorTest, NamesTheFieldThatIsWrong) {
  v1::QueryResponse response;
  const grpc::Status status = Ask("", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("expression: is empty"));
}

TEST_F(AggregatorTest, PagesThroughLabelNames) {
  ASSERT_TRUE(Deliver(1, 1));
  v1::ListLabelNamesRequest request;
  request.set_page_size(1);
  request.add_selectors("load");
  std::vector<std::string> names;
  do {
    grpc::ClientContext context;
    v1::ListLabelNamesResponse response;
    ASSERT_TRUE(
        v1::QueryService::NewStub(channel_)->ListLabelNames(&context, request, &response).ok());
    ASSERT_EQ(response.names_size(), 1);
    names.push_back(response.names(0));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, testing::ElementsAre("__name__", "instance"));
}

TEST_F(AggregatorTest, KnowsItsHostsAndFigures) {
  ASSERT_TRUE(Deliver(1, 1));
  grpc::ClientContext context;
  v1::Host host;
  v1::GetHostRequest request;
  request.set_instance("web1");
  ASSERT_TRUE(v1::FleetService::NewStub(channel_)->GetHost(&context, request, &host).ok());
  EXPECT_EQ(host.durable_sequence(), 1u);
  grpc::ClientContext status_context;
  v1::GetStatusResponse status;
  ASSERT_TRUE(v1::AdminService::NewStub(channel_)->GetStatus(&status_context, {}, &status).ok());
  EXPECT_EQ(status.storage().samples_ingested(), 1u);
  EXPECT_GT(status.process().resident_bytes(), 0u);
  EXPECT_EQ(status.hosts_live() + status.hosts_silent(), 1u);
}

TEST_F(AggregatorTest, TellsWhoMakesTheSeries) {
  ASSERT_TRUE(Deliver(1, 1));
  grpc::ClientContext context;
  v1::GetCardinalityResponse report;
  ASSERT_TRUE(v1::AdminService::NewStub(channel_)->GetCardinality(&context, {}, &report).ok());
  EXPECT_EQ(report.series(), static_cast<uint64_t>(report.series_new()));
  EXPECT_GE(report.series_max(), report.series());
  const auto counts = [](const auto& list, const std::string& name) {
    for (const v1::NamedCount& one : list) {
      if (one.name() == name) return one.count();
    }
    return uint64_t{0};
  };
  EXPECT_EQ(counts(report.metrics(), "load"), 1u);
  EXPECT_EQ(counts(report.churn(), "load"), 1u);
  EXPECT_GE(counts(report.hosts(), "web1"), 1u);
  EXPECT_EQ(counts(report.label_pairs(), "instance=\"web1\""), counts(report.hosts(), "web1"));
}

TEST_F(AggregatorTest, SaysWhatADeletionWouldTakeAndLeavesIt) {
  ASSERT_TRUE(Deliver(1, 4.5));
  grpc::ClientContext context;
  v1::DeleteSeriesRequest request;
  request.set_selector("load");
  v1::DeleteSeriesResponse deletion;
  const auto admin = v1::AdminService::NewStub(channel_);
  ASSERT_TRUE(admin->DeleteSeries(&context, request, &deletion).ok());
  EXPECT_EQ(deletion.series(), 1u);
  EXPECT_FALSE(deletion.applied());
  ASSERT_EQ(deletion.examples_size(), 1);
  EXPECT_EQ(deletion.examples(0).labels(0).value(), "load");
  v1::QueryResponse response;
  ASSERT_TRUE(Ask("load", &response).ok());
  EXPECT_EQ(response.vector().series_size(), 1);
}

TEST_F(AggregatorTest, RefusesADeletionThatChoosesNothing) {
  for (const char* selector : {"{}", "{a=~\".*\"}", "up + up", "load["}) {
    grpc::ClientContext context;
    v1::DeleteSeriesRequest request;
    request.set_selector(selector);
    request.set_apply(true);
    v1::DeleteSeriesResponse deletion;
    const grpc::Status status =
        v1::AdminService::NewStub(channel_)->DeleteSeries(&context, request, &deletion);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << selector;
    EXPECT_THAT(status.error_message(), HasSubstr("selector: 1:")) << selector;
  }
}

TEST_F(AggregatorTest, SaysThatAnAlertIsNotThere) {
  grpc::ClientContext context;
  v1::GetAlertRequest request;
  request.set_id("00");
  v1::Alert alert;
  const grpc::Status status =
      v1::AlertService::NewStub(channel_)->GetAlert(&context, request, &alert);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(AggregatorTest, TakesAllThatAStreamSaysAfterItWasQuiet) {
  grpc::ClientContext context;
  const auto stub = v1::IngestService::NewStub(channel_);
  const auto stream = stub->Stream(&context);
  ASSERT_TRUE(Greet(*stream));
  v1::StreamResponse response;
  uint64_t sequence = 0;
  for (int burst = 0; burst < 3; ++burst) {
    clock_.Advance(absl::Seconds(1));
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(stream->Write(BatchOf(++sequence, 1)));
    while (response.ack().sequence() < sequence) ASSERT_TRUE(stream->Read(&response));
  }
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(stream->Write(BatchOf(++sequence, 1)));
  ASSERT_TRUE(stream->WritesDone());
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(response.ack().sequence(), sequence);
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(AggregatorTest, LetsAQuietStreamGoThatBreaksOffBehindABatch) {
  grpc::ClientContext context;
  const auto stub = v1::IngestService::NewStub(channel_);
  const auto stream = stub->Stream(&context);
  ASSERT_TRUE(Greet(*stream));
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(stream->Write(BatchOf(1, 1)));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  Stop();  // Which waits for every call.
}

TEST_F(AggregatorTest, EndsAStreamThatIsSilent) {
  const auto stub = v1::IngestService::NewStub(channel_);
  grpc::ClientContext context;
  const auto stream = stub->Stream(&context);
  v1::StreamRequest hello;
  hello.mutable_hello()->set_collector_id("c1");
  hello.mutable_hello()->set_incarnation(7);
  hello.mutable_hello()->set_instance("web1");
  v1::StreamResponse response;
  ASSERT_TRUE(stream->Write(hello));
  ASSERT_TRUE(stream->Read(&response));
  clock_.Advance(absl::Seconds(16));
  EXPECT_FALSE(stream->Read(&response));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("nothing was received for 15s"));
}

TEST_F(AggregatorTest, AsksStreamsToEndWhenItStops) {
  const auto stub = v1::IngestService::NewStub(*MakeChannel(aggregator_->address()));
  grpc::ClientContext context;
  const auto stream = stub->Stream(&context);
  v1::StreamRequest hello;
  hello.mutable_hello()->set_collector_id("c1");
  hello.mutable_hello()->set_incarnation(7);
  hello.mutable_hello()->set_instance("web1");
  v1::StreamResponse response;
  ASSERT_TRUE(stream->Write(hello));
  ASSERT_TRUE(stream->Read(&response));
  aggregator_->Stop();
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("stopping"));
}

TEST(AggregatorConfigTest, RefusesARetentionRuleWhoseSelectorIsNone) {
  storage::PosixFileSystem files;
  config::v1::AggregatorConfig config;
  config::v1::RetentionRule& rule = *config.mutable_storage()->add_retention_rules();
  rule.set_name("debug");
  rule.mutable_retention()->set_seconds(7'200);
  for (const char* match : {"debug_.*", "rate(up[5m])", "up offset 5m", "{job=\"\"}"}) {
    rule.set_match(match);
    const absl::Status status = CheckConfig(config, files);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << match;
    EXPECT_THAT(std::string(status.message()), HasSubstr("storage.retention_rules[0].match: "));
  }
  for (const char* match : {"up", "{__name__=~\"debug_.*\"}", "up{job=\"node\",a!=\"b\"}"}) {
    rule.set_match(match);
    EXPECT_EQ(CheckConfig(config, files), absl::OkStatus()) << match;
  }
}

}  // namespace
}  // namespace ora::aggregator
