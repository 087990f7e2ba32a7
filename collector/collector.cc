#include "collector/collector.h"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "collector/ship/shipper.h"
#include "collector/tail/hints/inotify_hints.h"
#include "collector/tail/journal/journal_follower.h"
#include "collector/tick/tick_loop.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kVersion = ORA_VERSION;

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

SpoolOptions SpoolOptionsOf(const config::v1::CollectorConfig& config) {
  SpoolOptions options;
  options.directory = absl::StrCat(config.state_directory(), "/spool");
  options.bytes_max = config.spool().size_bytes_max();
  // A small spool has small segments: what is acknowledged frees space a segment at a time.
  options.segment_bytes_max = std::min(options.segment_bytes_max, options.bytes_max / 8);
  if (config.spool().when_full() == config::v1::SPOOL_FULL_POLICY_DROP_OLDEST) {
    options.when_full = SpoolFullPolicy::kDropOldest;
  }
  return options;
}

v1::Hello HelloOf(const config::v1::CollectorConfig& config, const Environment& environment) {
  v1::Hello hello;
  hello.set_collector_id(config.collector_id());
  hello.set_instance(config.instance());
  hello.set_version(kVersion.data(), kVersion.size());
  *hello.mutable_host() = DescribeHost(environment.roots, environment.files);
  hello.mutable_start_time()->set_seconds(absl::ToUnixSeconds(environment.clock.Now()));
  return hello;
}

class RunningCollector final : public Collector {
 public:
  explicit RunningCollector(const Environment& environment) : environment_(environment) {}
  ~RunningCollector() override { Stop(); }

  absl::Status Build(const config::v1::CollectorConfig& config);
  void Run(const config::v1::CollectorConfig& config, std::shared_ptr<grpc::Channel> channel);
  // Beside the files; a host without it is told of and followed on.
  absl::Status FollowJournal(const config::v1::JournalConfig& config,
                             const std::map<std::string, std::string>& state);

  bool AwaitShipped(absl::Duration limit) override { return shipper_->Drain(limit); }
  void Stop() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mutex_);

  const Environment environment_;
  // In the order in which they use each other.
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<LogAccounts> accounts_;
  std::unique_ptr<NewLogWatch> watch_;
  std::unique_ptr<ChangeHints> hints_;  // Or null.
  std::unique_ptr<LogFollower> follower_;
  std::unique_ptr<ProcessSampler> processes_;
  std::unique_ptr<HostSampler> host_;
  std::unique_ptr<OwnSeries> own_;
  std::unique_ptr<TickLoop> loop_;
  std::unique_ptr<Shipper> shipper_;

  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

absl::Status RunningCollector::FollowJournal(const config::v1::JournalConfig& config,
                                             const std::map<std::string, std::string>& state) {
  const Environment& env = environment_;
  absl::StatusOr<std::unique_ptr<Journal>> journal = OpenSystemJournal(
      {.directory = config.directory(), .message_bytes_max = contract::kLineBytesMax});
  if (!journal.ok()) {
    env.log.Warning(absl::StrCat(journal.status().message(), "; files are followed without it"));
    return absl::OkStatus();
  }
  JournalFollowerOptions options;
  if (config.start() == config::v1::START_POSITION_BEGINNING) {
    options.start = JournalStart::kFirstEntry;
  }
  ORA_ASSIGN_OR_RETURN(follower_, FollowJournalToo(std::move(follower_), *std::move(journal),
                                                   options, state, *watch_, env.log, env.counters));
  return absl::OkStatus();
}

