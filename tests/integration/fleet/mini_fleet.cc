#include "tests/integration/fleet/mini_fleet.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/engine.h"
#include "ora/v1/alert_service.grpc.pb.h"
#include "proto/contract/config_checks.h"
#include "proto/transport/channel.h"
#include "storage/env/real_clock.h"

namespace ora::integration {
namespace {

constexpr absl::Duration kSampleInterval = absl::Seconds(10);
constexpr absl::Duration kArrivalMax = absl::Seconds(30);  // Real time, for a busy machine.
constexpr absl::Duration kLook = absl::Milliseconds(2);

std::string MakeDirectory() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string directory =
      absl::StrCat(testing::TempDir(), "mini_fleet_", test->name(), "_", getpid());
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory + "/logs");
  return directory;
}

}  // namespace

MiniFleet::MiniFleet(config::v1::CollectorConfig collector)
    : collector_config_(std::move(collector)), directory_(MakeDirectory()) {
  StartAggregator();
  StartCollector();
}

MiniFleet::~MiniFleet() {
  collector_.reset();
  aggregator_.reset();
  std::filesystem::remove_all(directory_);
}

void MiniFleet::StartAggregator() {
  config::v1::AggregatorConfig config;
  config.set_listen("127.0.0.1:0");
  config.set_storage_uri(absl::StrCat("file://", directory_, "/store"));
  config.mutable_alerts()->mutable_evaluation_interval()->set_seconds(3600);  // Judge() does it.
  config.mutable_storage()->mutable_commit_gather();  // None: the clock stands still.
  contract::FillDefaults(config);
  ASSERT_EQ(contract::Validate(config), absl::OkStatus());
  auto started = aggregator::Aggregator::Start(
      config, {.clock = clock_, .files = files_, .log = log_, .counters = aggregator_counters_});
  ASSERT_TRUE(started.ok()) << started.status();
  aggregator_ = *std::move(started);
}

void MiniFleet::StartCollector() {
  config::v1::CollectorConfig config = collector_config_;
  config.set_aggregator(aggregator_->address());
  config.set_collector_id("host-a-collector");
  config.set_instance("host-a");
  config.set_state_directory(directory_ + "/collector");
  config.add_logs()->add_include(directory_ + "/logs/*.log");
  config.mutable_processes()->set_disabled(true);
  config.mutable_host()->set_disabled(true);
  contract::FillDefaults(config);
  ASSERT_EQ(contract::Validate(config), absl::OkStatus());
  auto channel = MakeChannel(aggregator_->address());
  ASSERT_TRUE(channel.ok()) << channel.status();
  auto started = collector::Collector::Start(
      config, {.clock = clock_, .files = files_, .log = log_, .counters = collector_counters_},
      *std::move(channel));
  ASSERT_TRUE(started.ok()) << started.status();
  collector_ = *std::move(started);
}

void MiniFleet::RestartCollector() {
  collector_.reset();
  StartCollector();
}

void MiniFleet::RestartAggregator() {
  collector_.reset();
  aggregator_.reset();
  StartAggregator();
  StartCollector();
}

void MiniFleet::Append(const std::string& log, absl::string_view text) {
  auto file = files_.OpenForAppend(absl::StrCat(directory_, "/logs/", log));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Append(text).ok());
}

void MiniFleet::Advance(absl::Duration by) {
  for (absl::Duration moved; moved < by; moved += kSampleInterval) {
    clock_.Advance(kSampleInterval);
    AwaitSamplesOfNow();
  }
}

void MiniFleet::AwaitSamplesOfNow() {
  storage::RealClock real;
  absl::Mutex mutex;
  bool never = false;
  const absl::Duration start = real.Monotonic();
  const double now = absl::ToDoubleSeconds(clock_.Now() - absl::UnixEpoch());
  while (Value("max(timestamp(ora_log_storage_bytes))") != now) {
    ASSERT_LT(real.Monotonic() - start, kArrivalMax)
        << "no samples of the logs arrived for " << clock_.Now();
    absl::MutexLock lock(&mutex);
    real.Await(mutex, absl::Condition(&never), kLook);
  }
}

absl::optional<double> MiniFleet::Value(const std::string& expression) {
  auto result = promql::Engine(aggregator_->store())
                    .Instant(expression, absl::ToUnixMillis(clock_.Now()), {});
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) return absl::nullopt;
  const auto* vector = std::get_if<promql::InstantVector>(&result->value);
  if (vector == nullptr || vector->size() != 1) return absl::nullopt;
  return vector->front().value;
}

absl::optional<v1::Alert> MiniFleet::Judge(const std::string& rule, const std::string& log) {
  EXPECT_EQ(aggregator_->rules().EvaluateOnce(), absl::OkStatus());
  const std::string path = absl::StrCat(directory_, "/logs/", log);
  for (const v1::Alert& alert : aggregator_->rules().Alerts()) {
    if (alert.rule() != rule || alert.state() != v1::ALERT_STATE_FIRING) continue;
    for (const v1::Label& label : alert.labels().labels()) {
      if (label.name() == "log" && label.value() == path) return alert;
    }
  }
  return absl::nullopt;
}

std::string MiniFleet::Report(const v1::Alert& alert) {
  const auto stub = v1::AlertService::NewStub(aggregator_->InProcessChannel());
  grpc::ClientContext context;
  v1::GetAlertReportRequest request;
  request.set_id(alert.id());
  v1::GetAlertReportResponse response;
  const grpc::Status status = stub->GetAlertReport(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.markdown();
}

}  // namespace ora::integration
