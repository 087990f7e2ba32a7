// Copies of a store that goes on writing, opened by a fresh one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "storage/env/posix_file_system.h"
#include "storage/time_series_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/system/store/sender_fleet.h"

namespace ora::storage {
namespace {

class StoreSnapshotTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(testing::TempDir(), "/", test->name(), ".", getpid());
    std::filesystem::remove_all(directory_);
    store_ = OpenAt(absl::StrCat("file://", directory_));
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::unique_ptr<TimeSeriesStore> OpenAt(const std::string& uri) {
    TimeSeriesStoreOptions options;
    options.uri = uri;
    options.free_bytes_floor = 0;
    auto store = TimeSeriesStore::Open(options, clock_, files_, log_, counters_);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  void Write(uint64_t sequence) {
    const auto outcome = WriteAndWait(*store_, *fleet_.MakeBatch(*store_, 0, sequence));
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    written_ = sequence;
  }

  static uint64_t Durable(TimeSeriesStore& store) {
    return store.DurableSequence(SenderFleet::InstanceOf(0), "collector-0", 1).value();
  }

  // The store holds what batches 1 to its durable one say, and nothing else.
  void ExpectWhole(TimeSeriesStore& store) {
    const auto result = SenderFleet::Compare(store, 0, fleet_.SamplesOf(0, Durable(store)));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->missing + result->wrong, 0u) << result->example;
  }

  fakes::ManualClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  std::string directory_;
  const SenderFleet fleet_{{.start_millis = clock_.NowMillis() - 6 * int64_t{86'400'000}}};
  std::atomic<uint64_t> written_{0};
  std::unique_ptr<TimeSeriesStore> store_;
};

TEST_F(StoreSnapshotTest, AFreshStoreStartsFromItWhileTheFirstGoesOn) {
  for (uint64_t sequence = 1; sequence <= 50; ++sequence) Write(sequence);
  ASSERT_TRUE(store_->Seal().ok());
  std::atomic<bool> stop{false};
  std::thread writing([&] {
    for (uint64_t sequence = 51; !stop; ++sequence) Write(sequence);
  });
  while (written_ < 60) std::this_thread::yield();
  const auto snapshot = store_->Snapshot("before-upgrade_1");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->uri, absl::StrCat("file://", directory_, "/snapshots/before-upgrade_1"));
  EXPECT_GT(snapshot->bytes, 0u);
  const auto copy = OpenAt(snapshot->uri);
  const uint64_t durable = Durable(*copy);
  EXPECT_GE(durable, 60u);
  ExpectWhole(*copy);
  while (written_ <= durable) std::this_thread::yield();
  stop = true;
  writing.join();
  EXPECT_EQ(Durable(*copy), durable);
  EXPECT_EQ(Durable(*store_), written_);
  ExpectWhole(*store_);
  // The copy is a store like any other.
  ASSERT_TRUE(copy->Seal().ok());
  ExpectWhole(*copy);
}

TEST_F(StoreSnapshotTest, ANameIsGivenOnce) {
  Write(1);
  ASSERT_TRUE(store_->Snapshot("a").ok());
  EXPECT_EQ(store_->Snapshot("a").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(store_->Snapshot("b").ok());
}

TEST_F(StoreSnapshotTest, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string(".."), std::string("a/b"),
                                  std::string("a.making"), std::string(65, 'a')}) {
    EXPECT_EQ(store_->Snapshot(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_TRUE(store_->Snapshot(std::string(64, 'a')).ok());
}

TEST_F(StoreSnapshotTest, WhatACrashLeftHalfMadeGoesAtTheNextOpen) {
  ASSERT_TRUE(store_->Snapshot("whole").ok());
  const std::string half = absl::StrCat(directory_, "/snapshots/half.making");
  std::filesystem::create_directories(absl::StrCat(half, "/shard-0000.tmp"));
  std::ofstream(absl::StrCat(half, "/shard-0000.tmp/CURRENT")) << "x";
  store_.reset();
  store_ = OpenAt(absl::StrCat("file://", directory_));
  EXPECT_FALSE(std::filesystem::exists(half));
  EXPECT_TRUE(std::filesystem::exists(absl::StrCat(directory_, "/snapshots/whole")));
  EXPECT_TRUE(store_->Snapshot("half").ok());
}

}  // namespace
}  // namespace ora::storage
