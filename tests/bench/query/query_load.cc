#include "tests/bench/query/query_load.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "proto/status/annotate.h"
#include "proto/status/grpc_status.h"
#include "proto/status/status_macros.h"
#include "proto/transport/channel.h"

namespace ora::bench {
namespace {

constexpr int64_t kMillisASecond = 1'000;
constexpr int64_t kNanosAMilli = 1'000'000;
constexpr double kMillisASecondExactly = 1e3;
constexpr double kMillisANano = 1e-6;

// To the nanosecond, of all threads of a process: /proc tells hundredths of a second only.
class ProcessCpu {
 public:
  static absl::StatusOr<ProcessCpu> Of(pid_t pid) {
    ProcessCpu meter;
    if (clock_getcpuclockid(pid, &meter.clock_) == 0) return meter;
    return absl::NotFoundError(absl::StrCat("process ", pid, " is not there; see --pid"));
  }

  double Millis() const { return MillisOf(clock_); }

  static double MillisOf(clockid_t clock) {
    timespec time = {};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * kMillisASecondExactly +
           static_cast<double>(time.tv_nsec) * kMillisANano;
  }

 private:
  clockid_t clock_ = 0;
};

google::protobuf::Timestamp ToTimestamp(int64_t millis) {
  google::protobuf::Timestamp time;
  time.set_seconds(millis / kMillisASecond);
  time.set_nanos(static_cast<int32_t>(millis % kMillisASecond * kNanosAMilli));
  return time;
}

absl::Status AskInstant(v1::QueryService::Stub& stub, const W1Query& query, QueryFigures& figures) {
  v1::QueryRequest request;
  request.set_expression(query.expression);
  *request.mutable_time() = ToTimestamp(query.end_millis);
  grpc::ClientContext context;
  v1::QueryResponse response;
  ORA_RETURN_IF_ERROR(FromGrpc(stub.Query(&context, request, &response)));
  figures.samples_read = response.statistics().samples_read();
  figures.series_selected = response.statistics().series_selected();
  figures.series_returned = static_cast<uint64_t>(response.vector().series_size());
  return absl::OkStatus();
}

absl::Status AskRange(v1::QueryService::Stub& stub, const W1Query& query, QueryFigures& figures) {
  v1::QueryRangeRequest request;
  request.set_expression(query.expression);
  *request.mutable_start() = ToTimestamp(query.start_millis);
  *request.mutable_end() = ToTimestamp(query.end_millis);
  request.mutable_step()->set_seconds(query.step_millis / kMillisASecond);
  grpc::ClientContext context;
  const auto reader = stub.QueryRange(&context, request);
  v1::QueryRangeResponse response;
  figures.series_returned = 0;
  while (reader->Read(&response)) {
    figures.series_returned += static_cast<uint64_t>(response.series_size());
    figures.samples_read = response.statistics().samples_read();
    figures.series_selected = response.statistics().series_selected();
  }
  return FromGrpc(reader->Finish());
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

absl::StatusOr<std::vector<QueryFigures>> RunQueryLoad(const QueryLoadOptions& options) {
  ORA_ASSIGN_OR_RETURN(const ProcessCpu cpu, ProcessCpu::Of(options.pid));
  ORA_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                       MakeChannel(options.aggregator));
  const auto stub = v1::QueryService::NewStub(channel);
  std::vector<QueryFigures> all;
  for (const absl::string_view name : W1QueryNames()) {
    if (!options.only.empty() && name != options.only) continue;
    QueryFigures figures;
    figures.name = std::string(name);
    std::vector<double> cpu_ms;
    std::vector<double> wall_ms;
    for (uint32_t turn = 0; turn < options.warm_up + options.turns; ++turn) {
      const W1Query query = MakeW1Query(name, turn, options.stored);
      const double cpu_before = cpu.Millis();
      const double wall_before = ProcessCpu::MillisOf(CLOCK_MONOTONIC);
      const absl::Status asked = query.step_millis == 0 ? AskInstant(*stub, query, figures)
                                                        : AskRange(*stub, query, figures);
      if (!asked.ok()) return Annotate(asked, absl::StrCat("query ", name));
      if (turn < options.warm_up) continue;
      wall_ms.push_back(ProcessCpu::MillisOf(CLOCK_MONOTONIC) - wall_before);
      cpu_ms.push_back(cpu.Millis() - cpu_before);
    }
    figures.cpu_ms = Median(std::move(cpu_ms));
    figures.wall_ms = Median(std::move(wall_ms));
    all.push_back(std::move(figures));
  }
  return all;
}

}  // namespace ora::bench
