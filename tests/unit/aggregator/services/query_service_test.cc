#include "aggregator/services/query_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "aggregator/server/server.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "storage/env/real_clock.h"

namespace ora::aggregator {
namespace {

using ::testing::HasSubstr;

// Series `load{i="000000"}` and on, one sample each minute from 0; counts what is read.
class EndlessSeries final : public storage::SeriesReader {
 public:
  size_t series = 10;
  int64_t samples = 10;
  std::function<void()> at_read;  // Called before each series is read. May be empty.
  std::atomic<uint64_t> samples_read{0};

  absl::StatusOr<std::unique_ptr<storage::SeriesCursor>> Select(
      const storage::SelectRequest& request) override {
    if (series > request.series_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat("selection matches ", series, " series, the limit is ", request.series_max));
    }
    return std::make_unique<Cursor>(*this);
  }
  absl::StatusOr<std::vector<std::string>> LabelNames(
      const std::vector<storage::Matcher>&) override {
    return std::vector<std::string>{"__name__", "i"};
  }
  absl::StatusOr<std::vector<std::string>> LabelValues(
      absl::string_view, const std::vector<storage::Matcher>&) override {
    return std::vector<std::string>{"load"};
  }

 private:
  class Cursor final : public storage::SeriesCursor {
   public:
    explicit Cursor(EndlessSeries& all) : all_(all) {}
    bool Next() override {
      if (next_ == all_.series) return false;
      labels_ = {{"__name__", "load"}, {"i", absl::StrCat(1'000'000 + next_++)}};
      return true;
    }
    const storage::Labels& labels() const override { return labels_; }
    absl::Status ReadSamples(storage::SampleColumns& columns) override {
      if (all_.at_read) all_.at_read();
      columns.time_millis.clear();
      columns.values.clear();
      for (int64_t i = 0; i < all_.samples; ++i) {
        columns.time_millis.push_back(i * 60'000);
        columns.values.push_back(static_cast<double>(i));
      }
      all_.samples_read += static_cast<uint64_t>(all_.samples);
      return absl::OkStatus();
    }
    size_t series_count() const override { return all_.series; }
    std::vector<std::string> warnings() const override { return {}; }

   private:
    EndlessSeries& all_;
    size_t next_ = 0;
    storage::Labels labels_;
  };
};

class QueryServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    service_ =
        std::make_unique<QueryService>(CallEnvironment{workers_, clock_, counters_.Get("calls"),
                                                       counters_.Get("failed"), timeout_},
                                       engine_, series_, limits_, slots_);
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    auto server = Server::Start(
        options, [this](MethodTable& methods, CallLoop&) { service_->AddTo(methods); });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::QueryService::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->Stop([] {});
    workers_.Stop();
  }
  // Starts again, with the limits as they are now.
  void Restart() {
    server_->Stop([] {});
    SetUp();
  }

  grpc::Status Query(const std::string& expression) {
    grpc::ClientContext context;
    return Query(expression, context);
  }
  grpc::Status Query(const std::string& expression, grpc::ClientContext& context) {
    v1::QueryRequest request;
    request.set_expression(expression);
    request.mutable_time()->set_seconds(600);
    return stub_->Query(&context, request, &response_);
  }
  grpc::Status QueryRange(const std::string& expression, int64_t end_seconds) {
    grpc::ClientContext context;
    v1::QueryRangeRequest request;
    request.set_expression(expression);
    request.mutable_start()->set_seconds(0);
    request.mutable_end()->set_seconds(end_seconds);
    request.mutable_step()->set_seconds(1);
    const auto reader = stub_->QueryRange(&context, request);
    v1::QueryRangeResponse part;
    for (parts_ = 0, part_bytes_max_ = 0; reader->Read(&part); ++parts_) {
      part_bytes_max_ = std::max(part_bytes_max_, part.ByteSizeLong());
    }
    return reader->Finish();
  }
  static void ExpectRefused(const grpc::Status& status, const std::string& limit) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(limit));
  }

  storage::RealClock clock_;
  storage::Counters counters_;
  EndlessSeries series_;
  promql::Engine engine_{series_};
  promql::QueryLimits limits_;
  absl::Duration timeout_ = absl::Minutes(2);
  QuerySlots slots_{{.client_max = 2, .all_max = 3}, clock_};
  WorkerPool workers_{{.threads = 4}, clock_};
  std::unique_ptr<QueryService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::QueryService::Stub> stub_;
  v1::QueryResponse response_;
  size_t parts_ = 0;
  size_t part_bytes_max_ = 0;
};

TEST_F(QueryServiceTest, SamplesAreLimited) {
  limits_.samples_max = 100;  // 10 series, 10 samples each.
  Restart();
  EXPECT_TRUE(Query("sum(sum_over_time(load[1h]))").ok());
  EXPECT_EQ(response_.statistics().samples_read(), 100u);
  limits_.samples_max = 99;
  Restart();
  ExpectRefused(Query("sum(sum_over_time(load[1h]))"), "the limit is 99 samples");
}

TEST_F(QueryServiceTest, SeriesAreLimited) {
  limits_.series_max = 10;
  Restart();
  EXPECT_TRUE(Query("load").ok());
  limits_.series_max = 9;
  Restart();
  ExpectRefused(Query("load"), "10 series, the limit is 9");
}

