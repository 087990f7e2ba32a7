#include "aggregator/aggregator.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "aggregator/admission/query_slots.h"
#include "aggregator/config/load_rules.h"
#include "aggregator/http/http_server.h"
#include "aggregator/http/prometheus_api.h"
#include "aggregator/ingest/ingest_session.h"
#include "aggregator/promql/engine.h"
#include "aggregator/rules/builtin_rules.h"
#include "aggregator/rules/recording/series_recorder.h"
#include "aggregator/rules/rule_book.h"
#include "aggregator/server/call_loop.h"
#include "aggregator/server/counter_series.h"
#include "aggregator/server/method_table.h"
#include "aggregator/server/server.h"
#include "aggregator/server/worker_pool.h"
#include "aggregator/services/admin_service.h"
#include "aggregator/services/alert_service.h"
#include "aggregator/services/evaluation.h"
#include "aggregator/services/fleet_service.h"
#include "aggregator/services/ingest_service.h"
#include "aggregator/services/log_service.h"
#include "aggregator/services/query_service.h"
#include "aggregator/services/rules/rule_service.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

constexpr int kSilentHeartbeats = 3;
constexpr size_t kHostNameBytesMax = 256;
constexpr size_t kWorkersMin = 4;

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::StatusOr<std::vector<storage::RetentionRule>> ToRetentionRules(
    const config::v1::StorageConfig& config) {
  std::vector<storage::RetentionRule> rules;
  for (int i = 0; i < config.retention_rules_size(); ++i) {
    const config::v1::RetentionRule& rule = config.retention_rules(i);
    absl::StatusOr<std::vector<storage::Matcher>> matchers = promql::ParseSelector(rule.match());
    if (!matchers.ok()) {
      return Annotate(matchers.status(), absl::StrCat("storage.retention_rules[", i, "].match"));
    }
    rules.push_back({rule.name(),
                     *std::move(matchers),
                     {.raw = ToDuration(rule.retention()),
                      .five_minutes = ToDuration(rule.retention_5m()),
                      .one_hour = ToDuration(rule.retention_1h())}});
  }
  return rules;
}

IngestOptions ToIngestOptions(const config::v1::IngestConfig& config) {
  IngestOptions options;
  options.streams_max = config.streams_max();
  options.outstanding_bytes_max = config.outstanding_bytes_max();
  options.heartbeat_interval = ToDuration(config.heartbeat_interval());
  options.series_per_host_max = config.series_per_host_max();
  return options;
}

absl::StatusOr<storage::TimeSeriesStoreOptions> StoreOptions(
    const config::v1::AggregatorConfig& config) {
  const config::v1::StorageConfig& store = config.storage();
  storage::TimeSeriesStoreOptions options;
  options.uri = config.storage_uri();
  options.retention = {.raw = ToDuration(store.retention()),
                       .five_minutes = ToDuration(store.retention_5m()),
                       .one_hour = ToDuration(store.retention_1h())};
  ORA_ASSIGN_OR_RETURN(options.retention_rules, ToRetentionRules(store));
  options.out_of_order_window = ToDuration(store.out_of_order_window());
  options.seal_interval = ToDuration(store.seal_interval());
  const IngestOptions ingest = ToIngestOptions(config.ingest());
  options.queue_batches_max = std::max<uint64_t>(
      options.queue_batches_max, uint64_t{2} * (ingest.pipelined_batches_max + ingest.streams_max));
  options.commit_gather = ToDuration(store.commit_gather());
  options.open_bytes_max = store.open_bytes_max();
  options.series_max = store.series_max();
  options.series_per_instance_max = config.ingest().series_per_host_max();
  options.free_bytes_floor = store.free_bytes_floor();
  options.disk_bytes_max = store.disk_bytes_max();
  return options;
}

RuleGroupOptions ToRuleGroupOptions(const config::v1::AlertConfig& config) {
  RuleGroupOptions options;
  options.name = "builtin";
  options.interval = ToDuration(config.evaluation_interval());
  options.resolved_retention = ToDuration(config.resolved_retention());
  if (!config.disabled()) options.rules = BuiltinRules(config);
  return options;
}

