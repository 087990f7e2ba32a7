// What survives: reopens, crashes, repeats, damage.
#include <gmock/gmock.h>

#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"
#include "storage/rocks/record_bytes.h"
#include "tests/unit/storage/tsdb/store_fixture.h"

namespace ora::storage {
namespace {

using testing::HasSubstr;

class DurabilityTest : public StoreTest {
 protected:
  WriteBatch FromSender(WriteBatch batch, uint64_t sequence, uint64_t incarnation = 1) {
    batch.sender = {"collector-1", incarnation, sequence};
    return batch;
  }

  uint64_t DurableSequence() { return store_->DurableSequence("a", "collector-1", 1).value(); }

  absl::StatusOr<std::unique_ptr<Database>> OpenDatabase() {
    return Database::Open(absl::StrCat(directory_, "/shard-0000"), DatabaseFiles::Host(),
                          [](absl::string_view, absl::string_view) {});
  }

  // Changes a row of the closed store's database.
  void Damage(Family family, const std::string& key) {
    DamageIn([family](Database&) { return family; }, key);
  }
  void Damage(const PartitionId& id, const std::string& key) {
    DamageIn([id](Database& database) { return database.CreatePartition(id).value(); }, key);
  }

  template <typename PlaceOf>
  void DamageIn(PlaceOf place_of, const std::string& key) {
    store_.reset();
    {
      auto database = OpenDatabase();
      ASSERT_TRUE(database.ok()) << database.status();
      const auto place = place_of(**database);
      auto value = (*database)->Get(Reference(place), key);
      ASSERT_TRUE(value.ok() && value->has_value()) << value.status();
      std::string bytes = **value;
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
      DatabaseChanges changes(**database);
      changes.Put(Reference(place), key, bytes);
      ASSERT_TRUE((*database)->Write(std::move(changes), Durability::kSynced).ok());
    }
    Open();
  }

 private:
  static Family Reference(Family family) { return family; }
  static const Partition& Reference(const std::shared_ptr<const Partition>& partition) {
    return *partition;
  }
};

TEST_F(DurabilityTest, KeepsEverythingOverAReopen) {
  Append(Series("up"), {{-40, 1}, {-30, 2}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 3}});
  Append(Series("down"), {{-20, 4}});
  const StoreStatistics before = store_->Statistics();
  Reopen();
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-30, 2}, {-20, 3}}));
  EXPECT_EQ(Read("down"), (Points{{-20, 4}}));
  const StoreStatistics after = store_->Statistics();
  EXPECT_EQ(after.series, before.series);
  EXPECT_EQ(after.samples_open, before.samples_open);
  EXPECT_EQ(after.samples_sealed, before.samples_sealed);
  EXPECT_EQ(after.chunk_bytes, before.chunk_bytes);
  EXPECT_EQ(after.damaged_records, 0u);
  EXPECT_EQ(before.samples_ingested, 4u);
}

TEST_F(DurabilityTest, KeepsWhatWasAcknowledgedOverACrash) {
  Append(Series("up"), {{-40, 1}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-20, 3}});
  ReopenCopy();
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-20, 3}}));
  Append(Series("up"), {{-10, 4}});
  ASSERT_TRUE(store_->Seal().ok());
  ReopenCopy();
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-20, 3}, {-10, 4}}));
  EXPECT_EQ(store_->Statistics().damaged_records, 0u);
}

TEST_F(DurabilityTest, StoresEveryBatchOnceThoughItComesTwice) {
  for (uint64_t sequence = 1; sequence <= 10; ++sequence) {
    for (const bool repeat : {false, true}) {
      const WriteBatch batch =
          Batch(Series("up"), {{static_cast<int64_t>(sequence) - 100, repeat ? -1.0 : 1.0}});
      const auto outcome = Store(FromSender(batch, sequence));
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      EXPECT_EQ(outcome->repeat, repeat);
      EXPECT_EQ(outcome->samples_stored, repeat ? 0u : 1u);
    }
    EXPECT_EQ(DurableSequence(), sequence);
  }
  Reopen();
  EXPECT_EQ(DurableSequence(), 10u);
  const Points points = Read("up");
  ASSERT_EQ(points.size(), 10u);
  for (const auto& [seconds, value] : points) EXPECT_EQ(value, 1.0);
  EXPECT_TRUE(Store(FromSender(Batch(Series("up"), {{-1, 7}}), 10))->repeat);
  EXPECT_FALSE(Store(FromSender(Batch(Series("up"), {{-1, 7}}), 11))->repeat);
}

TEST_F(DurabilityTest, ANewIncarnationCountsFromItsOwnBeginning) {
  EXPECT_FALSE(Store(FromSender(Batch(Series("up"), {{-9, 1}}), 5))->repeat);
  EXPECT_FALSE(Store(FromSender(Batch(Series("up"), {{-8, 1}}), 1, 2))->repeat);
  EXPECT_EQ(DurableSequence(), 5u);
}

TEST_F(DurabilityTest, AMarkIsDurableThoughEverySampleIsTooOld) {
  const auto outcome = Store(FromSender(Batch(Series("up"), {{-kAllSeconds, 1}}), 3));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->samples_too_old, 1u);
  Reopen();
  EXPECT_EQ(DurableSequence(), 3u);
}

