// The store is killed with -9 at arbitrary points, again and again; an oracle outside of it knows
// what was acknowledged. ORA_CRASH_CYCLES sets how often (10 unless set).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/env/posix_file_system.h"
#include "storage/env/real_clock.h"
#include "storage/time_series_store.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {
namespace {

constexpr int kCyclesDefault = 10;
constexpr int kSeries = 5;
constexpr uint64_t kInFlightMax = 16;
constexpr uint64_t kAcknowledgementsMax = 600;  // A cycle is killed after fewer.
constexpr int kExitWrong = 3;

double ValueOf(uint64_t sequence, int series) {
  return static_cast<double>(sequence * 1000 + static_cast<uint64_t>(series));
}

// What runs in the child: checks the store against the oracle, then writes until it is killed.
class Writer {
 public:
  Writer(const std::string& directory, int64_t start_millis, int acknowledgements)
      : start_millis_(start_millis), acknowledgements_(acknowledgements) {
    TimeSeriesStoreOptions options;
    options.uri = absl::StrCat("file://", directory);
    options.free_bytes_floor = 0;
    auto store = TimeSeriesStore::Open(options, clock_, files_, log_, counters_);
    Expect(store.ok(), store.status().ToString());
    store_ = *std::move(store);
    for (int i = 0; i < kSeries; ++i) {
      refs_.push_back(
          store_->Intern("a", Labels({{"__name__", absl::StrCat("m", i)}, {"instance", "a"}}))
              .value());
    }
  }

  // `acknowledged` is the newest sequence whose acknowledgement came out.
  void Check(uint64_t acknowledged) {
    durable_ = store_->DurableSequence("a", "collector", 1).value();
    Expect(durable_ >= acknowledged,
           absl::StrCat("durable ", durable_, ", acknowledged ", acknowledged));
    Expect(store_->Statistics().damaged_records == 0, "damaged records");
    SelectRequest request;
    request.range = {0, start_millis_ * 2};
    auto cursor = *store_->Select(request);
    Expect(durable_ == 0 || cursor->series_count() == kSeries, "series are missing");
    for (int series = 0; cursor->Next(); ++series) {
      SampleColumns columns;
      Expect(cursor->ReadSamples(columns).ok(), "samples cannot be read");
      Expect(columns.size() == durable_,
             absl::StrCat(columns.size(), " samples of ", durable_, " batches"));
      for (uint64_t i = 0; i < durable_; ++i) {
        Expect(
            columns.time_millis[i] == TimeOf(i + 1) && columns.values[i] == ValueOf(i + 1, series),
            absl::StrCat("sample ", i + 1, " of series ", series, " is another"));
      }
    }
  }

  [[noreturn]] void WriteUntilKilled() {
    std::thread sealer([this] {
      for (;;) Expect(store_->Seal().ok(), "seal");
    });
    // The newest durable batch once more: it must pass for a repeat.
    if (durable_ > 0) Expect(WriteAndWait(*store_, Batch(durable_))->repeat, "no repeat");
    for (uint64_t sequence = durable_ + 1;; ++sequence) {
      while (in_flight_ >= kInFlightMax) std::this_thread::yield();
      ++in_flight_;
      const absl::Status queued =
          store_->Write(Batch(sequence), [this, sequence](const absl::StatusOr<WriteOutcome>& o) {
            Expect(o.ok() && !o->repeat, "a batch was refused");
            Expect(write(acknowledgements_, &sequence, sizeof(sequence)) == sizeof(sequence),
                   "the oracle is gone");
            --in_flight_;
          });
      Expect(queued.ok(), queued.ToString());
    }
  }

  static void Expect(bool condition, const std::string& what) {
    if (condition) return;
    std::fprintf(stderr, "store after a crash: %s\n", what.c_str());
    _exit(kExitWrong);
  }

 private:
  int64_t TimeOf(uint64_t sequence) const {
    return start_millis_ + static_cast<int64_t>(sequence) * 1000;
  }

  WriteBatch Batch(uint64_t sequence) const {
    WriteBatch batch{.instance = "a", .sender = {"collector", 1, sequence}};
    WriteBlock block{TimeOf(sequence), refs_, {}};
    for (int i = 0; i < kSeries; ++i) block.values.push_back(ValueOf(sequence, i));
    batch.blocks.push_back(std::move(block));
    return batch;
  }

  const int64_t start_millis_;
  const int acknowledgements_;
  RealClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  std::unique_ptr<TimeSeriesStore> store_;
  std::vector<SeriesRef> refs_;
  uint64_t durable_ = 0;
  std::atomic<uint64_t> in_flight_{0};
};

class StoreCrashTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(testing::TempDir(), "/store_crash.", getpid());
    std::filesystem::remove_all(directory_);
    start_millis_ = absl::ToUnixMillis(RealClock().Now() - absl::Hours(24 * 6));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // This process never opens the store: RocksDB's threads do not survive a fork.
  void RunAndKill(uint64_t acknowledgements_wanted) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      Writer writer(directory_, start_millis_, pipe_ends[1]);
      writer.Check(acknowledged_);
      writer.WriteUntilKilled();
    }
    close(pipe_ends[1]);
    uint64_t sequence = 0;
    for (uint64_t i = 0; i < acknowledgements_wanted; ++i) {
      if (read(pipe_ends[0], &sequence, sizeof(sequence)) != sizeof(sequence)) break;
      acknowledged_ = sequence;
    }
    kill(child, SIGKILL);
    // What was told before the kill counts, though we read it after.
    while (read(pipe_ends[0], &sequence, sizeof(sequence)) == sizeof(sequence)) {
      acknowledged_ = sequence;
    }
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);
  }

  void CheckOnce() {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Writer writer(directory_, start_millis_, -1);
      writer.Check(acknowledged_);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }

  std::string directory_;
  int64_t start_millis_ = 0;
  uint64_t acknowledged_ = 0;
};

TEST_F(StoreCrashTest, NothingAcknowledgedIsMissingAndNothingDoubled) {
  int cycles = kCyclesDefault;
  if (const char* text = std::getenv("ORA_CRASH_CYCLES"); text != nullptr) {
    ASSERT_TRUE(absl::SimpleAtoi(text, &cycles)) << text;
  }
  uint64_t state = 1;  // A fixed sequence of arbitrary lengths.
  for (int cycle = 0; cycle < cycles; ++cycle) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    ASSERT_NO_FATAL_FAILURE(RunAndKill((state >> 33) % kAcknowledgementsMax)) << "cycle " << cycle;
  }
  ASSERT_NO_FATAL_FAILURE(CheckOnce());
  EXPECT_GT(acknowledged_, 0u);
}

}  // namespace
}  // namespace ora::storage