// Where HTTP is to be served; beside gRPC unless the configuration says otherwise.
std::string HttpListen(const config::v1::AggregatorConfig& config) {
  if (!config.http().listen().empty()) return config.http().listen();
  const std::string& listen = config.listen();
  const size_t colon = listen.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(listen.substr(colon + 1), &port) ||
      port == 0) {
    return listen;
  }
  return absl::StrCat(listen.substr(0, colon), ":", port + 1);
}

std::string HostName(storage::FileSystem& files) {
  const absl::StatusOr<std::string> name =
      files.ReadWhole("/proc/sys/kernel/hostname", kHostNameBytesMax);
  if (!name.ok()) return "aggregator";
  return std::string(absl::StripAsciiWhitespace(*name));
}

// Members are destroyed, and so stopped, in the reverse of the order in which they are built.
class RunningAggregator final : public Aggregator {
 public:
  RunningAggregator(const config::v1::AggregatorConfig& config, const Environment& environment)
      : config_(config), environment_(environment) {}

  ~RunningAggregator() override { Stop(); }

  absl::Status Build();
  absl::Status Serve();

  const std::string& address() const override { return server_->address(); }
  std::string http_address() const override { return http_ == nullptr ? "" : http_->address(); }
  std::shared_ptr<grpc::Channel> InProcessChannel() override { return server_->InProcessChannel(); }
  storage::TimeSeriesStore& store() override { return *store_; }
  Fleet& fleet() override { return *fleet_; }
  RuleBook& rules() override { return *rules_; }
  void ReloadRules() override;
  void Stop() override;

 private:
  CallEnvironment CallsOn(WorkerPool& workers) {
    return {workers, environment_.clock, environment_.counters.Get("ora_server_calls_total"),
            environment_.counters.Get("ora_server_failed_calls_total"),
            ToDuration(config_.query().timeout())};
  }
  CallEnvironment Calls() { return CallsOn(*workers_); }
  // Of calls that read samples or series: they may take long, and must not keep the others waiting.
  CallEnvironment QueryCalls() { return CallsOn(*query_workers_); }

  promql::QueryLimits Limits() const {
    promql::QueryLimits limits;
    limits.samples_max = config_.query().samples_max();
    limits.series_max = config_.query().series_max();
    limits.steps_max = config_.query().steps_max();
    limits.result_bytes_max = config_.query().result_bytes_max();
    return limits;
  }
  RecordFn Recording() {
    return [this](const std::string& source, const std::vector<EvaluatedSeries>& series,
                  int64_t time_millis) { return recorder_->Record(source, series, time_millis); };
  }
  void BuildWorkers();
  void BuildServices();
  absl::Status BuildRules();
  absl::StatusOr<std::vector<RuleGroupOptions>> RulesOfFiles();
  absl::Status ServeHttp();

  const config::v1::AggregatorConfig config_;
  const Environment environment_;
  bool stopped_ = false;
  std::unique_ptr<storage::TimeSeriesStore> store_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<promql::Engine> engine_;
  std::unique_ptr<SeriesRecorder> recorder_;
  std::unique_ptr<RuleBook> rules_;
  std::unique_ptr<CounterSeries> counter_series_;
  std::unique_ptr<QuerySlots> query_slots_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<WorkerPool> query_workers_;
  std::unique_ptr<IngestService> ingest_service_;
  std::unique_ptr<QueryService> query_service_;
  std::unique_ptr<FleetService> fleet_service_;
  std::unique_ptr<LogService> log_service_;
  std::unique_ptr<AlertService> alert_service_;
  std::unique_ptr<RuleService> rule_service_;
  std::unique_ptr<AdminService> admin_service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<PrometheusApi> api_;
  std::unique_ptr<HttpServer> http_;
};

