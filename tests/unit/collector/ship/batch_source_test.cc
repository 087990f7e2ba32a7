#include "collector/ship/batch_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "collector/series/tick_batch.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::collector {
namespace {

class BatchSourceTest : public testing::Test {
 protected:
  BatchSourceTest() {
    auto spool = Spool::Open({.directory = "/spool"}, files_, clock_, log_, counters_);
    EXPECT_EQ(spool.status(), absl::OkStatus());
    spool_ = *std::move(spool);
  }

  // A tick with a new series each time, and the first.
  void AppendTick() {
    ++time_;
    ticks_.Begin(time_);
    ticks_.Add(ticks_.Intern("first", {}), 1);
    ticks_.Add(ticks_.Intern("m" + std::to_string(time_), {}), 1);
    Append(ticks_.Finish(spool_->NextSegment()).SerializeAsString());
  }
  void Append(const std::string& batch) {
    ASSERT_EQ(spool_->Append(batch, {}).status(), absl::OkStatus());
  }

  OutgoingBatch Next(BatchSource& source) {
    auto next = source.Next();
    EXPECT_EQ(next.status(), absl::OkStatus());
    if (!next->has_value()) return {};
    return **std::move(next);
  }

  fakes::MemoryFileSystem files_;
  fakes::ManualClock clock_;
  fakes::MemoryLogSink log_;
  storage::Counters counters_;
  std::unique_ptr<Spool> spool_;
  TickBatch ticks_{"web-1"};
  int64_t time_ = 1000;
  std::set<uint64_t> left_out_;
};

TEST_F(BatchSourceTest, GivesBatchesWithTheirSequences) {
  AppendTick();
  AppendTick();
  BatchSource source(*spool_, 0, left_out_);
  const OutgoingBatch first = Next(source);
  ASSERT_EQ(first.messages.size(), 1u);
  EXPECT_EQ(first.messages[0].batch().sequence(), 1u);
  EXPECT_EQ(first.samples, 2u);
  EXPECT_EQ(first.bytes, first.messages[0].ByteSizeLong());
  EXPECT_EQ(Next(source).sequence, 2u);
  EXPECT_EQ(Next(source).sequence, 0u);
  EXPECT_EQ(source.position(), 2u);
}

TEST_F(BatchSourceTest, TellsFirstWhatDurableAndLeftOutBatchesNamed) {
  for (int i = 0; i < 4; ++i) AppendTick();
  left_out_.insert(3);
  BatchSource source(*spool_, 2, left_out_);
  const OutgoingBatch batch = Next(source);
  EXPECT_EQ(batch.sequence, 4u);
  ASSERT_EQ(batch.messages.size(), 2u);
  EXPECT_EQ(batch.messages[0].definitions().series_size(), 4);
  EXPECT_EQ(batch.messages[0].definitions().epoch(),
            batch.messages[1].batch().definitions().epoch());
}

TEST_F(BatchSourceTest, SaysWhatCannotBeSent) {
  Append("\xff\xff");
  AppendTick();
  BatchSource source(*spool_, 0, left_out_);
  EXPECT_FALSE(Next(source).sendable);
  EXPECT_TRUE(Next(source).sendable);
}

}  // namespace
}  // namespace ora::collector
