// What ingestion costs: a real ora-aggregator as a child process, N streams over loopback gRPC that
// send batches of the live shape (each host 101 series every 10 s), and one JSON object a figure.
//
//   ingest_load AGGREGATOR_BINARY [STREAMS] [BATCHES_PER_STREAM]
#include <grpcpp/grpcpp.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ora/v1/admin_service.grpc.pb.h"
#include "ora/v1/ingest_service.grpc.pb.h"
#include "proto/transport/channel.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"

extern char** environ;

namespace {

constexpr uint32_t kSeriesPerHost = 101;
constexpr int64_t kIntervalMillis = 10'000;
constexpr uint64_t kOutstandingMax = 16;  // Batches that a stream has unacknowledged.

struct Load {
  std::string binary;
  int streams = 100;
  uint64_t batches = 200;
};

// The child that a failure on any thread must not leave behind; 0 while there is none.
std::atomic<pid_t>& ChildPid() {
  static std::atomic<pid_t> pid = 0;
  return pid;
}

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "ingest_load: %s\n", what.c_str());
  if (const pid_t child = ChildPid().exchange(0); child > 0) kill(child, SIGKILL);
  std::exit(1);
}

// The aggregator under load.
class Child {
 public:
  Child(const std::string& binary, const std::string& directory) {
    const std::string port_file = directory + "/port";
    std::filesystem::remove(port_file);  // Of the child before.
    std::vector<std::string> words = {binary,        "--listen",           "127.0.0.1:0",
                                      "--state-dir", directory + "/state", "--port-file",
                                      port_file,     "--log-level",        "error"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (posix_spawn(&pid_, binary.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
      Die(absl::StrCat("cannot start ", binary));
    }
    ChildPid() = pid_;
    ora::storage::PosixFileSystem files;
    ora::storage::RealClock clock;
    absl::Mutex mutex;
    absl::MutexLock lock(&mutex);
    const auto served = [&] { return files.ReadWhole(port_file, 256).ok(); };
    for (int i = 0; i < 1'000 && !served(); ++i) {
      clock.Await(mutex, absl::Condition(&served), absl::Milliseconds(10));
    }
    const auto text = files.ReadWhole(port_file, 256);
    if (!text.ok()) Die("the aggregator did not start to serve within 10 s");
    address_ = std::string(absl::StripSuffix(*text, "\n"));
  }

  const std::string& address() const { return address_; }

  // Stops it; the processor seconds that it used in all.
  double StopAndCountCpu() {
    ChildPid() = 0;
    kill(pid_, SIGTERM);
    int status = 0;
    rusage used = {};
    if (wait4(pid_, &status, 0, &used) != pid_ || status != 0)
      Die("the aggregator did not stop well");
    const auto seconds = [](const timeval& time) { return time.tv_sec + time.tv_usec / 1e6; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
  }

 private:
  pid_t pid_ = 0;
  std::string address_;
};

void AddDefinitions(const std::string& instance, ora::v1::SeriesDefinitions& definitions) {
  definitions.set_epoch(1);
  for (uint32_t id = 1; id <= kSeriesPerHost; ++id) {
    ora::v1::SeriesDefinition* definition = definitions.add_series();
    definition->set_id(id);
    const std::vector<std::pair<std::string, std::string>> labels = {
        {"__name__", absl::StrCat("metric_", id)}, {"instance", instance}, {"job", "node"}};
    for (const auto& [name, value] : labels) {
      ora::v1::Label* label = definition->mutable_labels()->add_labels();
      label->set_name(name);
      label->set_value(value);
    }
  }
}

// A third gauges that wander, a third counters, a third constants: what a host looks like.
double ValueAt(uint32_t id, uint64_t step) {
  if (id % 3 == 0) return 4'096.0 * id;
  if (id % 3 == 1) return static_cast<double>(step * id + step % 7);
  return static_cast<double>((step * 2'654'435'761u + id * 40'503u) % 1'000) / 10.0;
}

// Sends one host's batches on one stream, and waits for all acknowledgements.
void Deliver(const std::string& address, const Load& load, int host, int64_t start_millis) {
  const std::string instance = absl::StrCat("host-", host);
  const auto stub = ora::v1::IngestService::NewStub(*ora::MakeChannel(address));
  grpc::ClientContext context;
  const auto stream = stub->Stream(&context);
  ora::v1::StreamRequest request;
  request.mutable_hello()->set_collector_id(instance);
  request.mutable_hello()->set_incarnation(1);
  request.mutable_hello()->set_instance(instance);
  ora::v1::StreamResponse response;
  if (!stream->Write(request) || !stream->Read(&response)) Die(stream->Finish().error_message());
  request.Clear();
  AddDefinitions(instance, *request.mutable_definitions());
  stream->Write(request);
  uint64_t acknowledged = 0;
  for (uint64_t sequence = 1; sequence <= load.batches; ++sequence) {
    request.Clear();
    request.mutable_batch()->set_sequence(sequence);
    ora::v1::SampleBlock* block = request.mutable_batch()->add_blocks();
    block->set_time_millis(start_millis + static_cast<int64_t>(sequence) * kIntervalMillis);
    for (uint32_t id = 1; id <= kSeriesPerHost; ++id) {
      block->add_series_ids(id);
      block->add_values(ValueAt(id, sequence));
    }
    if (!stream->Write(request)) Die(stream->Finish().error_message());
    while (sequence - acknowledged >= kOutstandingMax || sequence == load.batches) {
      if (acknowledged == load.batches) break;
      if (!stream->Read(&response)) Die(stream->Finish().error_message());
      acknowledged = response.ack().sequence();
    }
  }
  stream->WritesDone();
  stream->Finish();
}

void PrintFigure(const char* name, double value, const char* unit, double n) {
  std::printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"n\":%.0f}\n", name, value, unit,
              n);
}

int Run(const Load& load) {
  const std::string directory =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/ora_ingest_load.", getpid());
  std::filesystem::create_directories(directory);
  ora::storage::RealClock clock;
  Child child(load.binary, directory);
  const int64_t start_millis =
      clock.NowMillis() - static_cast<int64_t>(load.batches + 1) * kIntervalMillis;
  const absl::Duration begin = clock.Monotonic();
  std::vector<std::thread> senders;
  for (int host = 0; host < load.streams; ++host) {
    senders.emplace_back([&, host] { Deliver(child.address(), load, host, start_millis); });
  }
  for (std::thread& sender : senders) sender.join();
  const double seconds = absl::ToDoubleSeconds(clock.Monotonic() - begin);

  const double cpu_seconds = child.StopAndCountCpu();  // Sealing at the stop counts too.
  Child again(load.binary, directory);
  grpc::ClientContext context;
  ora::v1::GetStatusResponse status;
  const auto admin = ora::v1::AdminService::NewStub(*ora::MakeChannel(again.address()));
  if (!admin->GetStatus(&context, {}, &status).ok()) Die("no status");
  again.StopAndCountCpu();
  std::filesystem::remove_all(directory);

  const double samples =
      static_cast<double>(load.streams) * static_cast<double>(load.batches) * kSeriesPerHost;
  PrintFigure("ingest_samples_per_server_cpu_second", samples / cpu_seconds, "samples/s", samples);
  PrintFigure("ingest_samples_per_second", samples / seconds, "samples/s", samples);
  PrintFigure("ingest_chunk_bytes_per_sample",
              static_cast<double>(status.storage().chunk_bytes()) /
                  static_cast<double>(status.storage().samples_sealed()),
              "bytes", static_cast<double>(status.storage().samples_sealed()));
  PrintFigure("ingest_disk_bytes_per_sample",
              static_cast<double>(status.storage().disk_bytes()) / samples, "bytes", samples);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  if (argc < 2 || argc > 4 || (argc > 2 && !absl::SimpleAtoi(argv[2], &load.streams)) ||
      (argc > 3 && !absl::SimpleAtoi(argv[3], &load.batches)) || load.streams < 1 ||
      load.batches < 1) {
    std::fprintf(stderr, "usage: ingest_load AGGREGATOR_BINARY [STREAMS] [BATCHES_PER_STREAM]\n");
    return 2;
  }
  load.binary = argv[1];
  return Run(load);
}
