#include "aggregator/server/server.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/synchronization/notification.h"
#include "aggregator/server/call.h"
#include "aggregator/server/call_loop.h"
#include "aggregator/server/health.h"
#include "aggregator/server/method_table.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "ora/v1/admin_service.grpc.pb.h"
#include "ora/v1/query_service.grpc.pb.h"
#include "tests/fakes/manual_clock.h"

namespace ora::aggregator {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::HasSubstr;

constexpr int kAnswers = 3;

// Serves GetStatus as the test says.
class Answers {
 public:
  explicit Answers(const CallEnvironment& environment) : environment_(environment) {}

  void AddTo(MethodTable& methods) {
    ServiceMethods<const Answers> admin(methods, "ora.v1.AdminService", environment_, *this);
    admin.AddUnary("GetStatus", &Answers::GetStatus);
    admin.AddUnary("CreateSnapshot",
                   &Answers::Unasked<v1::CreateSnapshotRequest, v1::CreateSnapshotResponse>);
    admin.AddUnary("GetCardinality",
                   &Answers::Unasked<v1::GetCardinalityRequest, v1::GetCardinalityResponse>);
    admin.AddUnary("DeleteSeries",
                   &Answers::Unasked<v1::DeleteSeriesRequest, v1::DeleteSeriesResponse>);
  }

  std::function<absl::StatusOr<v1::GetStatusResponse>(const CallLife&)> answer;

 private:
  absl::StatusOr<v1::GetStatusResponse> GetStatus(const CallLife& life,
                                                  const v1::GetStatusRequest&) const {
    return answer(life);
  }
  template <typename Request, typename Response>
  absl::StatusOr<Response> Unasked(const CallLife&, const Request&) const {
    return absl::UnimplementedError("no test asks for this");
  }

  const CallEnvironment environment_;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Server::Start(Options(), [this](MethodTable& methods, CallLoop& loop) {
      answers_.AddTo(methods);
      loop_ = &loop;
    });
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    channel_ = server_->InProcessChannel();
  }

  void TearDown() override {
    if (server_ != nullptr) Stop();
  }

  void Stop() {
    server_->Stop([] {});
    workers_.Stop();
  }

  static ServerOptions Options() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  void UseTheNetwork() {
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }

  grpc::Status GetStatus(v1::GetStatusResponse* response) {
    grpc::ClientContext context;
    return v1::AdminService::NewStub(channel_)->GetStatus(&context, {}, response);
  }

  grpc::Status Check(const std::string& service, HealthCheckResponse* response) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(service);
    return grpc::health::v1::Health::NewStub(channel_)->Check(&context, request, response);
  }

  fakes::ManualClock clock_;
  storage::Counters counters_;
  WorkerPool workers_{{.threads = 1, .queue_max = 1}, clock_};
  Answers answers_{{workers_, clock_, counters_.Get("calls"), counters_.Get("failed")}};
  CallLoop* loop_ = nullptr;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ServerTest, AnswersACall) {
  answers_.answer = [](const CallLife&) {
    v1::GetStatusResponse response;
    response.set_version("7");
    return response;
  };
  v1::GetStatusResponse response;
  ASSERT_TRUE(GetStatus(&response).ok());
  EXPECT_EQ(response.version(), "7");
  EXPECT_EQ(counters_.Get("calls").Value(), 1u);
  EXPECT_EQ(counters_.Get("failed").Value(), 0u);
}

TEST_F(ServerTest, AnswersOnTheNetworkToo) {
  answers_.answer = [](const CallLife&) { return v1::GetStatusResponse(); };
  UseTheNetwork();
  v1::GetStatusResponse response;
  EXPECT_TRUE(GetStatus(&response).ok());
}

TEST_F(ServerTest, PassesAnErrorOn) {
  answers_.answer = [](const CallLife&) { return absl::NotFoundError("it is not there"); };
  v1::GetStatusResponse response;
  const grpc::Status status = GetStatus(&response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "it is not there");
  EXPECT_EQ(counters_.Get("failed").Value(), 1u);
}

