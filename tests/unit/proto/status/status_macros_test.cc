#include "proto/status/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

namespace ora {
namespace {

absl::StatusOr<std::unique_ptr<int>> Make(int value) {
  if (value < 0) return absl::InvalidArgumentError("negative");
  return std::make_unique<int>(value);
}

absl::StatusOr<int> Sum(int a, int b) {
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, Make(a));
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<int> second, Make(b));
  return *first + *second;
}

absl::Status Check(int value) {
  ORA_RETURN_IF_ERROR(Make(value).status());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, GoOnWithTheValue) {
  EXPECT_EQ(*Sum(1, 2), 3);
  EXPECT_TRUE(Check(1).ok());
}

TEST(StatusMacrosTest, ReturnTheError) {
  EXPECT_EQ(Sum(1, -2).status().message(), "negative");
  EXPECT_EQ(Check(-1).message(), "negative");
}

}  // namespace
}  // namespace ora
