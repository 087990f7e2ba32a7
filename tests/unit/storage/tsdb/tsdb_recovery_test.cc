// What batch records bring back: samples, marks, and what of them when some cannot be read.
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

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

  void DamageTableAt(double value) {
    std::string pattern(sizeof(value), 0);
    std::memcpy(pattern.data(), &value, sizeof(value));
    DamageTableAt(pattern);
  }

  // Flips a bit where `pattern` is first; it must be in one table of the closed store alone.
  void DamageTableAt(const std::string& pattern) {
    int found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.path().extension() != ".sst") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      const size_t at = bytes.find(pattern);
      if (at == std::string::npos) continue;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      std::ofstream(entry.path(), std::ios::binary) << bytes;
      ++found;
    }
    ASSERT_EQ(found, 1);
  }

  // Flips a bit in the middle of the longest table of the closed store: in a block of rows.
  void DamageLongestTable() {
    std::filesystem::path longest;
    uintmax_t size = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.path().extension() != ".sst" || entry.file_size() <= size) continue;
      longest = entry.path();
      size = entry.file_size();
    }
    std::fstream table(longest, std::ios::binary | std::ios::in | std::ios::out);
    table.seekg(static_cast<std::streamoff>(size / 2));
    const char byte = static_cast<char>(table.get());
    table.seekp(static_cast<std::streamoff>(size / 2));
    table.put(static_cast<char>(byte ^ 1));
    ASSERT_TRUE(table.good());
  }

  // A batch that fills blocks of a table of its own.
  void AppendLong(int64_t first_second, double value) {
    Points points;
    for (int64_t i = 0; i < kLong; ++i) points.emplace_back(first_second + i, value);
    Append(Series("up"), points);
  }

  // Text that does not compress, so that it is found in a table.
  std::string Noise() {
    constexpr absl::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    std::string noise(24, 0);
    for (char& letter : noise) letter = kLetters[random_() % kLetters.size()];
    return noise;
  }

  static constexpr int64_t kLong = 5000;

  std::mt19937_64 random_{3};
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

TEST_F(RecoveryTest, SeriesBehindADamagedBlockAreFound) {
  constexpr int kSeries = 3000;  // Several blocks, each of some hundred.
  std::vector<Labels> all;
  WriteBatch batch{.instance = "a"};
  batch.blocks.push_back({At(-10), {}, {}});
  for (int i = 0; i < kSeries; ++i) {
    all.push_back(
        Labels({{"__name__", absl::StrCat("m", i)}, {"instance", "a"}, {"noise", Noise()}}));
    batch.blocks[0].series.push_back(Intern(all.back()));
    batch.blocks[0].values.push_back(i);
  }
  ASSERT_TRUE(Store(std::move(batch)).ok());
  const SeriesRef next = Intern(Series("one_more"));
  Reopen();
  store_.reset();
  DamageLongestTable();
  Open();
  const uint64_t found = store_->Statistics().series;
  EXPECT_LT(found, kSeries);
  EXPECT_GT(found, kSeries * 8 / 10);
  EXPECT_EQ(Read("m0").size(), 1u);
  EXPECT_EQ(Read(absl::StrCat("m", kSeries - 1)).size(), 1u);
  EXPECT_TRUE(log_.Contains("block of series records from slot"));
  EXPECT_GE(Intern(Series("another")), next);
}

TEST_F(RecoveryTest, MarksBehindADamagedBlockAreFound) {
  constexpr size_t kSenders = 3000;
  std::vector<std::string> senders;
  for (size_t i = 0; i < kSenders; ++i) {
    senders.push_back(Noise());
    const WriteBatch batch{.instance = absl::StrCat("host-", i), .sender = {senders[i], 1, 7}};
    ASSERT_TRUE(store_->Write(batch, [](const auto&) {}).ok());
  }
  ASSERT_TRUE(Send(1).ok());
  ASSERT_TRUE(store_->Seal().ok());
  Reopen();
  store_.reset();
  DamageTableAt(senders[1234]);
  Open();
  size_t known = 0;
  for (size_t i = 0; i < kSenders; ++i) {
    known += *store_->DurableSequence(absl::StrCat("host-", i), senders[i], 1) == 7;
  }
  EXPECT_LT(known, kSenders);
  EXPECT_GT(known, kSenders / 2);
  EXPECT_TRUE(log_.Contains("block of marks from slot"));
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
