#include "storage/rocks/database.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/fakes/rocks/faulty_database_files.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(testing::TempDir(), "/", test->test_suite_name(), ".", test->name(),
                              ".", getpid());
    std::filesystem::remove_all(directory_);
    Open();
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open() { Open(directory_); }
  void Open(const std::string& directory) { Open(directory, DatabaseFiles::Host()); }
  void Open(const std::string& directory, const DatabaseFiles& files) {
    database_.reset();
    auto opened = Database::Open(directory, files,
                                 [this](absl::string_view object, absl::string_view reason) {
                                   reports_.push_back(absl::StrCat(object, ": ", reason));
                                 });
    ASSERT_TRUE(opened.ok()) << opened.status();
    database_ = *std::move(opened);
  }

  std::shared_ptr<const Partition> Create(const PartitionId& id) {
    auto partition = database_->CreatePartition(id);
    EXPECT_TRUE(partition.ok()) << partition.status();
    return *partition;
  }
  template <typename Place>
  void Put(const Place& place, absl::string_view key, absl::string_view value) {
    DatabaseChanges changes(*database_);
    changes.Put(place, key, value);
    const absl::Status written = database_->Write(std::move(changes), Durability::kSynced);
    ASSERT_TRUE(written.ok()) << written;
  }
  static std::vector<std::string> All(RowCursor& rows) {
    std::vector<std::string> all;
    for (rows.Seek(""); rows.Valid(); rows.Next()) {
      all.push_back(absl::StrCat(rows.key(), "=", rows.value()));
    }
    EXPECT_TRUE(rows.status().ok()) << rows.status();
    return all;
  }
  template <typename Place>
  std::vector<std::string> All(const Place& place) {
    return All(*database_->Rows(place, nullptr));
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& partition : database_->Partitions()) names.push_back(partition->id().Name());
    return names;
  }

  const PartitionId first_day_{Resolution::kRaw, "default", 20'415};
  const PartitionId next_day_{Resolution::kRaw, "default", 20'416};
  const PartitionId tier_{Resolution::kOneHour, "debug", 20'352};
  std::string directory_;
  std::vector<std::string> reports_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, PartitionsAreThereAfterAReopenWithTheirRows) {
  Put(*Create(next_day_), "k", "2");
  Put(*Create(tier_), "k", "3");
  Put(*Create(first_day_), "k", "1");
  Put(Family::kMeta, "k", "0");
  Open();
  ASSERT_THAT(Names(), ElementsAre("raw.default.20415", "raw.default.20416", "1h.debug.20352"));
  const auto partitions = database_->Partitions();
  EXPECT_THAT(All(*partitions[0]), ElementsAre("k=1"));
  EXPECT_THAT(All(*partitions[1]), ElementsAre("k=2"));
  EXPECT_THAT(All(*partitions[2]), ElementsAre("k=3"));
  EXPECT_THAT(All(Family::kMeta), ElementsAre("k=0"));
  EXPECT_EQ(**database_->Get(*partitions[0], "k"), "1");
  EXPECT_FALSE(database_->Get(*partitions[0], "l")->has_value());
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(DatabaseTest, CreatingAPartitionThatIsThereReturnsIt) {
  const auto partition = Create(first_day_);
  EXPECT_EQ(Create(first_day_), partition);
  EXPECT_THAT(Names(), ElementsAre("raw.default.20415"));
}

TEST_F(DatabaseTest, ChangesOfSeveralPartitionsAreOneWrite) {
  const auto first = Create(first_day_);
  const auto next = Create(next_day_);
  DatabaseChanges changes(*database_);
  changes.Put(*first, "a", "1");
  changes.Put(*first, "b", "1");
  changes.Put(*next, "a", "2");
  changes.Put(*next, "b", "2");
  changes.Delete(*next, "a");
  changes.DeleteRange(*first, "b", "c");
  EXPECT_GT(changes.bytes(), 0u);
  ASSERT_TRUE(database_->Write(std::move(changes), Durability::kSynced).ok());
  EXPECT_THAT(All(*first), ElementsAre("a=1"));
  EXPECT_THAT(All(*next), ElementsAre("b=2"));
}

TEST_F(DatabaseTest, ADroppedPartitionIsGoneButReadersFinish) {
  const auto partition = Create(first_day_);
  Put(*partition, "k", "1");
  const auto snapshot = database_->Snapshot();
  Put(*partition, "k", "2");
  const auto cursor = database_->Rows(*partition, snapshot.get());
  ASSERT_TRUE(database_->DropPartition(partition).ok());
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(All(*cursor), ElementsAre("k=1"));
  EXPECT_THAT(All(*partition), ElementsAre("k=2"));
  EXPECT_TRUE(database_->DropPartition(partition).ok());
  const auto again = Create(first_day_);
  EXPECT_NE(again, partition);
  EXPECT_THAT(All(*again), IsEmpty());
  EXPECT_TRUE(database_->DropPartition(partition).ok());  // The old one, not the new.
  EXPECT_THAT(Names(), ElementsAre("raw.default.20415"));
}

TEST_F(DatabaseTest, AWriteToADroppedPartitionIsRefusedAsAWhole) {
  const auto partition = Create(first_day_);
  ASSERT_TRUE(database_->DropPartition(partition).ok());
  DatabaseChanges changes(*database_);
  changes.Put(Family::kMeta, "k", "1");
  changes.Put(*partition, "k", "1");
  EXPECT_EQ(database_->Write(std::move(changes), Durability::kSynced).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(All(Family::kMeta), IsEmpty());
  Put(Family::kMeta, "k", "2");
  EXPECT_THAT(All(Family::kMeta), ElementsAre("k=2"));
}

TEST_F(DatabaseTest, TheSpaceOfADroppedPartitionComesBackAtOnce) {
  auto partition = Create(first_day_);
  for (int i = 0; i < 100; ++i) Put(*partition, absl::StrCat(i), std::string(10'000, 'x'));
  ASSERT_TRUE(database_->Flush().ok());
  EXPECT_GT(database_->BytesOf(*partition), 900'000u);
  ASSERT_TRUE(database_->DropPartition(partition).ok());
  partition.reset();
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (entry.path().extension() == ".sst") bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 100'000u);
}

TEST_F(DatabaseTest, CompactionGivesTheSpaceOfDeletedRowsBack) {
  const auto partition = Create(first_day_);
  for (int i = 0; i < 100; ++i) Put(*partition, absl::StrCat(i), std::string(10'000, 'x'));
  ASSERT_TRUE(database_->Flush().ok());
  const uint64_t before = database_->BytesOf(*partition);
  DatabaseChanges changes(*database_);
  changes.DeleteRange(*partition, "1", "2");
  ASSERT_TRUE(database_->Write(std::move(changes), Durability::kSynced).ok());
  const absl::Status compacted = database_->Compact(*partition, "", "");
  ASSERT_TRUE(compacted.ok()) << compacted;
  EXPECT_LT(database_->BytesOf(*partition), before - 100'000);
  EXPECT_EQ(All(*partition).size(), 89u);
}

TEST_F(DatabaseTest, ACompactionThatLeavesNothingMayMeetABadDisk) {
  fakes::FaultyDatabaseFiles disk(1);
  Open(directory_, disk.files());
  const auto partition = Create(first_day_);
  for (int round = 0; round < 2; ++round) {
    Put(*partition, "k", "1");
    DatabaseChanges changes(*database_);
    changes.DeleteRange(*partition, "k", "l");
    ASSERT_TRUE(database_->Write(std::move(changes), Durability::kSynced).ok());
    ASSERT_TRUE(database_->Flush().ok());
  }
  EXPECT_THAT(All(*partition), IsEmpty());
  disk.Inject({.fault = fakes::DiskFault::kNoSpace,
               .files = fakes::FaultyFiles::kTables,
               .calls = fakes::FaultyCalls::kAppend});
  EXPECT_FALSE(database_->Compact(*partition, "", "").ok());
  disk.Heal();
  const absl::Status compacted = database_->Compact(*partition, "", "");
  EXPECT_TRUE(compacted.ok()) << compacted;
  EXPECT_THAT(All(*partition), IsEmpty());
}

TEST_F(DatabaseTest, ACheckpointIsADatabaseOfItsOwnAsOfItsMoment) {
  Put(*Create(first_day_), "k", "1");
  Put(Family::kState, "k", "1");
  const std::string copy = absl::StrCat(directory_, "/copy");
  const absl::Status made = database_->Checkpoint(copy);
  ASSERT_TRUE(made.ok()) << made;
  Put(Family::kState, "k", "2");
  ASSERT_TRUE(database_->DropPartition(database_->Partitions()[0]).ok());
  Open(copy);
  EXPECT_THAT(All(*database_->Partitions()[0]), ElementsAre("k=1"));
  EXPECT_THAT(All(Family::kState), ElementsAre("k=1"));
}

TEST_F(DatabaseTest, ManyPartitionsOpenAgain) {
  constexpr Day kDays = 60;
  for (Day day = 0; day < kDays; ++day) {
    Put(*Create({Resolution::kRaw, "default", day}), "k", absl::StrCat(day));
  }
  Open();
  const auto partitions = database_->Partitions();
  ASSERT_EQ(partitions.size(), static_cast<size_t>(kDays));
  EXPECT_THAT(All(*partitions[47]), ElementsAre("k=47"));
}

}  // namespace
}  // namespace ora::storage
