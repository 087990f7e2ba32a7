// The store is killed with -9 at arbitrary points, again and again, while it is written to, sealed,
// merged and expired; an oracle outside of it knows what was acknowledged. ORA_CRASH_CYCLES sets
// how often (10 unless set), ORA_SEED when.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/env/posix_file_system.h"
#include "storage/time_series_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"
#include "tests/system/store/sender_fleet.h"

namespace ora::storage {
namespace {

constexpr uint64_t kCyclesDefault = 10;
constexpr uint64_t kSeedDefault = 20'261'123;
constexpr int kSenders = 3;
constexpr uint64_t kInFlightMax = 16;                // Batches of a sender.
constexpr uint64_t kAcknowledgementsMax = 800;       // A cycle is killed after fewer,
constexpr uint64_t kMillisOneIn = 4;                 // or, one in so many,
constexpr uint64_t kMillisMax = 80;                  // after fewer milliseconds.
constexpr absl::Duration kStep = absl::Minutes(20);  // From one batch of a sender to its next.
constexpr absl::Duration kKept = absl::Hours(24 * 10);
constexpr absl::Duration kLookedBack = absl::Hours(24 * 20);  // Nothing stays unexpired so long.
constexpr int kExitWrong = 3;

using Sequences = std::array<uint64_t, kSenders>;

struct Acknowledgement {
  int64_t sender = 0;
  uint64_t sequence = 0;
};

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  uint64_t number = otherwise;
  if (const char* text = std::getenv(variable); text != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  }
  return number;
}

void Expect(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "store after a crash: %s\n", what.c_str());
  _exit(kExitWrong);
}

void ExpectOk(const absl::Status& status, const std::string& what) {
  Expect(status.ok(), absl::StrCat(what, ": ", status.ToString()));
}

// What runs in the child: checks the store against the oracle, then writes until it is killed.
class Child {
 public:
  Child(const std::string& directory, const Sequences& acknowledged, uint64_t seed)
      : acknowledged_(acknowledged), random_(seed) {
    // Not earlier than the clock of the child before was: what that one expired may be gone.
    AdvanceTo(*std::max_element(acknowledged.begin(), acknowledged.end()));
    TimeSeriesStoreOptions options;
    options.uri = absl::StrCat("file://", directory);
    options.free_bytes_floor = 0;
    options.retention = {kKept, absl::ZeroDuration(), absl::ZeroDuration()};
    auto store = TimeSeriesStore::Open(options, clock_, files_, log_, counters_);
    ExpectOk(store.status(), "open");
    store_ = *std::move(store);
  }

  // Nothing acknowledged is missing, and nothing is there that was not sent.
  void Check() {
    for (int sender = 0; sender < kSenders; ++sender) {
      const uint64_t acknowledged = acknowledged_[static_cast<size_t>(sender)];
      uint64_t& durable = durable_[static_cast<size_t>(sender)];
      durable = store_->DurableSequence(InstanceOf(sender), CollectorOf(sender), 1).value();
      Expect(durable >= acknowledged,
             absl::StrCat("durable ", durable, ", acknowledged ", acknowledged));
    }
    Expect(store_->Statistics().damaged_records == 0, "damaged records");
    AdvanceTo(*std::max_element(durable_.begin(), durable_.end()));
    Compare(clock_.Now() - kLookedBack);
  }

  // Nothing is left of the days that are over for longer than samples are kept.
  void CheckExpired() {
    ExpectOk(store_->ExpireOld(), "expire");
    Compare(clock_.Now() - kKept - absl::Hours(24));
  }

  [[noreturn]] void WriteUntilKilled(int acknowledgements) {
    std::thread upkeep([this] { UpkeepUntilKilled(); });
    for (int sender = 0; sender < kSenders; ++sender) {
      const uint64_t durable = durable_[static_cast<size_t>(sender)];
      if (durable == 0) continue;
      // The newest durable batch once more: it must pass for a repeat.
      const auto again = WriteAndWait(*store_, Batch(sender, durable));
      ExpectOk(again.status(), "a repeat");
      Expect(again->repeat, "no repeat");
    }
    Sequences sent = durable_;
    for (;;) {
      const auto behind = std::min_element(sent.begin(), sent.end());
      const int sender = static_cast<int>(behind - sent.begin());
      std::atomic<uint64_t>& in_flight = in_flight_[static_cast<size_t>(sender)];
      while (in_flight >= kInFlightMax) std::this_thread::yield();
      ++in_flight;
      const uint64_t sequence = ++*behind;
      AdvanceTo(sequence - std::min(sequence, kInFlightMax));
      ExpectOk(store_->Write(Batch(sender, sequence),
                             [=, &in_flight](const absl::StatusOr<WriteOutcome>& outcome) {
                               ExpectOk(outcome.status(), "a batch");
                               Expect(!outcome->repeat, "a batch passed for a repeat");
                               const Acknowledgement told{sender, sequence};
                               Expect(write(acknowledgements, &told, sizeof(told)) == sizeof(told),
                                      "the oracle is gone");
                               --in_flight;
                             }),
               "queue a batch");
    }
  }

