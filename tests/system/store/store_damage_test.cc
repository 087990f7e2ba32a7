// A bit is flipped anywhere in the files of a store: it opens, says what is lost, and serves the
// rest. ORA_DAMAGE_FLIPS sets how many bits of each file (1 unless set), ORA_SEED which.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/system/store/opened_store.h"
#include "tests/system/store/sender_fleet.h"

namespace ora::storage {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kFlipsDefault = 1;
constexpr uint64_t kSeedDefault = 20'261'123;
constexpr uint64_t kBatches = 400;
constexpr uint64_t kBatchesSealed = 330;
constexpr uint64_t kBatchesMerged = 250;
constexpr int kStateRecords = 100;
constexpr int kFreshSeries = 40;
constexpr int kBlockSeries = 2000;
constexpr int kBlockSamples = 60;  // Of noise: half a kilobyte a series, so that 33 fill a block.
constexpr int kBlockSeriesLostMax = 70;
constexpr int64_t kDayMillis = 86'400'000;

class StoreDamageTest : public testing::Test {
 protected:
  struct Lost {
    uint64_t samples = 0;
    uint64_t wrong = 0;
    uint64_t states = 0;
    std::string example;

    bool any() const { return samples + states > 0; }
  };

  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(testing::TempDir()) / absl::StrCat("damage.", test->name(), ".", getpid());
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path Whole() const { return root_ / "whole"; }
  fs::path Damaged() const { return root_ / "damaged"; }

  // Partitions of many days that are merged, some whose sealings are not, and open samples.
  void MakeWhole() {
    OpenedStore store(Whole(), clock_);
    ASSERT_TRUE(store.status().ok()) << store.status();
    StateChanges states;
    for (int i = 0; i < kStateRecords; ++i) {
      states.changes.push_back({"alert", StateKey(i), StateValue(i)});
    }
    ASSERT_TRUE(store->Apply(states).ok());
    for (uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
      for (int sender = 0; sender < fleet_.senders(); ++sender) {
        const auto stored = WriteAndWait(*store, *fleet_.MakeBatch(*store, sender, sequence));
        ASSERT_TRUE(stored.ok()) << stored.status();
      }
      if (sequence == kBatchesMerged) {
        ASSERT_TRUE(store->Settle().ok());
      }
      if (sequence == kBatchesSealed) {
        ASSERT_TRUE(store->Seal().ok());
      }
    }
  }

  static std::string StateKey(int i) { return absl::StrCat("key-", 1000 + i); }
  static std::string StateValue(int i) { return std::string(500, static_cast<char>('a' + i % 26)); }

  // One partition of kBlockSeries series, in many blocks of a table.
  void MakeOnePartition() {
    OpenedStore store(Damaged(), clock_);
    ASSERT_TRUE(store.status().ok()) << store.status();
    WriteBatch batch{.instance = "a", .sender = {"collector", 1, 0}};
    batch.blocks.push_back({});
    for (int i = 0; i < kBlockSeries; ++i) {
      const auto ref =
          store->Intern("a", Labels({{"__name__", absl::StrCat("m", i)}, {"instance", "a"}}));
      ASSERT_TRUE(ref.ok()) << ref.status();
      batch.blocks[0].series.push_back(*ref);
    }
    for (int sample = 0; sample < kBlockSamples; ++sample) {
      ++batch.sender.sequence;
      batch.blocks[0].time_millis = clock_.NowMillis() - kDayMillis + 1000 * sample;
      batch.blocks[0].values.clear();
      for (int i = 0; i < kBlockSeries; ++i) {
        batch.blocks[0].values.push_back(std::generate_canonical<double, 53>(random_));
      }
      const auto stored = WriteAndWait(*store, batch);
      ASSERT_TRUE(stored.ok()) << stored.status();
    }
    ASSERT_TRUE(store->Settle().ok());
  }

  void CopyWhole() const {
    fs::remove_all(Damaged());
    fs::copy(Whole(), Damaged(), fs::copy_options::recursive);
  }

  Lost Compare(OpenedStore& store) {
    Lost lost;
    for (int sender = 0; sender < fleet_.senders(); ++sender) {
      const auto result = SenderFleet::Compare(*store, sender, fleet_.SamplesOf(sender, kBatches));
      EXPECT_TRUE(result.ok()) << result.status();
      if (!result.ok()) continue;
      lost.samples += result->missing;
      lost.wrong += result->wrong;
      if (lost.example.empty()) lost.example = result->example;
    }
    for (int i = 0; i < kStateRecords; ++i) {
      const auto value = store->Get("alert", StateKey(i));
      if (value.ok()) {
        EXPECT_EQ(*value, StateValue(i));
      } else if (!absl::IsDataLoss(value.status())) {  // Which says so itself.
        ++lost.states;
      }
    }
    return lost;
  }

  // New series are their own, whatever became of the old ones' records.
  void ExpectFreshSeriesAreFresh(OpenedStore& store) {
    WriteBatch batch{.instance = "fresh"};
    batch.blocks.push_back({clock_.NowMillis() - 1, {}, {}});
    for (int i = 0; i < kFreshSeries; ++i) {
      const auto ref = store->Intern(batch.instance, Labels({{"__name__", absl::StrCat("fresh", i)},
                                                             {"instance", batch.instance}}));
      ASSERT_TRUE(ref.ok()) << ref.status();
      batch.blocks[0].series.push_back(*ref);
      batch.blocks[0].values.push_back(i);
    }
    const auto stored = WriteAndWait(*store, batch);
    ASSERT_TRUE(stored.ok()) << stored.status();
    SelectRequest request;
    request.matchers = {*Matcher::Make("__name__", MatchType::kRegex, "fresh.*")};
    request.range = {0, int64_t{1} << 45};
    auto cursor = store->Select(request);
    ASSERT_TRUE(cursor.ok()) << cursor.status();
    int series = 0;
    SampleColumns columns;
    while ((*cursor)->Next()) {
      ++series;
      ASSERT_TRUE((*cursor)->ReadSamples(columns).ok());
      EXPECT_EQ(columns.size(), 1u) << (*cursor)->labels().ToString();
    }
    EXPECT_EQ(series, kFreshSeries);
  }

