#include "tests/bench/load/read_back.h"

#include <grpcpp/grpcpp.h>

#include <bit>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "proto/status/annotate.h"
#include "proto/status/grpc_status.h"
#include "proto/status/status_macros.h"
#include "proto/transport/channel.h"

namespace ora::bench {
namespace {

// One series under one name, as it was sent.
struct SentSeries {
  std::string selector;
  std::vector<int64_t> time_millis;
  std::vector<double> values;
};

// Tags that only some series have: a selector says that the others have none.
constexpr const char* kOptionalLabels[] = {"device", "run"};

std::string SelectorOf(const std::vector<W1Label>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    absl::StrAppend(&text, text.empty() ? "" : ",", name, "=\"", value, "\"");
  }
  for (const char* name : kOptionalLabels) {
    if (text.find(absl::StrCat(",", name, "=")) == std::string::npos) {
      absl::StrAppend(&text, ",", name, "=\"\"");
    }
  }
  return absl::StrCat("{", text, "}");
}

// The series in all its generations.
std::vector<SentSeries> Sent(const LoadOptions& options, const NormalQuantiles& quantiles,
                             uint32_t number, size_t series) {
  W1Host host(options.workload, number, quantiles);
  std::vector<double> values(host.series_count());
  std::vector<SentSeries> sent;
  for (uint64_t step = 0; step < options.batches; ++step) {
    host.Next(absl::MakeSpan(values));
    if (host.generation(series) == sent.size()) {
      sent.push_back({SelectorOf(host.LabelsOf(series)), {}, {}});
    }
    sent.back().time_millis.push_back(
        absl::ToUnixMillis(options.start) +
        W1OffsetMillis(options.workload, number, options.hosts, step));
    sent.back().values.push_back(values[series]);
  }
  return sent;
}

absl::StatusOr<v1::SampledSeries> Read(v1::QueryService::Stub& stub, const SentSeries& sent) {
  const int64_t first = sent.time_millis.front();
  const int64_t last = sent.time_millis.back();
  v1::QueryRequest request;
  request.set_expression(absl::StrCat(sent.selector, "[", last - first + 1, "ms]"));
  constexpr int64_t kMillis = 1'000;
  constexpr int32_t kNanosAMilli = 1'000'000;
  request.mutable_time()->set_seconds(last / kMillis);
  request.mutable_time()->set_nanos(static_cast<int32_t>(last % kMillis) * kNanosAMilli);
  grpc::ClientContext context;
  v1::QueryResponse response;
  ORA_RETURN_IF_ERROR(FromGrpc(stub.Query(&context, request, &response)));
  if (response.matrix().series_size() != 1) {
    return absl::DataLossError(
        absl::StrCat("gives ", response.matrix().series_size(), " series, not one"));
  }
  return std::move(*response.mutable_matrix()->mutable_series(0));
}

absl::Status Compare(const v1::SampledSeries& read, const SentSeries& sent) {
  const auto count = static_cast<size_t>(read.values_size());
  if (count != sent.values.size()) {
    return absl::DataLossError(
        absl::StrCat("has ", count, " samples; ", sent.values.size(), " were acknowledged"));
  }
  for (size_t i = 0; i < count; ++i) {
    const int at = static_cast<int>(i);
    if (read.time_millis(at) == sent.time_millis[i] &&
        std::bit_cast<uint64_t>(read.values(at)) == std::bit_cast<uint64_t>(sent.values[i])) {
      continue;
    }
    return absl::DataLossError(absl::StrCat("sample ", i, " is ", read.values(at), " at ",
                                            read.time_millis(at), "; sent was ", sent.values[i],
                                            " at ", sent.time_millis[i]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> ReadBack(const LoadOptions& options, const std::string& address) {
  ORA_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, MakeChannel(address));
  const auto stub = v1::QueryService::NewStub(channel);
  const NormalQuantiles quantiles;
  std::mt19937_64 random(options.workload.seed);
  uint64_t compared = 0;
  for (uint32_t i = 0; i < options.verified_series; ++i) {
    const auto host = static_cast<uint32_t>(random() % options.hosts);
    const auto series = static_cast<size_t>(random() % options.workload.series_per_host);
    for (const SentSeries& sent : Sent(options, quantiles, host, series)) {
      const auto read = Read(*stub, sent);
      const absl::Status status = read.ok() ? Compare(*read, sent) : read.status();
      if (!status.ok()) return Annotate(status, absl::StrCat("read back ", sent.selector));
      compared += sent.values.size();
    }
  }
  return compared;
}

}  // namespace ora::bench
