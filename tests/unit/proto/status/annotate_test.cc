#include "proto/status/annotate.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"

namespace ora {
namespace {

TEST(AnnotateTest, PutsTheContextInFrontAndKeepsCodeAndPayload) {
  absl::Status status = absl::DataLossError("bad checksum");
  status.SetPayload("type/x", absl::Cord("payload"));
  const absl::Status annotated = Annotate(status, "spool /s");
  EXPECT_EQ(annotated.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(annotated.message(), "spool /s: bad checksum");
  EXPECT_EQ(annotated.GetPayload("type/x"), absl::Cord("payload"));
}

TEST(AnnotateTest, LeavesOkAsItIs) { EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok()); }

}  // namespace
}  // namespace ora
