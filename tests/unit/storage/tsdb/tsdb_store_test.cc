#include <gmock/gmock.h>

#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using TsdbStoreTest = StoreTest;

TEST_F(TsdbStoreTest, ReadsBackWhatWasWritten) {
  Append(Series("up"), {{-20, 1}, {-10, 0}});
  EXPECT_EQ(Read("up"), (Points{{-20, 1}, {-10, 0}}));
}

TEST_F(TsdbStoreTest, ReadsSealedAndOpenSamplesAsOne) {
  Append(Series("up"), {{-40, 1}, {-30, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 3}});
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-30, 2}, {-20, 3}}));
  const StoreStatistics statistics = store_->Statistics();
  EXPECT_EQ(statistics.samples_sealed, 2u);
  EXPECT_EQ(statistics.samples_open, 1u);
}

TEST_F(TsdbStoreTest, KeepsEverythingOverAReopen) {
  Append(Series("up"), {{-40, 1}, {-30, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 3}});
  Append(Series("down"), {{-20, 4}});
  Reopen();
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-30, 2}, {-20, 3}}));
  EXPECT_EQ(Read("down"), (Points{{-20, 4}}));
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
}

TEST_F(TsdbStoreTest, KeepsWhatWasAcknowledgedOverACrash) {
  Append(Series("up"), {{-40, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 3}});
  ReopenCopy();
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-20, 3}}));
}

}  // namespace
}  // namespace ora::storage
