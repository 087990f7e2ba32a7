#include "aggregator/server/server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/server/call_loop.h"
#include "aggregator/server/health.h"
#include "aggregator/server/method_table.h"
#include "aggregator/server/reflection.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

void SetArguments(const ServerOptions& options, grpc::ServerBuilder& builder) {
  const auto millis = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  builder.SetMaxReceiveMessageSize(static_cast<int>(contract::kMessageBytesMax));
  builder.SetMaxSendMessageSize(static_cast<int>(contract::kResponseBytesMax));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, millis(options.ping_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, millis(options.ping_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             millis(options.ping_limit_min));
  // Probing for bandwidth answers almost every read of a quiet stream with a ping of ours. Without
  // it the window stays as it is: a collector that is far away delivers 64 KiB a round trip, which
  // at 100 ms is a day's samples of a hundred series in 15 s.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // What every message would pay for and nothing here uses: figures of gRPC's own about each
  // connection, and a look at whether an answer is to be compressed.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  // Two aggregators on one port would each see half of the fleet.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(const ServerOptions& options)
      : options_(options), loop_({options.pause, options.pause_short}) {}

  ~GrpcServer() override {
    Stop([] {});
  }

  absl::Status Start(const AddServices& add_services);

  const std::string& address() const override { return address_; }

  std::shared_ptr<grpc::Channel> InProcessChannel() override {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(contract::kResponseBytesMax));
    return server_->InProcessChannel(arguments);
  }

  void Stop(const std::function<void()>& end_streams) override {
    if (server_ == nullptr || stopped_) return;
    stopped_ = true;
    health_->Stop();
    end_streams();
    // gRPC's deadlines are on its own clock, not on ours.
    server_->Shutdown(std::chrono::system_clock::now() +
                      absl::ToChronoMilliseconds(options_.drain_limit));
    server_->Wait();
    loop_.Join();
  }

 private:
  const ServerOptions options_;
  std::string address_;
  MethodTable methods_;
  grpc::AsyncGenericService service_;
  CallLoop loop_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<Reflection> reflection_;
  std::unique_ptr<grpc::Server> server_;
  bool stopped_ = false;
};

absl::Status GrpcServer::Start(const AddServices& add_services) {
  add_services(methods_, loop_);
  health_ = std::make_unique<Health>(methods_.Services(), loop_);
  health_->AddTo(methods_);
  std::vector<std::string> names = methods_.Services();
  names.emplace_back(Reflection::kService);
  reflection_ = std::make_unique<Reflection>(std::move(names));
  reflection_->AddTo(methods_);
  ORA_RETURN_IF_ERROR(methods_.CheckComplete());

  grpc::ServerBuilder builder;
  SetArguments(options_, builder);
  builder.RegisterAsyncGenericService(&service_);
  CallLoop::Queues queues = CallLoop::AddQueues(builder);
  int port = 0;
  builder.AddListeningPort(options_.listen, grpc::InsecureServerCredentials(), &port);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    server_ = nullptr;
    return absl::UnavailableError(
        absl::StrCat("listen ", options_.listen,
                     ": the address is taken or is not one of this host; choose another with "
                     "--listen or `listen`"));
  }
  address_ = absl::StrCat(options_.listen.substr(0, options_.listen.rfind(':')), ":", port);
  loop_.Start(methods_, service_, std::move(queues));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const AddServices& add_services) {
  auto server = std::make_unique<GrpcServer>(options);
  ORA_RETURN_IF_ERROR(server->Start(add_services));
  return server;
}

}  // namespace ora::aggregator
