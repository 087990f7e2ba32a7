#include "storage/tsdb/partitions/partition_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;

// Listings around a snapshot.
class JoinedTest : public testing::Test {
 protected:
  JoinedTest() {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    database_ = Database::Open(directory_, DatabaseFiles::Host(), [](auto, auto) {}).value();
  }
  ~JoinedTest() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  PartitionView View(Day day, std::initializer_list<uint32_t> ids) {
    const PartitionId id{Resolution::kRaw, "default", day};
    auto contents = std::make_shared<PartitionContents>();
    for (const uint32_t series : ids) contents->ids.add(series);
    return {database_->CreatePartition(id).value(), contents};
  }

  static std::vector<std::pair<Day, std::vector<uint32_t>>> Listed(
      const std::vector<PartitionView>& views) {
    std::vector<std::pair<Day, std::vector<uint32_t>>> listed;
    for (const PartitionView& view : views) {
      std::vector<uint32_t> ids(view.contents->ids.cardinality());
      view.contents->ids.toUint32Array(ids.data());
      listed.emplace_back(view.id().first_day, std::move(ids));
    }
    return listed;
  }
  static std::pair<Day, std::vector<uint32_t>> Holds(Day day, std::vector<uint32_t> ids) {
    return {day, std::move(ids)};
  }

  const std::string directory_ = absl::StrCat(testing::TempDir(), "/joined_test.", getpid());
  std::unique_ptr<Database> database_;
};

TEST_F(JoinedTest, NothingChanges) {
  const std::vector<PartitionView> views = {View(1, {7}), View(2, {7, 8})};
  const std::vector<PartitionView> joined = Joined(views, views);
  EXPECT_THAT(Listed(joined), ElementsAre(Holds(1, {7}), Holds(2, {7, 8})));
  EXPECT_EQ(joined[0].contents, views[0].contents);
}

// The rows of a deleted series are in the snapshot, or no more; those of a sealed one too.
TEST_F(JoinedTest, LooksForTheSeriesOfEither) {
  EXPECT_THAT(Listed(Joined({View(1, {7, 8})}, {View(1, {8, 9})})),
              ElementsAre(Holds(1, {7, 8, 9})));
}

TEST_F(JoinedTest, ReadsThePartitionsOfEither) {
  EXPECT_THAT(Listed(Joined({View(1, {7}), View(2, {7})}, {View(2, {7}), View(3, {7})})),
              ElementsAre(Holds(1, {7}), Holds(2, {7}), Holds(3, {7})));
  EXPECT_THAT(Listed(Joined({}, {View(2, {7}), View(3, {7})})),
              ElementsAre(Holds(2, {7}), Holds(3, {7})));
}

TEST_F(JoinedTest, OneThatWasDroppedAndMadeAgainIsRead) {
  const PartitionView before = View(1, {7});
  ASSERT_TRUE(database_->DropPartition(before.partition).ok());
  EXPECT_THAT(Listed(Joined({before}, {View(1, {8})})), ElementsAre(Holds(1, {8}), Holds(1, {7})));
}

}  // namespace
}  // namespace ora::storage