 private:
  static std::string InstanceOf(int sender) { return SenderFleet::InstanceOf(sender); }
  static std::string CollectorOf(int sender) { return absl::StrCat("collector-", sender); }

  // To where a child may have been that had this durable.
  void AdvanceTo(uint64_t sequence) {
    const absl::Time then = start_ + static_cast<int64_t>(sequence + kInFlightMax + 1) * kStep;
    clock_.Advance(std::max(absl::ZeroDuration(), then - clock_.Now()));
  }

  void Compare(absl::Time from) {
    for (int sender = 0; sender < kSenders; ++sender) {
      const FleetSamples expected =
          fleet_.SamplesOf(sender, durable_[static_cast<size_t>(sender)], absl::ToUnixMillis(from));
      const auto result =
          SenderFleet::Compare(*store_, sender, expected, absl::ToUnixMillis(clock_.Now() - kKept));
      ExpectOk(result.status(), "read");
      Expect(
          result->missing + result->wrong == 0,
          absl::StrCat(result->missing, " missing, ", result->wrong, " wrong: ", result->example));
    }
  }

  void UpkeepUntilKilled() {
    for (;;) {
      const uint64_t one_of = random_() % 8;
      if (one_of == 0) {
        ExpectOk(store_->ExpireOld(), "expire");
      } else if (one_of <= 2) {
        ExpectOk(store_->Settle(), "settle");
      } else {
        ExpectOk(store_->Seal(), "seal");
      }
    }
  }

  WriteBatch Batch(int sender, uint64_t sequence) {
    auto batch = fleet_.MakeBatch(*store_, sender, sequence);
    ExpectOk(batch.status(), "intern");
    return *std::move(batch);
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'767'225'600);
  const Sequences acknowledged_;
  std::mt19937_64 random_;
  fakes::ManualClock clock_{start_};
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  const SenderFleet fleet_{{.senders = kSenders,
                            .start_millis = absl::ToUnixMillis(start_),
                            .step_millis = absl::ToInt64Milliseconds(kStep)}};
  std::unique_ptr<TimeSeriesStore> store_;
  Sequences durable_{};
  std::array<std::atomic<uint64_t>, kSenders> in_flight_{};
};

class StoreCrashTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(testing::TempDir(), "/store_crash.", getpid());
    std::filesystem::remove_all(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // This process never opens the store: RocksDB's threads do not survive a fork.
  void RunAndKill() {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const uint64_t seed = random_();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      Child store(directory_, acknowledged_, seed);
      store.Check();
      store.CheckExpired();
      store.WriteUntilKilled(pipe_ends[1]);
    }
    close(pipe_ends[1]);
    AwaitTheMoment(pipe_ends[0]);
    kill(child, SIGKILL);
    // What was told before the kill counts, though we read it after.
    while (ReadOne(pipe_ends[0])) {
    }
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
  }

  // So many acknowledgements, or so long: then it may be killed while it opens, too.
  void AwaitTheMoment(int acknowledgements) {
    if (random_() % kMillisOneIn != 0) {
      for (uint64_t left = random_() % kAcknowledgementsMax; left > 0; --left) {
        if (!ReadOne(acknowledgements)) return;
      }
      return;
    }
    using std::chrono::steady_clock;
    const auto end = steady_clock::now() + std::chrono::milliseconds(random_() % kMillisMax);
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
      pollfd readable{acknowledgements, POLLIN, 0};
      if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) return;
      if (!ReadOne(acknowledgements)) return;
    }
  }

  bool ReadOne(int acknowledgements) {
    Acknowledgement one;
    if (read(acknowledgements, &one, sizeof(one)) != sizeof(one)) return false;
    acknowledged_[static_cast<size_t>(one.sender)] = one.sequence;
    return true;
  }

  void CheckOnce() {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Child store(directory_, acknowledged_, 1);
      store.Check();
      store.CheckExpired();
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }

  std::mt19937_64 random_{NumberFrom("ORA_SEED", kSeedDefault)};
  std::string directory_;
  Sequences acknowledged_{};
};

TEST_F(StoreCrashTest, NothingAcknowledgedIsMissingAndNothingDoubled) {
  const uint64_t cycles = NumberFrom("ORA_CRASH_CYCLES", kCyclesDefault);
  for (uint64_t cycle = 0; cycle < cycles; ++cycle) {
    ASSERT_NO_FATAL_FAILURE(RunAndKill()) << "cycle " << cycle;
  }
  ASSERT_NO_FATAL_FAILURE(CheckOnce());
  for (const uint64_t acknowledged : acknowledged_) EXPECT_GT(acknowledged, 0u);
}

}  // namespace
}  // namespace ora::storage