absl::Status RunningCollector::Build(const config::v1::CollectorConfig& config) {
  const Environment& env = environment_;
  ORA_ASSIGN_OR_RETURN(
      spool_, Spool::Open(SpoolOptionsOf(config), env.files, env.clock, env.log, env.counters));
  const std::map<std::string, std::string> state = spool_->State();
  std::unique_ptr<SampleRules> rules;
  ORA_ASSIGN_OR_RETURN(rules, SampleRules::Make(config.sample_rules(), kResponseBounds));
  accounts_ = std::make_unique<LogAccounts>(state, std::move(rules));
  watch_ = std::make_unique<NewLogWatch>(*accounts_);

  LogFollowerOptions follow;
  follow.sources.assign(config.logs().begin(), config.logs().end());
  follow.discovery_interval = FromProto(config.discovery_interval());
  follow.unfinished_line_timeout = FromProto(config.unfinished_line_timeout());
  follow.handles_max = config.open_files_max();
  follow.files_max = contract::kFollowedFilesMax;
  follow.line_bytes_max = contract::kLineBytesMax;
  if (!config.poll_only()) {
    absl::StatusOr<std::unique_ptr<ChangeHints>> hints = MakeInotifyHints(InotifyLimits());
    if (hints.ok()) {
      hints_ = *std::move(hints);
    } else {
      env.log.Warning(hints.status().message());
    }
  }
  follow.hints = hints_.get();
  const bool first_start = spool_->Statistics().last_sequence == 0;
  ORA_ASSIGN_OR_RETURN(follower_, LogFollower::Make(follow, state, first_start, *watch_, env.files,
                                                    env.clock, env.log, env.counters));
  if (config.journal().followed()) ORA_RETURN_IF_ERROR(FollowJournal(config.journal(), state));
  if (!config.processes().disabled()) {
    ORA_ASSIGN_OR_RETURN(processes_, ProcessSampler::Make(config.processes(), env.roots.proc,
                                                          env.files, env.clock, env.counters));
  }
  if (!config.host().disabled()) {
    host_ = HostSampler::Make(env.roots.proc, env.roots.sys, env.files, env.clock, env.counters);
  }
  own_ = std::make_unique<OwnSeries>(env.roots.proc, env.files, env.counters);

  const TickLoopOptions options{.instance = config.instance(),
                                .sample_interval = FromProto(config.sample_interval()),
                                .poll_interval = FromProto(config.poll_interval())};
  const TickLoopParts parts{*follower_,  *watch_, *accounts_, processes_.get(),
                            host_.get(), *own_,   *spool_};
  loop_ = std::make_unique<TickLoop>(options, parts, env.clock, env.log, env.counters);
  return absl::OkStatus();
}

void RunningCollector::Run(const config::v1::CollectorConfig& config,
                           std::shared_ptr<grpc::Channel> channel) {
  const Environment& env = environment_;
  ShipperOptions options;
  options.hello = HelloOf(config, env);
  // Told apart by when each spool was made, and the same again after a restart.
  options.jitter_seed = spool_->incarnation();
  shipper_ = Shipper::Start(options, std::move(channel), *spool_, env.clock, env.log, env.counters);
  thread_ = std::thread([this] { Loop(); });
  env.log.Info(absl::StrCat("collector ", config.collector_id(), " on ", config.instance(),
                            ": ships to ", config.aggregator(), ", state in ",
                            config.state_directory()));
}

void RunningCollector::Loop() {
  absl::Duration idle = absl::ZeroDuration();
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (environment_.clock.Await(mutex_, absl::Condition(&stop_), idle)) return;
    }
    idle = loop_->Step();
  }
}

void RunningCollector::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
  loop_->Finish();
  if (!shipper_->Drain(environment_.drain_limit)) {
    environment_.log.Warning(absl::StrCat("collector: ", spool_->Statistics().batches_pending,
                                          " batches wait in the spool for the next start"));
  }
  shipper_->Stop();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> Collector::Start(
    const config::v1::CollectorConfig& config, const Environment& environment,
    std::shared_ptr<grpc::Channel> channel) {
  auto collector = std::make_unique<RunningCollector>(environment);
  ORA_RETURN_IF_ERROR(collector->Build(config));
  collector->Run(config, std::move(channel));
  return collector;
}

}  // namespace ora::collector