TEST_F(ServerTest, RefusesAMethodThatItHasNot) {
  grpc::ClientContext context;
  v1::QueryResponse response;
  const grpc::Status status =
      v1::QueryService::NewStub(channel_)->Query(&context, v1::QueryRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("/ora.v1.QueryService/Query"));
}

TEST_F(ServerTest, TellsTheWorkThatItsCallerIsGone) {
  absl::Notification begun;
  absl::Notification seen;
  answers_.answer = [&](const CallLife& life) -> absl::StatusOr<v1::GetStatusResponse> {
    begun.Notify();
    while (life.Check().ok()) std::this_thread::yield();
    seen.Notify();
    return life.Check();
  };
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::GetStatusResponse response;
    const grpc::Status status =
        v1::AdminService::NewStub(channel_)->GetStatus(&context, {}, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  });
  begun.WaitForNotification();
  context.TryCancel();
  caller.join();
  seen.WaitForNotification();
}

TEST_F(ServerTest, RefusesCallsThatFindNoPlaceInTheQueue) {
  absl::Notification finish;
  answers_.answer = [&](const CallLife&) {
    finish.WaitForNotification();
    return v1::GetStatusResponse();
  };
  std::vector<grpc::StatusCode> codes(kAnswers);
  std::vector<std::thread> callers;
  absl::Mutex mutex;
  int ended = 0;
  for (int i = 0; i < kAnswers; ++i) {
    callers.emplace_back([&, i] {
      v1::GetStatusResponse response;
      codes[i] = GetStatus(&response).error_code();
      absl::MutexLock lock(&mutex);
      ++ended;
    });
  }
  {  // One is worked at, one waits.
    absl::MutexLock lock(&mutex);
    const auto refused = [&] { return ended > 0; };
    mutex.Await(absl::Condition(&refused));
  }
  finish.Notify();
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(codes, testing::Contains(grpc::StatusCode::RESOURCE_EXHAUSTED));
  EXPECT_THAT(codes, testing::Contains(grpc::StatusCode::OK));
}