TEST_F(DurabilityTest, RefusesSequenceZero) {
  EXPECT_EQ(Store(FromSender(Batch(Series("up"), {{-9, 1}}), 0)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DurabilityTest, ASecondOpenOfOneDirectoryIsRefused) {
  const auto second = TimeSeriesStore::Open(options_, clock_, files_, log_, counters_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another process"));
}

TEST_F(DurabilityTest, SkipsADamagedBatchRecordAndServesTheRest) {
  Append(Series("up"), {{-30, 1}});
  Append(Series("up"), {{-20, 2}});
  Append(Series("up"), {{-10, 3}});
  Damage(Family::kBatches, BatchKey{2}.Encode());
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-10, 3}}));
  EXPECT_EQ(store_->Statistics().damaged_records, 1u);
  EXPECT_TRUE(log_.Contains("batch record 2 is damaged"));
}

TEST_F(DurabilityTest, TellsHowManyBatchRecordsAreMissing) {
  for (int i = 1; i <= 4; ++i) Append(Series("up"), {{-10 * i, 1}});
  store_.reset();
  {
    auto database = OpenDatabase();
    ASSERT_TRUE(database.ok()) << database.status();
    DatabaseChanges changes(**database);
    changes.DeleteRange(Family::kBatches, BatchKey{2}.Encode(), BatchKey{4}.Encode());
    ASSERT_TRUE((*database)->Write(std::move(changes), Durability::kSynced).ok());
  }
  Open();
  EXPECT_EQ(Read("up"), (Points{{-40, 1}, {-10, 1}}));
  EXPECT_EQ(store_->Statistics().damaged_records, 2u);
}

TEST_F(DurabilityTest, ADamagedSeriesRecordCostsItsSeriesAndItsIdStaysTaken) {
  Append(Series("up"), {{-30, 1}});
  Append(Series("down"), {{-30, 2}});
  const SeriesRef down = Intern(Series("down"));
  Damage(Family::kSeries, SeriesKey{SlotOf("a"), static_cast<SeriesId>(down)}.Encode());
  EXPECT_EQ(Read("up"), (Points{{-30, 1}}));
  EXPECT_EQ(Read("down"), Points());
  EXPECT_GT(store_->Statistics().damaged_records, 0u);
  EXPECT_GT(Intern(Series("other")), down);
}

TEST_F(DurabilityTest, SkipsADamagedChunkAndWarns) {
  Append(Series("up"), {{-30, 1}, {-20, 5}});
  ASSERT_TRUE(store_->Seal().ok());
  Append(Series("up"), {{-10, 2}});
  const auto ref = static_cast<SeriesId>(Intern(Series("up")));
  const Day day = DayOf(At(-30));
  const ChunkKey key{.slot = SlotOf("a"),
                     .id = ref,
                     .first_offset_millis = static_cast<uint32_t>(At(-30) - StartOf(day)),
                     .last_offset_millis = static_cast<uint32_t>(At(-20) - StartOf(day)),
                     .seal_number = 1};
  Damage(PartitionId{Resolution::kRaw, "default", day}, key.Encode());
  const auto cursor = Select({}, -100, 0);
  ASSERT_TRUE(cursor->Next());
  EXPECT_EQ(ReadAll(*cursor), (Points{{-10, 2}}));
  EXPECT_THAT(cursor->warnings(), testing::ElementsAre("partial: 1 damaged chunks skipped"));
  EXPECT_EQ(Read("up"), (Points{{-10, 2}}));
  EXPECT_EQ(store_->Statistics().damaged_records, 1u);
}

TEST_F(DurabilityTest, ReadsAPartitionThroughWhoseRecordIsDamaged) {
  Append(Series("up"), {{-30, 1}, {-20, 2}});
  ASSERT_TRUE(store_->Settle().ok());
  Append(Series("up"), {{-10, 3}});
  ASSERT_TRUE(store_->Seal().ok());
  const StoreStatistics before = store_->Statistics();
  const PartitionId id{Resolution::kRaw, "default", DayOf(At(-30))};
  Damage(Family::kMeta, absl::StrCat("partition/", id.Name()));
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-20, 2}, {-10, 3}}));
  EXPECT_EQ(store_->Statistics().samples_sealed, before.samples_sealed);
  EXPECT_EQ(store_->Statistics().chunk_bytes, before.chunk_bytes);
  EXPECT_EQ(store_->Statistics().damaged_records, 1u);
  ASSERT_TRUE(store_->Settle().ok());
  Reopen();
  EXPECT_EQ(Read("up"), (Points{{-30, 1}, {-20, 2}, {-10, 3}}));
}

TEST_F(DurabilityTest, RefusesAStoreOfAFormatThatItDoesNotKnow) {
  for (const uint64_t format : {1, 3}) {
    store_.reset();
    {
      auto database = OpenDatabase();
      ASSERT_TRUE(database.ok()) << database.status();
      RecordWriter writer;
      writer.Varint(format);
      writer.Varint(0);
      DatabaseChanges changes(**database);
      const std::string record = std::move(writer).Finish();
      changes.Put(Family::kMeta, "format", record);
      changes.Put(Family::kMirror, "format", record);
      ASSERT_TRUE((*database)->Write(std::move(changes), Durability::kSynced).ok());
    }
    const auto opened = TimeSeriesStore::Open(options_, clock_, files_, log_, counters_);
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(opened.status().message(), HasSubstr(absl::StrCat("format ", format)));
  }
}

TEST_F(DurabilityTest, RefusesAUriItDoesNotKnow) {
  for (const std::string uri : {"rados:pool", "file://relative", "/var/lib/ora", "file:///", ""}) {
    options_.uri = uri;
    EXPECT_EQ(TimeSeriesStore::Open(options_, clock_, files_, log_, counters_).status().code(),
              absl::StatusCode::kInvalidArgument)
        << uri;
  }
}

}  // namespace
}  // namespace ora::storage
