#include "tests/bench/load/server_meter.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ora/v1/admin_service.grpc.pb.h"
#include "proto/status/grpc_status.h"
#include "proto/status/status_macros.h"
#include "proto/transport/channel.h"
#include "storage/env/posix_file_system.h"

namespace ora::bench {
namespace {

constexpr size_t kProcFileBytesMax = 16'384;
// Fields of /proc/PID/stat after the name in parentheses, counted from 0; see proc(5).
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;
constexpr uint64_t kBytesAKilobyte = 1'024;

// The value of `key` in /proc/PID/status, in bytes.
absl::StatusOr<uint64_t> StatusField(absl::string_view text, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(": \t"), absl::SkipEmpty());
    uint64_t kilobytes = 0;
    if (words.size() == 3 && words[0] == key && absl::SimpleAtoi(words[1], &kilobytes)) {
      return kilobytes * kBytesAKilobyte;
    }
  }
  return absl::NotFoundError(absl::StrCat("/proc/PID/status has no ", key, "; see proc(5)"));
}

class ProcessMeter final : public ServerMeter {
 public:
  explicit ProcessMeter(pid_t pid) : folder_(absl::StrCat("/proc/", pid)) {}

  absl::StatusOr<ServerUse> Read() override {
    ORA_ASSIGN_OR_RETURN(const std::string stat,
                         files_.ReadWhole(folder_ + "/stat", kProcFileBytesMax));
    const std::vector<absl::string_view> fields =
        absl::StrSplit(absl::string_view(stat).substr(stat.rfind(')') + 2), ' ');
    uint64_t user = 0;
    uint64_t system = 0;
    if (fields.size() <= kSystemTicks || !absl::SimpleAtoi(fields[kUserTicks], &user) ||
        !absl::SimpleAtoi(fields[kSystemTicks], &system)) {
      return absl::DataLossError(absl::StrCat(folder_, "/stat: is `", stat, "`; see proc(5)"));
    }
    ServerUse use;
    use.cpu_seconds =
        static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    ORA_ASSIGN_OR_RETURN(const std::string status,
                         files_.ReadWhole(folder_ + "/status", kProcFileBytesMax));
    ORA_ASSIGN_OR_RETURN(use.resident_bytes, StatusField(status, "VmRSS"));
    ORA_ASSIGN_OR_RETURN(use.resident_bytes_peak, StatusField(status, "VmHWM"));
    return use;
  }

 private:
  const std::string folder_;
  storage::PosixFileSystem files_;
};

class StatusMeter final : public ServerMeter {
 public:
  explicit StatusMeter(std::unique_ptr<v1::AdminService::Stub> stub) : stub_(std::move(stub)) {}

  absl::StatusOr<ServerUse> Read() override {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    ORA_RETURN_IF_ERROR(FromGrpc(stub_->GetStatus(&context, {}, &response)));
    return ServerUse{response.process().cpu_seconds(), response.process().resident_bytes(), 0};
  }

 private:
  const std::unique_ptr<v1::AdminService::Stub> stub_;
};

}  // namespace

std::unique_ptr<ServerMeter> MakeProcessMeter(pid_t pid) {
  return std::make_unique<ProcessMeter>(pid);
}

absl::StatusOr<std::unique_ptr<ServerMeter>> MakeStatusMeter(absl::string_view address) {
  ORA_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, MakeChannel(address));
  return std::make_unique<StatusMeter>(v1::AdminService::NewStub(channel));
}

absl::StatusOr<StoreStatus> ReadStoreStatus(absl::string_view address) {
  ORA_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, MakeChannel(address));
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  ORA_RETURN_IF_ERROR(
      FromGrpc(v1::AdminService::NewStub(channel)->GetStatus(&context, {}, &response)));
  const v1::StorageStatus& storage = response.storage();
  return StoreStatus{storage.series(), storage.samples_open(), storage.samples_sealed()};
}

}  // namespace ora::bench