TEST_F(ServerTest, SaysThatItsServicesAreServed) {
  HealthCheckResponse response;
  for (const char* service : {"", "ora.v1.AdminService"}) {
    ASSERT_TRUE(Check(service, &response).ok());
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  }
  EXPECT_EQ(Check("ora.v1.QueryService", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, TellsThoseWhoWatchThatItStops) {
  UseTheNetwork();  // The channel within the process ends with the server, before its calls.
  const auto stub = grpc::health::v1::Health::NewStub(channel_);
  grpc::ClientContext context;
  const auto reader = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  std::thread stopper([this] { Stop(); });
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopper.join();
}

TEST_F(ServerTest, OneWhoWatchesMayLeave) {
  const auto stub = grpc::health::v1::Health::NewStub(channel_);
  HealthCheckRequest request;
  request.set_service("no.such.Service");
  grpc::ClientContext context;
  const auto reader = stub->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Check("", &response).ok());
}

TEST_F(ServerTest, NoMoreMayWatchThanTheLimit) {
  const auto stub = grpc::health::v1::Health::NewStub(channel_);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>> readers;
  HealthCheckResponse response;
  for (size_t i = 0; i <= Health::kWatchesMax; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(stub->Watch(contexts.back().get(), HealthCheckRequest()));
    ASSERT_EQ(readers.back()->Read(&response), i < Health::kWatchesMax) << i;
  }
  EXPECT_EQ(readers.back()->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& context : contexts) context->TryCancel();
  readers.pop_back();
  for (const auto& reader : readers) {
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
}

TEST_F(ServerTest, ReflectsRequestAfterRequest) {
  grpc::ClientContext context;
  const auto stub = grpc::reflection::v1alpha::ServerReflection::NewStub(channel_);
  const auto stream = stub->ServerReflectionInfo(&context);
  grpc::reflection::v1alpha::ServerReflectionRequest request;
  request.set_list_services("*");
  for (int i = 0; i < kAnswers; ++i) {
    ASSERT_TRUE(stream->Write(request));
    grpc::reflection::v1alpha::ServerReflectionResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.list_services_response().service_size(), 3);
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerTest, StopsWhileCallsAreOpen) {
  grpc::ClientContext context;
  const auto stub = grpc::reflection::v1alpha::ServerReflection::NewStub(channel_);
  const auto stream = stub->ServerReflectionInfo(&context);
  grpc::reflection::v1alpha::ServerReflectionRequest request;
  request.set_list_services("*");
  ASSERT_TRUE(stream->Write(request));
  grpc::reflection::v1alpha::ServerReflectionResponse response;
  ASSERT_TRUE(stream->Read(&response));
  Stop();
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(ServerTest, AnswersMoreCallsThanOneQueueTakes) {
  UseTheNetwork();
  constexpr size_t kCalls = CallLoop::kFirstLaneCalls + 2 * CallLoop::kLanes;
  using grpc::reflection::v1alpha::ServerReflectionRequest;
  using grpc::reflection::v1alpha::ServerReflectionResponse;
  using Stream = grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>;
  const auto stub = grpc::reflection::v1alpha::ServerReflection::NewStub(channel_);
  std::vector<grpc::ClientContext> contexts(kCalls);
  std::vector<std::unique_ptr<Stream>> streams;
  ServerReflectionRequest request;
  request.set_list_services("*");
  for (grpc::ClientContext& context : contexts) {
    streams.push_back(stub->ServerReflectionInfo(&context));
    ASSERT_TRUE(streams.back()->Write(request));
  }
  ServerReflectionResponse response;
  for (const auto& stream : streams) ASSERT_TRUE(stream->Read(&response));
  answers_.answer = [](const CallLife&) { return v1::GetStatusResponse(); };
  v1::GetStatusResponse status;
  EXPECT_TRUE(GetStatus(&status).ok());
  // Those of the first queue end; the others go on.
  for (size_t i = 0; i < CallLoop::kFirstLaneCalls; ++i) {
    streams[i]->WritesDone();
    ASSERT_TRUE(streams[i]->Finish().ok()) << i;
  }
  ASSERT_TRUE(streams.back()->Write(request));
  EXPECT_TRUE(streams.back()->Read(&response));
  Stop();
  for (size_t i = CallLoop::kFirstLaneCalls; i < kCalls; ++i) {
    EXPECT_FALSE(streams[i]->Finish().ok()) << i;
  }
}

TEST_F(ServerTest, RunsWhatIsPostedWhileItHasNothingElseToDo) {
  class Note final : public CallLoop::Posted {
   public:
    void RunOnLoop() override { done.Notify(); }
    absl::Notification done;
  };
  for (int i = 0; i < kAnswers; ++i) {
    Note note;
    loop_->Post(note);
    note.done.WaitForNotification();
  }
}

TEST_F(ServerTest, NamesAnAddressThatIsTaken) {
  ServerOptions options = Options();
  options.listen = server_->address();
  const auto second = Server::Start(options, [](MethodTable&, CallLoop&) {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("the address is taken"));
}

TEST_F(ServerTest, RefusesAServiceWithoutOneOfItsMethods) {
  const auto incomplete = Server::Start(Options(), [](MethodTable& methods, CallLoop&) {
    methods.Add("ora.v1.QueryService", "Query",
                [](CallTransport&) { return std::unique_ptr<Call>(); });
  });
  EXPECT_EQ(incomplete.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(incomplete.status().message()), HasSubstr("QueryService"));
}

}  // namespace
}  // namespace ora::aggregator
