#include "aggregator/fleet/fleet.h"

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

using google::protobuf::Timestamp;

constexpr absl::string_view kHostKind = "host";
constexpr size_t kScanRecords = 1'000;
constexpr size_t kApplyRecords = 1'000;
// A host that is merely alive has its record renewed this often, so that `last_heard_time` of a
// restarted aggregator is not far off, and a large fleet does not rewrite itself every 10 s.
constexpr absl::Duration kRecordAgeMax = absl::Minutes(5);

Timestamp ToProto(absl::Time time) {
  const int64_t nanos = absl::ToUnixNanos(time);
  Timestamp proto;
  proto.set_seconds(absl::ToUnixSeconds(time));
  proto.set_nanos(static_cast<int32_t>(nanos - proto.seconds() * 1'000'000'000));
  return proto;
}

absl::Time FromProto(const Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

// What is known of one host.
struct HostEntry {
  // `state` is the one that was last told; StateOf says the present one, and Present the figures.
  v1::Host host;
  std::shared_ptr<HostFigures> figures = std::make_shared<HostFigures>();
  std::shared_ptr<HostStream> stream;  // The current one; null after a restart.
  bool open = false;                   // The stream is open, or may come back after a restart.
  absl::Duration recorded;             // Monotonic, when the record was last made durable.
  bool changed = false;                // Since then.
  storage::SeriesRef up = 0;
};

void LoadFigures(const v1::Host& host, HostFigures& figures) {
  figures.heard_unix_nanos = absl::ToUnixNanos(FromProto(host.last_heard_time()));
  figures.spool_bytes = host.spool_bytes();
  figures.durable_sequence = host.durable_sequence();
  figures.skew_nanos = host.clock_skew().seconds() * 1'000'000'000 + host.clock_skew().nanos();
  if (host.has_last_batch_time()) {
    figures.last_batch_unix_nanos = absl::ToUnixNanos(FromProto(host.last_batch_time()));
  }
}

void FillFigures(const HostFigures& figures, v1::Host& host) {
  *host.mutable_last_heard_time() = ToProto(absl::FromUnixNanos(figures.heard_unix_nanos));
  host.set_spool_bytes(figures.spool_bytes);
  host.set_durable_sequence(figures.durable_sequence);
  host.set_batches_stored(figures.batches_stored);
  host.set_samples_stored(figures.samples_stored);
  host.set_samples_rejected(figures.samples_rejected);
  const int64_t last_batch = figures.last_batch_unix_nanos;
  if (last_batch == 0) return;
  *host.mutable_clock_skew() = ToProto(absl::Nanoseconds(figures.skew_nanos.load()));
  *host.mutable_last_batch_time() = ToProto(absl::FromUnixNanos(last_batch));
}

// One sample of `up`, with its place in the writer.
struct UpSample {
  std::string instance;
  storage::SeriesRef up = 0;
  double value = 0;
};

class DurableFleet final : public Fleet {
 public:
  DurableFleet(const FleetOptions& options, storage::StateStore& state,
               storage::SeriesWriter& writer, storage::Clock& clock, storage::LogSink& log,
               storage::Counters& counters)
      : options_(options),
        state_(state),
        writer_(writer),
        clock_(clock),
        log_(log),
        silenced_(counters.Get("ora_fleet_hosts_silenced_total")),
        write_errors_(counters.Get("ora_fleet_write_errors_total")) {}

  ~DurableFleet() override { Stop(); }

  absl::Status Load() ABSL_LOCKS_EXCLUDED(mutex_);

  std::shared_ptr<HostStream> Connected(const v1::Hello& hello) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Disconnected(const HostStream& stream) override ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<v1::Host> Hosts() const override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<v1::Host> Find(const std::string& instance) const override
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteUp() override ABSL_LOCKS_EXCLUDED(mutex_);
  void Start() override ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Duration SilenceOf(const HostEntry& entry) const {
    return clock_.Monotonic() - absl::Nanoseconds(entry.figures->heard_nanos.load());
  }
  v1::HostState StateOf(const HostEntry& entry) const {
    const bool live = entry.open && SilenceOf(entry) < options_.silence_limit;
    return live ? v1::HOST_STATE_LIVE : v1::HOST_STATE_SILENT;
  }
  v1::Host Present(const HostEntry& entry) const {
    v1::Host host = entry.host;
    host.set_state(StateOf(entry));
    FillFigures(*entry.figures, host);
    return host;
  }

  // As Present, with the state that was last told.
  static v1::Host RecordOf(const HostEntry& entry) {
    v1::Host host = entry.host;
    FillFigures(*entry.figures, host);
    return host;
  }

  // Takes note of who fell silent or came back since the last look, and logs it.
  void NoteStates() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RecordHosts() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<UpSample> UpSamples() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteSamples(const std::vector<UpSample>& samples);
  absl::StatusOr<storage::SeriesRef> InternUp(const UpSample& sample) ABSL_LOCKS_EXCLUDED(mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const FleetOptions options_;
  storage::StateStore& state_;
  storage::SeriesWriter& writer_;
  storage::Clock& clock_;
  storage::LogSink& log_;
  storage::Counter& silenced_;
  storage::Counter& write_errors_;

  mutable absl::Mutex mutex_;  // Never held across a call of state_ or writer_.
  std::map<std::string, HostEntry> hosts_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Touched by Start and Stop only.
};

absl::Status DurableFleet::Load() {
  absl::MutexLock lock(&mutex_);
  std::string after;
  for (;;) {
    ORA_ASSIGN_OR_RETURN(const std::vector<storage::StateRecord> records,
                         state_.Scan(kHostKind, after, kScanRecords));
    for (const storage::StateRecord& record : records) {
      HostEntry entry;
      if (!entry.host.ParseFromString(record.value)) {
        return absl::DataLossError(absl::StrCat("record of host ", record.key, " (",
                                                record.value.size(), " bytes) is no v1.Host"));
      }
      entry.host.clear_batches_stored();
      entry.host.clear_samples_stored();
      entry.host.clear_samples_rejected();
      // It has `silence_limit` to come back, unless it was gone before.
      entry.open = entry.host.state() == v1::HOST_STATE_LIVE;
      LoadFigures(entry.host, *entry.figures);
      entry.recorded = clock_.Monotonic();
      entry.figures->heard_nanos = absl::ToInt64Nanoseconds(entry.recorded);
      hosts_[record.key] = std::move(entry);
    }
    if (records.size() < kScanRecords) return absl::OkStatus();
    after = records.back().key;
  }
}

std::shared_ptr<HostStream> DurableFleet::Connected(const v1::Hello& hello) {
  absl::MutexLock lock(&mutex_);
  HostEntry& entry = hosts_[hello.instance()];
  if (entry.open && entry.stream != nullptr && entry.host.collector_id() != hello.collector_id()) {
    log_.Warning(absl::StrCat("host ", hello.instance(), ": collector ", hello.collector_id(),
                              " takes the place of ", entry.host.collector_id(),
                              "; two hosts must not share one instance"));
  }
  if (entry.stream != nullptr) entry.stream->Supersede();
  entry.stream = std::make_shared<HostStream>(hello.instance(), entry.figures, clock_);
  entry.open = true;
  entry.host.set_instance(hello.instance());
  entry.host.set_collector_id(hello.collector_id());
  entry.host.set_version(hello.version());
  *entry.host.mutable_description() = hello.host();
  *entry.host.mutable_collector_start_time() = hello.start_time();
  *entry.host.mutable_connect_time() = ToProto(clock_.Now());
  entry.changed = true;
  entry.stream->Heard();
  return entry.stream;
}

void DurableFleet::Disconnected(const HostStream& stream) {
  absl::MutexLock lock(&mutex_);
  const auto found = hosts_.find(stream.instance());
  if (found == hosts_.end() || found->second.stream.get() != &stream) return;
  found->second.open = false;
  found->second.changed = true;
}

std::vector<v1::Host> DurableFleet::Hosts() const {
  absl::MutexLock lock(&mutex_);
  std::vector<v1::Host> hosts;
  hosts.reserve(hosts_.size());
  for (const auto& [instance, entry] : hosts_) hosts.push_back(Present(entry));
  return hosts;
}

absl::StatusOr<v1::Host> DurableFleet::Find(const std::string& instance) const {
  absl::MutexLock lock(&mutex_);
  const auto found = hosts_.find(instance);
  if (found == hosts_.end()) {
    return absl::NotFoundError(absl::StrCat("host ", instance,
                                            " has never connected; `ora hosts list` names those "
                                            "that have"));
  }
  return Present(found->second);
}

void DurableFleet::NoteStates() {
  for (auto& [instance, entry] : hosts_) {
    const v1::HostState state = StateOf(entry);
    const v1::HostState before = entry.host.state();
    if (state == before) continue;
    entry.host.set_state(state);
    entry.changed = true;
    if (state == v1::HOST_STATE_SILENT) {
      silenced_.Increment();
      log_.Warning(absl::StrCat(
          "host ", instance,
          " is silent: ", entry.open ? "nothing was heard of it for " : "its stream ended ",
          absl::FormatDuration(absl::Trunc(SilenceOf(entry), absl::Milliseconds(100))),
          entry.open ? "" : " after it was last heard"));
    } else {
      log_.Info(absl::StrCat("host ", instance, " is live"));
    }
  }
}

absl::Status DurableFleet::RecordHosts() {
  std::vector<storage::StateChanges> parts;
  std::vector<std::string> recorded;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Duration now = clock_.Monotonic();
    for (auto& [instance, entry] : hosts_) {
      const bool stale = entry.open && now - entry.recorded >= kRecordAgeMax;
      if (!entry.changed && !stale) continue;
      if (parts.empty() || parts.back().changes.size() >= kApplyRecords) parts.emplace_back();
      parts.back().changes.push_back(
          {std::string(kHostKind), instance, RecordOf(entry).SerializeAsString()});
      recorded.push_back(instance);
      entry.changed = false;
      entry.recorded = now;
    }
  }
  absl::Status status;
  for (const storage::StateChanges& part : parts) {
    status.Update(state_.Apply(part));
  }
  if (status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  for (const std::string& instance : recorded) hosts_[instance].changed = true;
  return status;
}

std::vector<UpSample> DurableFleet::UpSamples() {
  absl::MutexLock lock(&mutex_);
  NoteStates();
  std::vector<UpSample> samples;
  samples.reserve(hosts_.size());
  for (const auto& [instance, entry] : hosts_) {
    const double value = entry.host.state() == v1::HOST_STATE_LIVE ? 1 : 0;
    samples.push_back({instance, entry.up, value});
  }
  return samples;
}

absl::StatusOr<storage::SeriesRef> DurableFleet::InternUp(const UpSample& sample) {
  if (sample.up != 0) return sample.up;
  ORA_ASSIGN_OR_RETURN(
      const storage::SeriesRef ref,
      writer_.Intern(
          sample.instance,
          storage::Labels{{"__name__", "up"}, {"instance", sample.instance}, {"job", "ora"}}));
  absl::MutexLock lock(&mutex_);
  hosts_[sample.instance].up = ref;
  return ref;
}

absl::Status DurableFleet::WriteSamples(const std::vector<UpSample>& samples) {
  // The writer shares one sync among them; each callback comes before this function returns.
  struct Pending {
    absl::Mutex mutex;
    size_t batches ABSL_GUARDED_BY(mutex) = 0;
    absl::Status status ABSL_GUARDED_BY(mutex);
  } pending;
  const int64_t now_millis = clock_.NowMillis();
  for (const UpSample& sample : samples) {
    const absl::StatusOr<storage::SeriesRef> ref = InternUp(sample);
    absl::Status status = ref.status();
    if (ref.ok()) {
      {
        absl::MutexLock lock(&pending.mutex);
        ++pending.batches;
      }
      storage::WriteBatch batch;
      batch.instance = sample.instance;
      batch.blocks.push_back({now_millis, {*ref}, {sample.value}});
      status = writer_.Write(std::move(batch),
                             [&pending](const absl::StatusOr<storage::WriteOutcome>& outcome) {
                               absl::MutexLock lock(&pending.mutex);
                               pending.status.Update(outcome.status());
                               --pending.batches;
                             });
      if (status.ok()) continue;
      absl::MutexLock lock(&pending.mutex);
      --pending.batches;
    }
    absl::MutexLock lock(&pending.mutex);
    pending.status.Update(status);
  }
  absl::MutexLock lock(&pending.mutex);
  const auto all_done = [&pending]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(pending.mutex) {
    return pending.batches == 0;
  };
  clock_.Await(pending.mutex, absl::Condition(&all_done), absl::InfiniteDuration());
  return pending.status;
}

absl::Status DurableFleet::WriteUp() {
  absl::Status status = WriteSamples(UpSamples());
  status.Update(RecordHosts());
  return status;
}

void DurableFleet::Start() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

void DurableFleet::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void DurableFleet::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (clock_.Await(mutex_, absl::Condition(&stopping_), options_.up_interval)) return;
    }
    const absl::Status status = WriteUp();
    if (status.ok()) continue;
    write_errors_.Increment();
    log_.Error(
        absl::StrCat("fleet: samples of up or host records were not stored: ", status.message()));
  }
}

}  // namespace

