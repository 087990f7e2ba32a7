#include "proto/transport/channel.h"

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <gtest/gtest.h>

#include <string>

namespace ora {
namespace {

TEST(ChannelTest, TakesHostAndPort) {
  EXPECT_TRUE(MakeChannel("localhost:7460").ok());
  EXPECT_TRUE(MakeChannel("localhost:7460", ChannelUse::kStream).ok());
  EXPECT_TRUE(MakeChannel("[::1]:1").ok());
  EXPECT_TRUE(MakeChannel("10.0.0.1:65535").ok());
}

TEST(ChannelTest, RefusesWhatIsNoHostAndPort) {
  for (const char* target : {"", "localhost", ":7460", "localhost:", "localhost:0",
                             "localhost:65536", "localhost:http"}) {
    const absl::Status status = MakeChannel(target).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << target;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("HOST:PORT")) << target;
  }
}

}  // namespace
}  // namespace ora
