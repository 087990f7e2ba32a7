#include "aggregator/server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"

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
  // Probing for bandwidth answers almost every read of a quiet stream with a ping of ours.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // Two aggregators on one port would each see half of the fleet.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("ora-aggregator");
  quota.SetMaxThreads(options.threads_max);
  builder.SetResourceQuota(quota);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(const ServerOptions& options, std::vector<std::string> names, std::string address,
             std::unique_ptr<grpc::Server> server)
      : options_(options),
        names_(std::move(names)),
        address_(std::move(address)),
        server_(std::move(server)) {}

  ~GrpcServer() override {
    Stop([] {});
  }

  const std::string& address() const override { return address_; }

  std::shared_ptr<grpc::Channel> InProcessChannel() override {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(contract::kResponseBytesMax));
    return server_->InProcessChannel(arguments);
  }

  void SetServing() {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    for (const std::string& name : names_) health->SetServingStatus(name, true);
  }

  void Stop(const std::function<void()>& end_streams) override {
    if (stopped_) return;
    stopped_ = true;
    server_->GetHealthCheckService()->Shutdown();
    end_streams();
    // gRPC's deadlines are on its own clock, not on ours.
    server_->Shutdown(std::chrono::system_clock::now() +
                      absl::ToChronoMilliseconds(options_.drain_limit));
    server_->Wait();
  }

 private:
  const ServerOptions options_;
  const std::vector<std::string> names_;
  const std::string address_;
  std::unique_ptr<grpc::Server> server_;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<ServedService>& services) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  std::vector<std::string> names;
  for (const ServedService& served : services) {
    builder.RegisterService(served.service);
    names.push_back(served.name);
  }
  int port = 0;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrCat("listen ", options.listen,
                     ": the address is taken or is not one of this host; choose another with "
                     "--listen or `listen`"));
  }
  const std::string host = options.listen.substr(0, options.listen.rfind(':'));
  auto started = std::make_unique<GrpcServer>(options, std::move(names),
                                              absl::StrCat(host, ":", port), std::move(server));
  started->SetServing();
  return started;
}

}  // namespace ora::aggregator