  // The store with one damaged file.
  void ExpectTheRestIsServed() {
    Lost lost;
    {
      OpenedStore store(Damaged(), clock_);
      ASSERT_TRUE(store.status().ok()) << store.status() << "\n" << store.Log();
      lost = Compare(store);
      EXPECT_EQ(lost.wrong, 0u) << lost.example << "\n" << store.Log();
      if (lost.any()) {
        ++lossy_;
        EXPECT_TRUE(store.Told()) << lost.samples << " samples and " << lost.states
                                  << " states, such as " << lost.example << "\n"
                                  << store.Log();
      }
      if (store.Told()) ++told_;
      ExpectFreshSeriesAreFresh(store);
      // Merging keeps what there is. What is sealed into the reach of a damaged block is behind it.
      lost.samples += store->Statistics().samples_open;
      (void)store->Settle();
      const Lost after = Compare(store);
      EXPECT_EQ(after.wrong, 0u) << after.example << "\n" << store.Log();
      EXPECT_LE(after.samples, lost.samples) << after.example << "\n" << store.Log();
      EXPECT_TRUE(after.samples == 0 || store.Told()) << after.example;
    }
    OpenedStore again(Damaged(), clock_);
    ASSERT_TRUE(again.status().ok()) << again.status() << "\n" << again.Log();
    const Lost after = Compare(again);
    EXPECT_EQ(after.wrong, 0u) << after.example << "\n" << again.Log();
    EXPECT_LE(after.samples, lost.samples) << after.example << "\n" << again.Log();
  }

  fakes::ManualClock clock_;
  std::mt19937_64 random_{NumberFrom("ORA_SEED", kSeedDefault)};
  const SenderFleet fleet_{{.senders = 3,
                            .start_millis = clock_.NowMillis() - 6 * kDayMillis,
                            .step_millis = 5 * kDayMillis / static_cast<int64_t>(kBatches),
                            .overwrites = false}};
  fs::path root_;
  uint64_t lossy_ = 0;
  uint64_t told_ = 0;
};

TEST_F(StoreDamageTest, ABitAnywhereCostsWhatIsToldAndNothingElse) {
  ASSERT_NO_FATAL_FAILURE(MakeWhole());
  CopyWhole();
  {
    OpenedStore store(Damaged(), clock_);
    const Lost lost = Compare(store);
    ASSERT_FALSE(lost.any()) << lost.example;
    ASSERT_FALSE(store.Told()) << store.Log();
  }
  const std::vector<fs::path> files = FilesBelow(Whole());
  uint64_t flips = 0;
  for (const fs::path& file : files) {
    for (uint64_t flip = NumberFrom("ORA_DAMAGE_FLIPS", kFlipsDefault); flip > 0; --flip) {
      CopyWhole();
      const std::string what = FlipABit(Damaged() / file, random_);
      if (what.empty()) continue;
      SCOPED_TRACE(what);
      ++flips;
      ASSERT_NO_FATAL_FAILURE(ExpectTheRestIsServed());
    }
  }
  RecordProperty("flips", static_cast<int>(flips));
  RecordProperty("told", static_cast<int>(told_));
  RecordProperty("lossy", static_cast<int>(lossy_));
  EXPECT_GT(told_, flips / 2);
}

TEST_F(StoreDamageTest, ABlockCostsTheSeriesInItAlone) {
  ASSERT_NO_FATAL_FAILURE(MakeOnePartition());
  fs::path longest;
  for (const auto& entry : fs::recursive_directory_iterator(Damaged())) {
    if (entry.path().extension() != ".sst") continue;
    if (longest.empty() || entry.file_size() > fs::file_size(longest)) longest = entry.path();
  }
  const auto middle = static_cast<std::streamoff>(fs::file_size(longest) / 2);
  std::fstream table(longest, std::ios::binary | std::ios::in | std::ios::out);
  table.seekg(middle);
  const char byte = static_cast<char>(table.get());
  table.seekp(middle);
  table.put(static_cast<char>(byte ^ 1));
  table.close();
  OpenedStore store(Damaged(), clock_);
  ASSERT_TRUE(store.status().ok()) << store.status();
  SelectRequest request;
  request.matchers = {Matcher::Equal("instance", "a")};
  request.range = {0, int64_t{1} << 45};
  auto cursor = store->Select(request);
  ASSERT_TRUE(cursor.ok()) << cursor.status();
  int lost = 0;
  SampleColumns columns;
  while ((*cursor)->Next()) {
    ASSERT_TRUE((*cursor)->ReadSamples(columns).ok());
    if (columns.size() == kBlockSamples) continue;
    ++lost;
    EXPECT_EQ(columns.size(), 0u);
    EXPECT_TRUE(store.Says(absl::StrCat("chunk of ", (*cursor)->labels().ToString())));
  }
  EXPECT_GT(lost, 0);
  EXPECT_LE(lost, kBlockSeriesLostMax);
  // The series before the block may go on in it, for all that can be known.
  EXPECT_LE(store->Statistics().damaged_records, static_cast<uint64_t>(lost) + 1);
  ASSERT_EQ((*cursor)->warnings().size(), 1u);
  EXPECT_TRUE(absl::StrContains((*cursor)->warnings()[0], "partial"));
}

}  // namespace
}  // namespace ora::storage
