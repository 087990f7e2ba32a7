#include "aggregator/server/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/server/message_bytes.h"

namespace ora::aggregator {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

// One answer on its way at a time; the next request is read after it.
class ReflectionCall final : public Call {
 public:
  ReflectionCall(CallTransport& transport, const Reflection& reflection)
      : transport_(transport), reflection_(reflection) {
    transport_.Read();
  }

 private:
  void Received(grpc::ByteBuffer& message) override {
    ServerReflectionRequest request;
    if (absl::Status status = FromBytes(message, request); !status.ok()) {
      transport_.Finish(status);
      return;
    }
    const absl::StatusOr<grpc::ByteBuffer> answer = ToBytes(reflection_.Answer(request));
    if (answer.ok()) {
      transport_.Write(*answer);
    } else {
      transport_.Finish(answer.status());
    }
  }
  void ReceivedAll() override { transport_.Finish(absl::OkStatus()); }
  void Sent(SendResult result) override {
    if (result == SendResult::kSent) {
      transport_.Read();
    } else {
      transport_.Finish(absl::CancelledError("call: the caller is gone"));
    }
  }

  CallTransport& transport_;
  const Reflection& reflection_;
};

// `file` and then what it imports, each once.
void AddFile(const FileDescriptor& file, std::set<std::string>& seen,
             ServerReflectionResponse& response) {
  if (!seen.insert(file.name()).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), seen, response);
}

void FillFile(const FileDescriptor* file, const std::string& wanted,
              ServerReflectionResponse& response) {
  if (file != nullptr) {
    std::set<std::string> seen;
    AddFile(*file, seen, response);
    return;
  }
  response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
  response.mutable_error_response()->set_error_message(
      absl::StrCat("`", wanted, "` is not known here"));
}

void FillExtensions(const std::string& type, ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* message = pool.FindMessageTypeByName(type);
  if (message == nullptr) {
    FillFile(nullptr, type, response);
    return;
  }
  std::vector<const google::protobuf::FieldDescriptor*> extensions;
  pool.FindAllExtensions(message, &extensions);
  auto* numbers = response.mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type);
  for (const auto* extension : extensions) numbers->add_extension_number(extension->number());
}

const FileDescriptor* FileOfExtension(const grpc::reflection::v1alpha::ExtensionRequest& request) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* message = pool.FindMessageTypeByName(request.containing_type());
  if (message == nullptr) return nullptr;
  const auto* extension = pool.FindExtensionByNumber(message, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

Reflection::Reflection(std::vector<std::string> services) : services_(std::move(services)) {}

void Reflection::AddTo(MethodTable& methods) const {
  methods.Add(kService, "ServerReflectionInfo", [this](CallTransport& transport) {
    return std::make_unique<ReflectionCall>(transport, *this);
  });
}

ServerReflectionResponse Reflection::Answer(const ServerReflectionRequest& request) const {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      FillFile(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(),
               response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      FillFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
               request.file_containing_symbol(), response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      FillFile(FileOfExtension(request.file_containing_extension()),
               absl::StrCat("extension ", request.file_containing_extension().extension_number(),
                            " of ", request.file_containing_extension().containing_type()),
               response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      FillExtensions(request.all_extension_numbers_of_type(), response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : services_) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message("message_request: is absent");
      break;
  }
  return response;
}

}  // namespace ora::aggregator
