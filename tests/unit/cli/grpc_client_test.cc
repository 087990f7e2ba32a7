// The program against a real gRPC server of this process: what the fake client cannot show.
#include "cli/grpc_client.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "cli/run.h"
#include "ora/v1/fleet_service.grpc.pb.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "storage/env/real_clock.h"

namespace ora::cli {
namespace {

using testing::HasSubstr;

// Two pages of hosts; one host; any other is not found.
class CannedFleet : public v1::FleetService::Service {
 public:
  grpc::Status ListHosts(grpc::ServerContext*, const v1::ListHostsRequest* request,
                         v1::ListHostsResponse* response) override {
    const bool is_first = request->page_token().empty();
    response->add_hosts()->set_instance(is_first ? "web1" : "web2");
    if (is_first) response->set_next_page_token("2");
    return grpc::Status::OK;
  }

  grpc::Status GetHost(grpc::ServerContext*, const v1::GetHostRequest* request,
                       v1::Host* response) override {
    if (request->instance().empty()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "instance: is empty"};
    }
    if (request->instance() != "web1") {
      return {grpc::StatusCode::NOT_FOUND, absl::StrCat("host ", request->instance(), ": unknown")};
    }
    response->set_instance("web1");
    return grpc::Status::OK;
  }
};

// A range in two parts; an instant query never ends before its caller gives up.
class CannedQueries : public v1::QueryService::Service {
 public:
  grpc::Status QueryRange(grpc::ServerContext*, const v1::QueryRangeRequest*,
                          grpc::ServerWriter<v1::QueryRangeResponse>* writer) override {
    for (const char* instance : {"web1", "web2"}) {
      v1::QueryRangeResponse part;
      v1::SampledSeries* series = part.add_series();
      v1::Label* label = series->mutable_labels()->add_labels();
      label->set_name("instance");
      label->set_value(instance);
      series->add_time_millis(1'000);
      series->add_values(1);
      writer->Write(part);
    }
    v1::QueryRangeResponse last;
    last.add_warnings("partial: web3");
    writer->Write(last);
    return grpc::Status::OK;
  }

  grpc::Status Query(grpc::ServerContext*, const v1::QueryRequest*, v1::QueryResponse*) override {
    released_.WaitForNotification();
    return grpc::Status::OK;
  }

  void Release() { released_.Notify(); }

 private:
  absl::Notification released_;
};

class GrpcClientTest : public testing::Test {
 protected:
  void StartServer() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&fleet_);
    builder.RegisterService(&queries_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    address_ = absl::StrCat("127.0.0.1:", port);
  }

  void StopServer() {
    server_->Shutdown();
    server_->Wait();
  }

  int Ora(std::vector<std::string> words) {
    words.insert(words.end(), {"--aggregator", address_});
    out_.str("");
    err_.str("");
    const Surroundings surroundings{
        .variable = [](const char*) { return std::string(); },
        .now = clock_.Now(),
        .connect = [](const std::string& address,
                      absl::Time deadline) { return MakeGrpcClient(address, deadline); },
        .out = out_,
        .err = err_};
    return static_cast<int>(cli::Run(words, surroundings));
  }

  storage::RealClock clock_;
  CannedFleet fleet_;
  CannedQueries queries_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(GrpcClientTest, FetchesAllPages) {
  StartServer();
  EXPECT_EQ(Ora({"hosts", "list"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("web1"));
  EXPECT_THAT(out_.str(), HasSubstr("web2"));
}

TEST_F(GrpcClientTest, JoinsThePartsOfARange) {
  StartServer();
  EXPECT_EQ(Ora({"query", "up", "--start", "1", "--end", "2", "-o", "json"}), 0);
  EXPECT_EQ(out_.str(),
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{"instance":"web1"},"values":[[1,"1"]]},)"
            R"({"metric":{"instance":"web2"},"values":[[1,"1"]]}]},"warnings":["partial: web3"]})"
            "\n");
}

TEST_F(GrpcClientTest, TellsTheServersErrorsApart) {
  StartServer();
  EXPECT_EQ(Ora({"hosts", "show", "web1"}), 0);
  EXPECT_EQ(Ora({"hosts", "show", "web9"}), 1);
  EXPECT_EQ(err_.str(), "ora: host web9: unknown\n");
  EXPECT_EQ(Ora({"hosts", "show", ""}), 2);
  EXPECT_EQ(err_.str(), "ora: instance: is empty\n");
  EXPECT_EQ(Ora({"admin", "status"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("does not know this request"));
}

TEST_F(GrpcClientTest, IsUnreachableWhereNobodyListens) {
  StartServer();
  StopServer();
  EXPECT_EQ(Ora({"hosts", "list"}), 3);
  EXPECT_EQ(err_.str(), absl::StrCat("ora: cannot reach the aggregator at ", address_,
                                     ": connection refused; is ora-aggregator running? set "
                                     "--aggregator or ORA_AGGREGATOR\n"));
}

TEST_F(GrpcClientTest, GivesUpAtTheDeadline) {
  StartServer();
  EXPECT_EQ(Ora({"query", "up", "--timeout", "50ms"}), 3);
  EXPECT_EQ(err_.str(), absl::StrCat("ora: the aggregator at ", address_,
                                     " did not answer within 50ms; check the address, or raise "
                                     "--timeout for a heavy request\n"));
  queries_.Release();
}

TEST_F(GrpcClientTest, RefusesAnAddressThatIsNone) {
  address_ = "nowhere";
  EXPECT_EQ(Ora({"hosts", "list"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("is not HOST:PORT"));
}

}  // namespace
}  // namespace ora::cli
