// A store in a directory of the test's own, and verbs to fill and read it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/real_clock.h"
#include "storage/time_series_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/unit/storage/tsdb/roomy_file_system.h"

namespace ora::storage {

inline constexpr int kCopiesMax = 50;

using Points = std::vector<std::pair<int64_t, double>>;  // Seconds after the clock's start.

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(testing::TempDir(), "/", test->test_suite_name(), ".", test->name(),
                              ".", getpid());
    std::filesystem::remove_all(directory_);
    options_.uri = absl::StrCat("file://", directory_);
    start_millis_ = clock_.NowMillis();
    Open();
  }

  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open() {
    auto store = TimeSeriesStore::Open(options_, clock_, files_, log_, counters_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  void Reopen() {
    store_.reset();
    Open();
  }

  // Names of the files below the directory, and the sizes of those that say which others count.
  std::map<std::string, uintmax_t> FileList() const {
    std::map<std::string, uintmax_t> files;
    std::error_code gone;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_, gone)) {
      const bool manifest = absl::StrContains(entry.path().filename().string(), "MANIFEST");
      files[entry.path().string()] = manifest ? entry.file_size(gone) : 0;
    }
    return files;
  }

  // As after a crash: opens a copy of the files as they are now, while the store still runs. A copy
  // during which RocksDB made or deleted a file is no moment's image, so it is made again.
  void ReopenCopy() {
    const std::string copy = absl::StrCat(directory_, ".copy");
    std::error_code error;
    std::map<std::string, uintmax_t> before;
    int tries = 0;
    do {
      before = FileList();
      std::filesystem::remove_all(copy);
      std::filesystem::copy(directory_, copy, std::filesystem::copy_options::recursive, error);
    } while ((error || before != FileList()) && ++tries < kCopiesMax);
    ASSERT_FALSE(error) << error.message();
    store_.reset();
    std::filesystem::remove_all(directory_);
    std::filesystem::rename(copy, directory_);
    Open();
  }

  int64_t At(int64_t seconds) const { return start_millis_ + seconds * 1000; }

  static Labels Series(absl::string_view metric, absl::string_view instance = "a") {
    return Labels({{"__name__", std::string(metric)}, {"instance", std::string(instance)}});
  }

  SeriesRef Intern(const Labels& labels) {
    return store_->Intern(std::string(labels.Get("instance")), labels).value();
  }

  WriteBatch Batch(const Labels& labels, const Points& points) {
    WriteBatch batch;
    batch.instance = std::string(labels.Get("instance"));
    const SeriesRef ref = Intern(labels);
    for (const auto& [seconds, value] : points) {
      batch.blocks.push_back({At(seconds), {ref}, {value}});
    }
    return batch;
  }

  absl::StatusOr<WriteOutcome> Store(WriteBatch batch) {
    return WriteAndWait(*store_, std::move(batch));
  }

  void Append(const Labels& labels, const Points& points) {
    const auto outcome = Store(Batch(labels, points));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(outcome->samples_stored, points.size());
  }

  std::unique_ptr<SeriesCursor> Select(std::vector<Matcher> matchers, int64_t from_seconds,
                                       int64_t to_seconds) {
    SelectRequest request;
    request.matchers = std::move(matchers);
    request.range = {At(from_seconds), At(to_seconds)};
    auto cursor = store_->Select(request);
    EXPECT_TRUE(cursor.ok()) << cursor.status();
    return *std::move(cursor);
  }

  Points ReadAll(SeriesCursor& cursor) const {
    SampleColumns columns;
    const absl::Status read = cursor.ReadSamples(columns);
    EXPECT_TRUE(read.ok()) << read;
    Points points;
    for (size_t i = 0; i < columns.size(); ++i) {
      points.emplace_back((columns.time_millis[i] - start_millis_) / 1000, columns.values[i]);
    }
    return points;
  }

  static constexpr int64_t kAllSeconds = 1'000'000'000;

  Points Read(absl::string_view metric, int64_t from_seconds = -kAllSeconds,
              int64_t to_seconds = kAllSeconds) {
    const auto cursor = Select({Matcher::Equal("__name__", metric)}, from_seconds, to_seconds);
    return cursor->Next() ? ReadAll(*cursor) : Points{};
  }

  // Real time passes only while the store's own thread works.
  template <typename Condition>
  bool Eventually(Condition condition) {
    const absl::Duration limit = absl::Seconds(20);
    const absl::Duration begun = real_clock_.Monotonic();
    absl::Mutex mutex;
    while (!condition()) {
      if (real_clock_.Monotonic() - begun > limit) return false;
      absl::MutexLock lock(&mutex);
      real_clock_.Await(mutex, absl::Condition(&never_), absl::Milliseconds(1));
    }
    return true;
  }

  fakes::ManualClock clock_;
  RoomyFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  TimeSeriesStoreOptions options_;
  std::string directory_;
  int64_t start_millis_ = 0;
  std::unique_ptr<TimeSeriesStore> store_;

 private:
  bool never_ = false;
  RealClock real_clock_;
};

}  // namespace ora::storage
