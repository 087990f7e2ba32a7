// The store over a disk that loses power, errs and fills up, with an oracle that knows what was
// acknowledged. ORA_FAULT_CYCLES sets how often (4 unless set), ORA_SEED what befalls it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "storage/env/posix_file_system.h"
#include "storage/time_series_store.h"
#include "storage/tsdb/tsdb_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/fakes/rocks/faulty_database_files.h"
#include "tests/system/store/sender_fleet.h"

namespace ora::storage {
namespace {

constexpr uint64_t kCyclesDefault = 4;
constexpr uint64_t kSeedDefault = 20'261'123;
constexpr std::chrono::seconds kPatience(20);  // With a store that must accept writes again.
constexpr uint64_t kRoundsMax = 12;            // Of writing, in a cycle.
constexpr uint64_t kInFlightMax = 6;           // Batches of a sender.
constexpr uint64_t kSealOneIn = 4;             // Rounds.
constexpr uint64_t kSettleOneIn = 9;
constexpr uint64_t kFaultRounds = 6;

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  uint64_t number = otherwise;
  if (const char* text = std::getenv(variable); text != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  }
  return number;
}

uint64_t Cycles() { return NumberFrom("ORA_FAULT_CYCLES", kCyclesDefault); }
uint64_t Seed() { return NumberFrom("ORA_SEED", kSeedDefault); }

class StoreFaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(testing::TempDir(), "/", test->name(), ".", getpid());
    std::filesystem::remove_all(directory_);
    options_.uri = absl::StrCat("file://", directory_);
    options_.free_bytes_floor = 0;
    options_.out_of_order_window = absl::Hours(24 * 45);
    options_.retention.raw = absl::Hours(24 * 90);
    Open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open() {
    auto store = OpenStore(options_, disk_.files(), clock_, files_, log_, counters_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // Each sender goes on from what is durable with up to kInFlightMax batches at once. A batch that
  // is acknowledged is one that must stay. Returns how many were refused.
  uint64_t WriteRound() {
    struct Sent {
      int sender = 0;
      uint64_t sequence = 0;
      absl::StatusOr<WriteOutcome> outcome = WriteOutcome();
    };
    std::vector<Sent> sent;
    for (int sender = 0; sender < fleet_.senders(); ++sender) {
      const uint64_t count = 1 + random_() % kInFlightMax;
      const uint64_t durable = Durable(sender);
      for (uint64_t i = 1; i <= count; ++i) sent.push_back({sender, durable + i});
    }
    absl::BlockingCounter left(static_cast<int>(sent.size()));
    for (Sent& one : sent) {
      const auto batch = fleet_.MakeBatch(*store_, one.sender, one.sequence);
      EXPECT_TRUE(batch.ok()) << batch.status();
      const absl::Status queued =
          store_->Write(*batch, [&one, &left](const absl::StatusOr<WriteOutcome>& outcome) {
            one.outcome = outcome;
            left.DecrementCount();
          });
      EXPECT_TRUE(queued.ok()) << queued;
    }
    left.Wait();
    uint64_t refused = 0;
    for (const Sent& one : sent) {
      if (one.outcome.ok()) {
        EXPECT_FALSE(one.outcome->repeat);
        uint64_t& acknowledged = acknowledged_[static_cast<size_t>(one.sender)];
        acknowledged = std::max(acknowledged, one.sequence);
        continue;
      }
      ++refused;
      EXPECT_TRUE(absl::IsUnavailable(one.outcome.status()) ||
                  absl::IsResourceExhausted(one.outcome.status()))
          << one.outcome.status();
    }
    return refused;
  }

  uint64_t Durable(int sender) {
    return store_
        ->DurableSequence(SenderFleet::InstanceOf(sender), absl::StrCat("collector-", sender), 1)
        .value();
  }

  // The store against the oracle: what is durable is there, once, and right.
  void Check() {
    for (int sender = 0; sender < fleet_.senders(); ++sender) {
      const uint64_t durable = Durable(sender);
      ASSERT_GE(durable, acknowledged_[static_cast<size_t>(sender)]) << "sender " << sender;
      const auto result = SenderFleet::Compare(*store_, sender, fleet_.SamplesOf(sender, durable));
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->missing, 0u) << result->example << ", durable " << durable;
      EXPECT_EQ(result->wrong, 0u) << result->example << ", durable " << durable;
    }
    EXPECT_EQ(store_->Statistics().damaged_records, 0u);
  }

  // Sealing and settling between the rounds; with faults they may fail.
  void Upkeep() {
    if (random_() % kSealOneIn == 0) (void)store_->Seal();
    if (random_() % kSettleOneIn == 0) (void)store_->Settle();
  }

  // No write comes, and the store finds by itself that it can go on. What it was writing out while
  // the disk was bad may still tell of it, and refuse a write once more.
  void AwaitAcceptance() {
    const auto given_up = std::chrono::steady_clock::now() + kPatience;
    do {
      while (!store_->Statistics().refusal.empty()) {
        ASSERT_LT(std::chrono::steady_clock::now(), given_up) << store_->Statistics().refusal;
        std::this_thread::yield();
      }
      ASSERT_LT(std::chrono::steady_clock::now(), given_up);
    } while (WriteRound() > 0);
  }

  fakes::ManualClock clock_;
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  TimeSeriesStoreOptions options_;
  std::string directory_;
  std::mt19937_64 random_{Seed()};
  fakes::FaultyDatabaseFiles disk_{Seed() + 1};
  const SenderFleet fleet_{
      {.start_millis = clock_.NowMillis() - 40 * int64_t{86'400'000}, .step_millis = 1'200'000}};
  std::vector<uint64_t> acknowledged_ = std::vector<uint64_t>(4);
  std::unique_ptr<TimeSeriesStore> store_;
};

TEST_F(StoreFaultsTest, APowerCutLosesNothingAcknowledgedAndDoublesNothing) {
  const uint64_t cycles = Cycles();
  for (uint64_t cycle = 0; cycle < cycles; ++cycle) {
    SCOPED_TRACE(absl::StrCat("cycle ", cycle));
    const uint64_t rounds = random_() % kRoundsMax;
    for (uint64_t round = 0; round < rounds; ++round) {
      EXPECT_EQ(WriteRound(), 0u);
      Upkeep();
    }
    // The power goes while sealing and writing go on.
    std::thread sealing([this] { (void)store_->Seal(); });
    std::thread cut([this] { disk_.CutPower(); });
    (void)WriteRound();
    cut.join();
    sealing.join();
    store_.reset();
    disk_.Crash();
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(Check());
  }
  EXPECT_GT(acknowledged_[0], 0u);
}

struct DiskCase {
  const char* name;
  fakes::DiskFault fault;
  fakes::FaultyFiles files;
  fakes::FaultyCalls calls;
  uint32_t one_in;
};

class StoreDiskErrorTest : public StoreFaultsTest, public testing::WithParamInterface<DiskCase> {};

TEST_P(StoreDiskErrorTest, RefusesByNameKeepsWhatItAcknowledgedAndAcceptsAgainByItself) {
  const uint64_t cycles = Cycles();
  for (uint64_t cycle = 0; cycle < cycles; ++cycle) {
    SCOPED_TRACE(absl::StrCat("cycle ", cycle));
    EXPECT_EQ(WriteRound(), 0u);
    disk_.Inject({.fault = GetParam().fault,
                  .files = GetParam().files,
                  .calls = GetParam().calls,
                  .calls_before = random_() % 10,
                  .one_in = GetParam().one_in});
    for (uint64_t round = 0; round < kFaultRounds; ++round) {
      (void)WriteRound();
      if (random_() % 2 == 0) (void)store_->Seal();
      if (random_() % 3 == 0) (void)store_->Settle();
    }
    disk_.Heal();
    ASSERT_NO_FATAL_FAILURE(AwaitAcceptance());
    const absl::Status sealed = store_->Seal();
    EXPECT_TRUE(sealed.ok()) << sealed;
    ASSERT_NO_FATAL_FAILURE(Check());
    if (cycle % 2 == 0) continue;
    store_.reset();
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(Check());
  }
  EXPECT_GT(disk_.faults(), 0u);
  EXPECT_GT(acknowledged_[0], 0u);
}

using fakes::DiskFault;
using fakes::FaultyCalls;
using fakes::FaultyFiles;

INSTANTIATE_TEST_SUITE_P(
    Disks, StoreDiskErrorTest,
    testing::Values(
        DiskCase{"ErrorsAnywhere", DiskFault::kInputOutput, FaultyFiles::kAll, FaultyCalls::kAll,
                 8},
        DiskCase{"FullAnywhere", DiskFault::kNoSpace, FaultyFiles::kAll, FaultyCalls::kAll, 8},
        DiskCase{"LogAppend", DiskFault::kInputOutput, FaultyFiles::kLog, FaultyCalls::kAppend, 2},
        DiskCase{"LogSync", DiskFault::kInputOutput, FaultyFiles::kLog, FaultyCalls::kSync, 2},
        DiskCase{"LogFull", DiskFault::kNoSpace, FaultyFiles::kLog, FaultyCalls::kAppend, 1},
        DiskCase{"Tables", DiskFault::kInputOutput, FaultyFiles::kTables, FaultyCalls::kAll, 2},
        DiskCase{"TablesFull", DiskFault::kNoSpace, FaultyFiles::kTables, FaultyCalls::kAppend, 1},
        DiskCase{"Manifest", DiskFault::kInputOutput, FaultyFiles::kManifest, FaultyCalls::kAll,
                 1}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(StoreFaultsTest, SaysWhyItRefusesWhileTheDiskIsBad) {
  EXPECT_EQ(WriteRound(), 0u);
  disk_.Inject({.fault = DiskFault::kNoSpace, .files = FaultyFiles::kLog});
  EXPECT_GT(WriteRound(), 0u);
  EXPECT_NE(store_->Statistics().refusal, "");
  EXPECT_TRUE(log_.Contains("writes are refused"));
  disk_.Heal();
  EXPECT_EQ(store_->Statistics().refusal, "");
  EXPECT_TRUE(log_.Contains("writes are accepted again"));
}

}  // namespace
}  // namespace ora::storage
