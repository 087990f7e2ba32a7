// The parts of a shard without the store around them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/index/series_index.h"
#include "storage/rocks/database.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/unit/storage/tsdb/roomy_file_system.h"

namespace ora::storage {

class ShardTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(testing::TempDir(), "/", test->test_suite_name(), ".", test->name(),
                              ".", getpid());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    auto database = Database::Open(directory_, DatabaseFiles::Host(), [](auto, auto) {});
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
  }

  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  // The rows of a family.
  size_t Rows(Family family) const {
    size_t count = 0;
    const std::unique_ptr<RowCursor> rows = database_->Rows(family, nullptr);
    for (rows->Seek(""); rows->Valid(); rows->Next()) ++count;
    return count;
  }

  fakes::ManualClock clock_;
  RoomyFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  std::string directory_;
  std::unique_ptr<Database> database_;
};

}  // namespace ora::storage