absl::Status RunningAggregator::Build() {
  auto& [clock, files, log, counters] = environment_;
  ORA_ASSIGN_OR_RETURN(const storage::TimeSeriesStoreOptions options, StoreOptions(config_));
  ORA_ASSIGN_OR_RETURN(store_,
                       storage::TimeSeriesStore::Open(options, clock, files, log, counters));
  const absl::Duration silence_limit =
      kSilentHeartbeats * ToDuration(config_.ingest().heartbeat_interval());
  FleetOptions fleet_options;
  fleet_options.silence_limit = silence_limit;
  ORA_ASSIGN_OR_RETURN(fleet_, Fleet::Open(fleet_options, *store_, *store_, clock, log, counters));
  ingest_ = Ingest::Make(ToIngestOptions(config_.ingest()), *store_, *fleet_, clock, counters);
  engine_ = std::make_unique<promql::Engine>(*store_);
  ORA_RETURN_IF_ERROR(BuildRules());
  counter_series_ = std::make_unique<CounterSeries>(
      CounterSeriesOptions{.instance = HostName(files), .component = "ora-aggregator"}, *store_,
      clock, log, counters);
  ingest_service_ = std::make_unique<IngestService>(*ingest_, clock, silence_limit);
  BuildWorkers();
  BuildServices();
  return absl::OkStatus();
}

void RunningAggregator::BuildWorkers() {
  const config::v1::QueryConfig& query = config_.query();
  const size_t processors = std::thread::hardware_concurrency();
  workers_ = std::make_unique<WorkerPool>(
      WorkerPoolOptions{.threads = std::max<size_t>(kWorkersMin, processors)}, environment_.clock);
  // A client that has all its slots leaves threads for others.
  WorkerPoolOptions pool;
  pool.threads = std::max<size_t>(query.concurrent_per_client_max() + kWorkersMin, processors);
  pool.threads = std::min<size_t>(pool.threads, query.concurrent_max() + kWorkersMin);
  query_workers_ = std::make_unique<WorkerPool>(pool, environment_.clock);
  query_slots_ =
      std::make_unique<QuerySlots>(QuerySlotLimits{.client_max = query.concurrent_per_client_max(),
                                                   .all_max = query.concurrent_max()},
                                   environment_.clock);
}

void RunningAggregator::BuildServices() {
  auto& [clock, files, log, counters] = environment_;
  query_service_ =
      std::make_unique<QueryService>(QueryCalls(), *engine_, *store_, Limits(), *query_slots_);
  fleet_service_ = std::make_unique<FleetService>(Calls(), *fleet_);
  log_service_ = std::make_unique<LogService>(QueryCalls(), *engine_, Limits(), *query_slots_);
  alert_service_ = std::make_unique<AlertService>(Calls(), *rules_);
  rule_service_ = std::make_unique<RuleService>(Calls(), QueryCalls(), *rules_, *query_slots_,
                                                ToDuration(config_.alerts().evaluation_interval()));
  admin_service_ = std::make_unique<AdminService>(
      Calls(), AdminSources{config_.storage_uri(), clock.Now(), *store_, files, counters, *ingest_,
                            *fleet_, *rules_});
}

absl::StatusOr<std::vector<RuleGroupOptions>> RunningAggregator::RulesOfFiles() {
  ORA_ASSIGN_OR_RETURN(std::vector<RuleGroupOptions> groups,
                       LoadRules(config_, environment_.files));
  for (RuleGroupOptions& group : groups) {
    group.resolved_retention = ToDuration(config_.alerts().resolved_retention());
    group.record = Recording();
  }
  return groups;
}

absl::Status RunningAggregator::BuildRules() {
  auto& [clock, files, log, counters] = environment_;
  recorder_ = std::make_unique<SeriesRecorder>(HostName(files), *store_);
  ORA_ASSIGN_OR_RETURN(std::vector<RuleGroupOptions> groups, RulesOfFiles());
  groups.insert(groups.begin(), ToRuleGroupOptions(config_.alerts()));
  groups.front().record = Recording();
  const auto alert_changed = [&log_sink = log](const v1::Alert& alert) {
    log_sink.Info(absl::StrCat("alert ", alert.id(), " (", alert.rule(), ") is now ",
                               v1::AlertState_Name(alert.state())));
  };
  ORA_ASSIGN_OR_RETURN(
      rules_,
      RuleBook::Open(std::move(groups),
                     {EvaluateOn(*engine_, Limits(), ToDuration(config_.query().timeout()), clock),
                      LivenessOf(*fleet_), alert_changed, *store_, clock, log, counters}));
  return absl::OkStatus();
}

