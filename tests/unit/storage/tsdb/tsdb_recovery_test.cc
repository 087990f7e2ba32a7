// What batch records bring back: samples, marks, and what of them when some cannot be read.
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

class RecoveryTest : public StoreTest {
 protected:
  absl::StatusOr<WriteOutcome> Send(uint64_t sequence) {
    WriteBatch batch = Batch(Series("up"), {{static_cast<int64_t>(sequence) - 100, 1}});
    batch.sender = {"collector-1", 1, sequence};
    return Store(std::move(batch));
  }

  uint64_t DurableSequence() { return store_->DurableSequence("a", "collector-1", 1).value(); }

  // Flips a bit of the only place in the tables of the closed store where `value` is.
  void DamageTableAt(double value) {
    char pattern[sizeof(value)];
    std::memcpy(pattern, &value, sizeof(value));
    int found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.path().extension() != ".sst") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      const size_t at = bytes.find(pattern, 0, sizeof(pattern));
      if (at == std::string::npos) continue;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      std::ofstream(entry.path(), std::ios::binary) << bytes;
      ++found;
    }
    ASSERT_EQ(found, 1);
  }

  // A batch that fills blocks of a table of its own.
  void AppendLong(int64_t first_second, double value) {
    Points points;
    for (int64_t i = 0; i < kLong; ++i) points.emplace_back(first_second + i, value);
    Append(Series("up"), points);
  }

  static constexpr int64_t kLong = 5000;
};

TEST_F(RecoveryTest, MarksComeBackFromBatchRecordsAndFromTheirOwnRows) {
  for (const uint64_t sequence : {1, 2}) ASSERT_TRUE(Send(sequence).ok());
  ReopenCopy();
  EXPECT_EQ(DurableSequence(), 2u);
  EXPECT_TRUE(Send(2)->repeat);
  ASSERT_TRUE(store_->Seal().ok());
  ReopenCopy();
  EXPECT_EQ(DurableSequence(), 2u);
  EXPECT_TRUE(Send(2)->repeat);
  EXPECT_FALSE(Send(3)->repeat);
  ReopenCopy();
  EXPECT_EQ(DurableSequence(), 3u);
  EXPECT_EQ(Read("up").size(), 3u);
}

TEST_F(RecoveryTest, MarksOfBatchesWithoutASampleOutliveASealing) {
  WriteBatch batch{.instance = "a", .sender = {"collector-1", 1, 7}};
  ASSERT_TRUE(Store(batch).ok());
  ASSERT_TRUE(store_->Seal().ok());
  ReopenCopy();
  EXPECT_EQ(DurableSequence(), 7u);
}

TEST_F(RecoveryTest, SamplesRecoveredTwiceAreThereOnce) {
  Append(Series("up"), {{-30, 1}, {-20, 2}});
  ReopenCopy();
  Append(Series("up"), {{-10, 3}});
  ReopenCopy();
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-20, 2}, {-10, 3}}));
  EXPECT_EQ(store_->Statistics().samples_open, 3u);
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
}

TEST_F(RecoveryTest, RecordsBehindADamagedBlockAreReplayed) {
  constexpr double kMark = 123.4567891;
  AppendLong(-20'000, 1);
  AppendLong(-14'000, kMark);
  AppendLong(-8'000, 2);
  Append(Series("up"), {{-10, 3}});
  Reopen();  // Writes the log's records into tables.
  store_.reset();
  DamageTableAt(kMark);
  Open();
  const Points points = Read("up");
  EXPECT_EQ(points.size(), 2 * kLong + 1);
  for (const auto& [seconds, value] : points) ASSERT_NE(value, kMark);
  EXPECT_EQ(points.back(), (std::pair<int64_t, double>{-10, 3}));
  EXPECT_TRUE(log_.Contains("block of batch records from 2 is damaged"));
  EXPECT_TRUE(log_.Contains("1 batch records are missing"));
  Append(Series("up"), {{-5, 4}});
  EXPECT_EQ(Read("up").back(), (std::pair<int64_t, double>{-5, 4}));
}

TEST_F(RecoveryTest, ADamagedLastBlockEndsTheReplayAndItsNumbersStayTaken) {
  constexpr double kMark = 123.4567891;
  AppendLong(-20'000, 1);
  AppendLong(-14'000, kMark);
  Reopen();
  store_.reset();
  DamageTableAt(kMark);
  Open();
  EXPECT_EQ(Read("up").size(), kLong);
  EXPECT_GT(store_->Statistics().damaged_records, 0u);
  Append(Series("up"), {{-5, 4}});
  ReopenCopy();
  EXPECT_EQ(Read("up").size(), kLong + 1);
}

}  // namespace
}  // namespace ora::storage