void HostStream::Heard() {
  if (!IsCurrent()) return;
  figures_->heard_nanos = absl::ToInt64Nanoseconds(clock_.Monotonic());
  figures_->heard_unix_nanos = absl::ToUnixNanos(clock_.Now());
}

void HostStream::HeardSpool(uint64_t spool_bytes) {
  if (!IsCurrent()) return;
  Heard();
  figures_->spool_bytes = spool_bytes;
}

void HostStream::BatchStored(const StoredBatch& batch) {
  if (!IsCurrent()) return;
  figures_->durable_sequence = batch.sequence;
  figures_->batches_stored.fetch_add(1, std::memory_order_relaxed);
  figures_->samples_stored.fetch_add(batch.samples_stored, std::memory_order_relaxed);
  figures_->samples_rejected.fetch_add(batch.samples_rejected, std::memory_order_relaxed);
  figures_->skew_nanos = absl::ToInt64Nanoseconds(batch.skew);
  figures_->last_batch_unix_nanos = absl::ToUnixNanos(clock_.Now());
}

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Open(const FleetOptions& options,
                                                   storage::StateStore& state,
                                                   storage::SeriesWriter& writer,
                                                   storage::Clock& clock, storage::LogSink& log,
                                                   storage::Counters& counters) {
  auto fleet = std::make_unique<DurableFleet>(options, state, writer, clock, log, counters);
  ORA_RETURN_IF_ERROR(fleet->Load());
  return fleet;
}

}  // namespace ora::aggregator
