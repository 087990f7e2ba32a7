#include "aggregator/ingest/rejections.h"

#include <gtest/gtest.h>

namespace ora::aggregator {
namespace {

TEST(RejectionsTest, KeepsTheFirstExampleOfAReason) {
  Rejections rejections;
  rejections.Add(RejectionReason::kUnknownSeries, 1, [] { return "first"; });
  rejections.Add(RejectionReason::kUnknownSeries, 2, [] { return "second"; });
  v1::Ack ack;
  rejections.FillAck(ack);
  ASSERT_EQ(ack.rejected_size(), 1);
  EXPECT_EQ(ack.rejected(0).samples(), 3u);
  EXPECT_EQ(ack.rejected(0).example(), "first");
  EXPECT_EQ(rejections.total(), 3u);
}

TEST(RejectionsTest, MergesAcknowledgementsThatFollowEachOther) {
  v1::Ack first;
  first.set_sequence(3);
  v1::Rejection* rejection = first.add_rejected();
  rejection->set_reason("too_old");
  rejection->set_samples(2);
  v1::Ack second = first;
  second.set_sequence(4);
  second.add_rejected()->set_reason("too_new");
  MergeAck(first, second);
  EXPECT_EQ(first.sequence(), 4u);
  ASSERT_EQ(first.rejected_size(), 2);
  EXPECT_EQ(first.rejected(0).samples(), 4u);
  EXPECT_EQ(first.rejected(1).reason(), "too_new");
}

}  // namespace
}  // namespace ora::aggregator