TEST_F(QueryServiceTest, StepsAreLimited) {
  limits_.steps_max = 20'000;  // More than dashboards know: the configuration's word counts.
  Restart();
  EXPECT_TRUE(QueryRange("vector(1)", 20'000).ok());
  const grpc::Status status = QueryRange("vector(1)", 20'001);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("maximum resolution of 20000 points"));
}

TEST_F(QueryServiceTest, BytesOfTheAnswerAreLimited) {
  limits_.result_bytes_max = 10 * (8 + 4 + 1 + 7 + 16);  // __name__, load, i, its value; a point.
  Restart();
  EXPECT_TRUE(Query("load").ok());
  --limits_.result_bytes_max;
  Restart();
  ExpectRefused(Query("load"), "takes 360 bytes, the limit is 359");
}

TEST_F(QueryServiceTest, AnAnswerThatIsTooLongForOneMessageIsRefusedAndStreamsAsARange) {
  series_.series = 150'000;
  series_.samples = 11;
  const std::string padded =
      R"(label_replace(load, "pad", ")" + std::string(500, 'x') + R"(", "i", ".*"))";
  ExpectRefused(Query(padded), "bytes as a message, the limit is 67108864");
  series_.series = 5'000;
  ASSERT_TRUE(QueryRange(padded, 600).ok());
  EXPECT_GT(parts_, 10u);
  EXPECT_LT(part_bytes_max_, size_t{2} << 20);
}

TEST_F(QueryServiceTest, TimeIsLimited) {
  timeout_ = absl::Milliseconds(20);
  series_.series = 1'000'000'000;
  limits_.series_max = series_.series;
  limits_.samples_max = UINT64_MAX;
  Restart();
  const grpc::Status status = Query("sum(load)");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(status.error_message(), HasSubstr("took longer than 20ms, the aggregator's limit"));
}

TEST_F(QueryServiceTest, AClientsQueriesAtOnceAreLimitedAndThoseOfAll) {
  const auto first = slots_.Enter("127.0.0.1", absl::ZeroDuration());
  EXPECT_TRUE(Query("load").ok());
  {
    const auto second = slots_.Enter("127.0.0.1", absl::ZeroDuration());
    ExpectRefused(
        Query("load"),
        "2 queries of client 127.0.0.1 run already, query.concurrent_per_client_max is 2");
    ExpectRefused(QueryRange("load", 60), "query.concurrent_per_client_max is 2");
    grpc::ClientContext context;
    v1::ListSeriesRequest request;
    request.add_selectors("load");
    v1::ListSeriesResponse response;
    ExpectRefused(stub_->ListSeries(&context, request, &response),
                  "query.concurrent_per_client_max is 2");
  }
  EXPECT_TRUE(Query("load").ok());
  const auto other = slots_.Enter("10.0.0.8", absl::ZeroDuration());
  const auto third = slots_.Enter("10.0.0.9", absl::ZeroDuration());
  ExpectRefused(Query("load"), "3 queries run already, query.concurrent_max is 3");
}

TEST_F(QueryServiceTest, AClientThatGoesAwayFreesItsSlotAndNoMoreIsRead) {
  series_.series = 1'000'000'000;
  limits_.series_max = series_.series;
  limits_.samples_max = UINT64_MAX;
  Restart();
  absl::Notification reads;
  std::atomic<int> series_begun{0};
  series_.at_read = [&] {
    if (series_begun.fetch_add(1) == 3) reads.Notify();
  };
  grpc::ClientContext context;
  grpc::Status status;
  std::thread caller([&] { status = Query("sum(load)", context); });
  reads.WaitForNotification();
  EXPECT_EQ(slots_.running(), 1u);
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  // The only way to a free slot is that the evaluation has ended.
  const auto both = slots_.Enter("127.0.0.1", absl::Seconds(30));
  const auto slots = slots_.Enter("127.0.0.1", absl::Seconds(30));
  ASSERT_TRUE(both.ok() && slots.ok());
  const uint64_t read = series_.samples_read;
  EXPECT_EQ(slots_.running(), 2u);
  EXPECT_EQ(series_.samples_read, read);
}

// How much is read after a query is told to end: of every form of evaluation at most the series
// that was begun.
class CancelledQueryTest : public testing::TestWithParam<std::string> {};

TEST_P(CancelledQueryTest, ReadsNoFurtherSeries) {
  EndlessSeries series;
  series.series = 100'000;
  series.samples = 1'000;
  promql::Engine engine(series);
  constexpr uint64_t kUntil = 50'000;
  promql::QueryContext context;
  context.check_alive = [&series] {
    return series.samples_read < kUntil ? absl::OkStatus() : absl::CancelledError("gone");
  };
  const auto range = engine.Range(GetParam(), {0, 60'000'000, 60'000}, context);
  EXPECT_EQ(range.status().code(), absl::StatusCode::kCancelled) << range.status();
  EXPECT_LE(series.samples_read, kUntil + 1'000);
  series.samples_read = 0;
  const auto instant = engine.Instant(GetParam(), 60'000'000, context);
  EXPECT_EQ(instant.status().code(), absl::StatusCode::kCancelled) << instant.status();
  EXPECT_LE(series.samples_read, kUntil + 1'000);
}

INSTANTIATE_TEST_SUITE_P(Forms, CancelledQueryTest,
                         testing::Values("load", "sum(load)", "sum by (i) (rate(load[5m]))",
                                         "max_over_time(load[1h])", "topk(5, load)",
                                         "quantile(0.5, load)", "load + on(i) load",
                                         "sum_over_time(rate(load[5m])[1h:1m])", "absent(load)",
                                         "sort(load)", "count(count_values(\"v\", load))",
                                         "label_replace(load, \"a\", \"b\", \"\", \"\")"));

}  // namespace
}  // namespace ora::aggregator
