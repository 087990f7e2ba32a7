#include "storage/state/rocks_state_store.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "storage/rocks/keys.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StateStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(testing::TempDir(), "/state_store.",
                              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(directory_);
    Open();
  }
  void TearDown() override {
    state_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
  }
  void Open() {
    state_.reset();
    database_.reset();
    database_ =
        Database::Open(directory_, DatabaseFiles::Host(), [](absl::string_view, absl::string_view) {
        }).value();
    state_ = std::make_unique<RocksStateStore>(*database_);
  }

  absl::Status Put(const std::string& kind, const std::string& key, const std::string& value) {
    return state_->Apply({{{kind, key, value}}});
  }
  std::vector<std::string> Keys(absl::string_view after, size_t records_max) {
    std::vector<std::string> keys;
    const std::vector<StateRecord> records = state_->Scan("alert", after, records_max).value();
    for (const StateRecord& record : records) keys.push_back(record.key);
    return keys;
  }

  std::string directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<RocksStateStore> state_;
};

TEST_F(StateStoreTest, KeepsRecordsOverAReopen) {
  ASSERT_TRUE(Put("alert", "a", "1").ok());
  ASSERT_TRUE(Put("alert", "b", std::string("\0\xff", 2)).ok());
  Open();
  EXPECT_EQ(*state_->Get("alert", "a"), "1");
  EXPECT_EQ(*state_->Get("alert", "b"), std::string("\0\xff", 2));
  EXPECT_EQ(state_->Get("alert", "c").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(state_->Get("host", "a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StateStoreTest, AppliesAllChangesOrNone) {
  ASSERT_TRUE(Put("alert", "old", "1").ok());
  const StateChanges refused{
      {{"alert", "new", "1"}, {"alert", "old", absl::nullopt}, {"?", "x", "1"}}};
  EXPECT_EQ(state_->Apply(refused).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Keys("", 10), ElementsAre("old"));
  ASSERT_TRUE(state_->Apply({{{"alert", "new", "1"}, {"alert", "old", absl::nullopt}}}).ok());
  EXPECT_THAT(Keys("", 10), ElementsAre("new"));
}

TEST_F(StateStoreTest, ScansOneKindInPages) {
  ASSERT_TRUE(Put("alert", "a", "1").ok());
  ASSERT_TRUE(Put("alert", std::string("a\0", 2), "2").ok());
  ASSERT_TRUE(Put("alert", "b", "3").ok());
  ASSERT_TRUE(Put("alert_", "c", "4").ok());
  ASSERT_TRUE(Put("aler", "d", "5").ok());
  EXPECT_THAT(Keys("", 2), ElementsAre("a", std::string("a\0", 2)));
  EXPECT_THAT(Keys("a", 10), ElementsAre(std::string("a\0", 2), "b"));
  EXPECT_THAT(Keys("b", 10), IsEmpty());
}

TEST_F(StateStoreTest, HoldsTheLimitsOfKindKeyAndValue) {
  EXPECT_TRUE(Put(std::string(32, 'k'), std::string(512, 'x'), "").ok());
  EXPECT_TRUE(Put("alert", "big", std::string(1 << 20, 'v')).ok());
  for (const absl::Status& status :
       {Put(std::string(33, 'k'), "x", ""), Put("", "x", ""), Put("Alert", "x", ""),
        Put("alert", "", ""), Put("alert", std::string(513, 'x'), ""),
        Put("alert", "x", std::string((1 << 20) + 1, 'v'))}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
}

TEST_F(StateStoreTest, TellsOfADamagedRecord) {
  DatabaseChanges changes(*database_);
  changes.Put(Family::kState, StateKey("alert", "a"), "not a record");
  ASSERT_TRUE(database_->Write(std::move(changes), Durability::kSynced).ok());
  EXPECT_EQ(state_->Get("alert", "a").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ora::storage
