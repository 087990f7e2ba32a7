// An aggregator with canned answers, and the program run against it.
#pragma once

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/run.h"
#include "tests/fakes/memory_file_system.h"

namespace ora::cli {

// What is asked and what is answered. Answers come one after the other; the last one for ever.
template <typename Request, typename Response>
struct Canned {
  std::vector<Response> answers;
  std::vector<Request> requests;

  absl::StatusOr<Response> Answer(const Request& request, const absl::Status& error) {
    requests.push_back(request);
    if (!error.ok()) return error;
    if (answers.empty()) return Response();
    return answers[std::min(requests.size(), answers.size()) - 1];
  }
};

struct FakeAggregator {
  absl::Status error;  // Answered instead, if it is one.
  Canned<v1::ListHostsRequest, v1::ListHostsResponse> hosts;
  Canned<v1::GetHostRequest, v1::Host> host;
  Canned<v1::ListLogsRequest, v1::ListLogsResponse> logs;
  Canned<v1::AnalyzeLogsRequest, v1::AnalyzeLogsResponse> analyses;
  Canned<v1::QueryRequest, v1::QueryResponse> query;
  Canned<v1::QueryRangeRequest, v1::QueryRangeResponse> range;
  Canned<v1::ListSeriesRequest, v1::ListSeriesResponse> series;
  Canned<v1::ListLabelNamesRequest, v1::ListLabelNamesResponse> names;
  Canned<v1::ListLabelValuesRequest, v1::ListLabelValuesResponse> values;
  Canned<v1::ListAlertsRequest, v1::ListAlertsResponse> alerts;
  Canned<v1::GetAlertRequest, v1::Alert> alert;
  Canned<v1::GetAlertReportRequest, v1::GetAlertReportResponse> report;
  Canned<v1::ListRulesRequest, v1::ListRulesResponse> rules;
  Canned<v1::CheckRulesRequest, v1::CheckRulesResponse> checks;
  Canned<v1::TestRulesRequest, v1::TestRulesResponse> tests;
  Canned<v1::GetStatusRequest, v1::GetStatusResponse> status;
  Canned<v1::CreateSnapshotRequest, v1::CreateSnapshotResponse> snapshot;
  Canned<v1::GetCardinalityRequest, v1::GetCardinalityResponse> cardinality;
  Canned<v1::DeleteSeriesRequest, v1::DeleteSeriesResponse> deletion;
};

// `fake` must outlive the client.
class FakeClient : public AggregatorClient {
 public:
  explicit FakeClient(FakeAggregator& fake) : fake_(fake) {}

  absl::StatusOr<v1::ListHostsResponse> Call(const v1::ListHostsRequest& request) override {
    return fake_.hosts.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::Host> Call(const v1::GetHostRequest& request) override {
    return fake_.host.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::ListLogsResponse> Call(const v1::ListLogsRequest& request) override {
    return fake_.logs.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::AnalyzeLogsResponse> Call(const v1::AnalyzeLogsRequest& request) override {
    return fake_.analyses.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::QueryResponse> Call(const v1::QueryRequest& request) override {
    return fake_.query.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::QueryRangeResponse> Call(const v1::QueryRangeRequest& request) override {
    return fake_.range.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::ListSeriesResponse> Call(const v1::ListSeriesRequest& request) override {
    return fake_.series.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::ListLabelNamesResponse> Call(
      const v1::ListLabelNamesRequest& request) override {
    return fake_.names.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::ListLabelValuesResponse> Call(
      const v1::ListLabelValuesRequest& request) override {
    return fake_.values.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::ListAlertsResponse> Call(const v1::ListAlertsRequest& request) override {
    return fake_.alerts.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::Alert> Call(const v1::GetAlertRequest& request) override {
    return fake_.alert.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::GetAlertReportResponse> Call(
      const v1::GetAlertReportRequest& request) override {
    return fake_.report.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::ListRulesResponse> Call(const v1::ListRulesRequest& request) override {
    return fake_.rules.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::CheckRulesResponse> Call(const v1::CheckRulesRequest& request) override {
    return fake_.checks.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::TestRulesResponse> Call(const v1::TestRulesRequest& request) override {
    return fake_.tests.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::GetStatusResponse> Call(const v1::GetStatusRequest& request) override {
    return fake_.status.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::CreateSnapshotResponse> Call(
      const v1::CreateSnapshotRequest& request) override {
    return fake_.snapshot.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::GetCardinalityResponse> Call(
      const v1::GetCardinalityRequest& request) override {
    return fake_.cardinality.Answer(request, fake_.error);
  }
  absl::StatusOr<v1::DeleteSeriesResponse> Call(const v1::DeleteSeriesRequest& request) override {
    return fake_.deletion.Answer(request, fake_.error);
  }

 private:
  FakeAggregator& fake_;
};

// A shell in which `ora` talks to a FakeAggregator. The time is 1,500,000,000 s, 2017-07-14T02:40Z.
class FakeShell {
 public:
  static constexpr int64_t kNowSeconds = 1'500'000'000;

  // Runs `ora WORDS` and returns its exit status.
  int Ora(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    const Surroundings surroundings{
        .variable = [this](const char* name) { return variables[name]; },
        .terminal_width = terminal_width,
        .now = absl::FromUnixSeconds(kNowSeconds),
        .connect =
            [this](const std::string& to, absl::Time until) {
              address = to;
              deadline = until;
              return absl::StatusOr<std::unique_ptr<AggregatorClient>>(
                  std::make_unique<FakeClient>(aggregator));
            },
        .out = out_,
        .err = err_,
        .files = &files};
    return static_cast<int>(Run(words, surroundings));
  }

  std::string Out() const { return out_.str(); }
  std::string Err() const { return err_.str(); }

  FakeAggregator aggregator;
  fakes::MemoryFileSystem files;
  std::map<std::string, std::string> variables;
  std::optional<int> terminal_width;
  std::string address;  // What the program connected to, and until when it may.
  absl::Time deadline;

 private:
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace ora::cli