void RunningAggregator::ReloadRules() {
  absl::StatusOr<std::vector<RuleGroupOptions>> groups = RulesOfFiles();
  const size_t count = groups.ok() ? groups->size() : 0;
  absl::Status status = groups.status();
  if (status.ok()) status = rules_->Replace(*std::move(groups));
  if (status.ok()) {
    environment_.log.Info(absl::StrCat("rules: ", count, " groups of rule files are in force"));
  } else {
    environment_.log.Error(absl::StrCat("rules: ", status.message(), "; those in force stay"));
  }
}

absl::Status RunningAggregator::Serve() {
  ServerOptions options;
  options.listen = config_.listen();
  ORA_ASSIGN_OR_RETURN(server_,
                       Server::Start(options, [this](MethodTable& methods, CallLoop& loop) {
                         ingest_service_->AddTo(methods, loop);
                         query_service_->AddTo(methods);
                         fleet_service_->AddTo(methods);
                         log_service_->AddTo(methods);
                         alert_service_->AddTo(methods);
                         rule_service_->AddTo(methods);
                         admin_service_->AddTo(methods);
                       }));
  ORA_RETURN_IF_ERROR(ServeHttp());
  fleet_->Start();
  rules_->Start();
  counter_series_->Start();
  environment_.log.Info(absl::StrCat("aggregator: listening on ", server_->address()));
  return absl::OkStatus();
}

absl::Status RunningAggregator::ServeHttp() {
  HttpServerOptions options;
  options.listen = HttpListen(config_);
  if (options.listen == contract::kHttpOff) return absl::OkStatus();
  options.connections_max = config_.http().connections_max();
  auto& [clock, files, log, counters] = environment_;
  api_ = std::make_unique<PrometheusApi>(PrometheusApiSources{
      {*engine_, clock, *query_slots_, Limits(), ToDuration(config_.query().timeout())},
      *store_,
      [this] { return rules_->Status(); },
      ORA_VERSION});
  const auto workers = [this](const std::string& path) {
    return PrometheusApi::IsQuery(path)
               ? HttpWorkers{*query_workers_, config_.query().concurrent_per_client_max()}
               : HttpWorkers{*workers_};
  };
  ORA_ASSIGN_OR_RETURN(
      http_, HttpServer::Start(options, {workers, clock, log, counters},
                               [this](const HttpRequest& request, const ConnectedFn& connected) {
                                 return api_->Answer(request, connected);
                               }));
  log.Info(absl::StrCat("aggregator: serving HTTP on ", http_->address()));
  return absl::OkStatus();
}

void RunningAggregator::Stop() {
  if (stopped_) return;
  stopped_ = true;
  // Nobody judges or records hosts while their streams are being ended by us.
  if (rules_ != nullptr) rules_->Stop();
  if (counter_series_ != nullptr) counter_series_->Stop();
  if (fleet_ != nullptr) fleet_->Stop();
  if (server_ != nullptr) {
    environment_.log.Info("aggregator: stopping");
    server_->Stop([this] { ingest_service_->EndStreams(); });
  }
  if (http_ != nullptr) http_->Stop();
  if (query_workers_ != nullptr) query_workers_->Stop();
  if (workers_ != nullptr) workers_->Stop();
  if (server_ == nullptr || store_ == nullptr) return;
  if (const absl::Status status = store_->Seal(); !status.ok()) {
    environment_.log.Error(
        absl::StrCat("store: open chunks were not sealed, they will be at the "
                     "next start: ",
                     status.message()));
  }
  environment_.log.Info("aggregator: stopped");
}

}  // namespace

absl::Status CheckConfig(const config::v1::AggregatorConfig& config, storage::FileSystem& files) {
  ORA_RETURN_IF_ERROR(StoreOptions(config).status());
  return LoadRules(config, files).status();
}

absl::StatusOr<std::unique_ptr<Aggregator>> Aggregator::Start(
    const config::v1::AggregatorConfig& config, const Environment& environment) {
  auto aggregator = std::make_unique<RunningAggregator>(config, environment);
  ORA_RETURN_IF_ERROR(aggregator->Build());
  ORA_RETURN_IF_ERROR(aggregator->Serve());
  return aggregator;
}

}  // namespace ora::aggregator
