#include "aggregator/server/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

class ReflectionTest : public testing::Test {
 protected:
  ServerReflectionResponse Ask() { return reflection_.Answer(request_); }

  static std::vector<std::string> FilesOf(const ServerReflectionResponse& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  void ExpectError(grpc::StatusCode code, const std::string& message) {
    const ServerReflectionResponse response = Ask();
    EXPECT_EQ(response.error_response().error_code(), code);
    EXPECT_EQ(response.error_response().error_message(), message);
  }

  const Reflection reflection_{{"a.B", "c.D"}};
  ServerReflectionRequest request_;
};

TEST_F(ReflectionTest, ListsTheServices) {
  request_.set_host("h");
  request_.set_list_services("*");
  const ServerReflectionResponse response = Ask();
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(1).name(), "c.D");
  EXPECT_EQ(response.valid_host(), "h");
  EXPECT_EQ(response.original_request().list_services(), "*");
}

TEST_F(ReflectionTest, GivesTheFileOfASymbol) {
  request_.set_file_containing_symbol("grpc.reflection.v1alpha.ServerReflection");
  EXPECT_THAT(FilesOf(Ask()), testing::ElementsAre("grpc/reflection/v1alpha/reflection.proto"));
}

TEST_F(ReflectionTest, GivesAFileAndWhatItImportsOnce) {
  request_.set_file_by_filename("ora/v1/no_such.proto");
  EXPECT_EQ(Ask().error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request_.set_file_by_filename("ora/v1/query_service.proto");
  const std::vector<std::string> files = FilesOf(Ask());
  ASSERT_FALSE(files.empty());
  EXPECT_EQ(files.front(), "ora/v1/query_service.proto");
  EXPECT_THAT(files, testing::Contains("google/protobuf/timestamp.proto").Times(1));
}

TEST_F(ReflectionTest, SaysWhatIsNotKnown) {
  request_.set_file_containing_symbol("a.B");
  ExpectError(grpc::StatusCode::NOT_FOUND, "`a.B` is not known here");
  request_.set_all_extension_numbers_of_type("a.B");
  ExpectError(grpc::StatusCode::NOT_FOUND, "`a.B` is not known here");
  request_.mutable_file_containing_extension()->set_containing_type("a.B");
  request_.mutable_file_containing_extension()->set_extension_number(7);
  ExpectError(grpc::StatusCode::NOT_FOUND, "`extension 7 of a.B` is not known here");
  request_.Clear();
  ExpectError(grpc::StatusCode::INVALID_ARGUMENT, "message_request: is absent");
}

TEST_F(ReflectionTest, KnowsAMessageWithoutExtensions) {
  request_.set_all_extension_numbers_of_type("grpc.health.v1.HealthCheckRequest");
  const ServerReflectionResponse response = Ask();
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(),
            "grpc.health.v1.HealthCheckRequest");
  EXPECT_EQ(response.all_extension_numbers_response().extension_number_size(), 0);
}

}  // namespace
}  // namespace ora::aggregator
