#include "collector/classify/log_accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "proto/contract/limits.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

constexpr LogId kLog = 1;
constexpr char kPath[] = "/var/log/app.log";

class LogAccountsTest : public testing::Test {
 protected:
  void Open(LogOrigin origin) { accounts_->OnLog(kLog, {kPath, "app", "application"}, origin); }

  void Lines(absl::string_view lines) { accounts_->OnLines(kLog, lines); }

  // One tick, whose samples and records are durable at its end.
  void Tick() {
    TickWithoutCommit();
    accounts_->Commit();
  }

  void TickWithoutCommit() {
    sink_.BeginTick();
    accounts_->EmitTo(sink_);
    for (const AccountChange& change : accounts_->Changes()) {
      if (change.deleted) {
        pending_.erase(change.key);
      } else {
        pending_[change.key] = change.value;
      }
    }
    durable_ = pending_;
  }

  // A new life of the collector over what was durable.
  void Restart() {
    accounts_ = std::make_unique<LogAccounts>(durable_);
    sink_ = RecordingSink();
    Open(LogOrigin::kKnown);
  }

  static std::string Series(const std::string& metric, const std::string& label,
                            const std::string& value) {
    const std::string common = "category=\"application\",component=\"app\",job=\"log\"";
    const std::string log = "log=\"/var/log/app.log\"";
    if (label.empty()) return metric + "{" + common + "," + log + "}";
    const std::string own = label + "=\"" + value + "\"";
    if (label < "log") return metric + "{" + common + "," + own + "," + log + "}";
    return metric + "{" + common + "," + log + "," + own + "}";
  }

  double LinesOf(const std::string& level) {
    return sink_.Value(Series("ora_log_lines_total", "level", level)).value_or(-1);
  }
  double ErrorsOf(const std::string& type) {
    return sink_.Value(Series("ora_log_errors_total", "type", type)).value_or(-1);
  }
  double Bucket(const std::string& bound) {
    return sink_.Value(Series("ora_log_response_seconds_bucket", "le", bound)).value_or(-1);
  }
  double Value(const std::string& metric) {
    return sink_.Value(Series(metric, "", "")).value_or(-1);
  }
  bool BornError(const std::string& type) {
    return sink_.births().contains(Series("ora_log_errors_total", "type", type));
  }

  std::map<std::string, std::string> durable_, pending_;
  std::unique_ptr<LogAccounts> accounts_ = std::make_unique<LogAccounts>(durable_);
  RecordingSink sink_;
};

TEST_F(LogAccountsTest, CountsBytesAndLinesByLevel) {
  Open(LogOrigin::kFirstScan);
  Lines("INFO a\nERROR b\r\n\nWARN c\n");
  Lines("FATAL d");
  Tick();
  EXPECT_EQ(Value("ora_log_appended_bytes_total"), 31);
  EXPECT_EQ(LinesOf("info"), 1);
  EXPECT_EQ(LinesOf("error"), 1);
  EXPECT_EQ(LinesOf("warning"), 1);
  EXPECT_EQ(LinesOf("critical"), 1);
  EXPECT_EQ(LinesOf("unknown"), 1);
  EXPECT_EQ(LinesOf("debug"), 0);
  EXPECT_EQ(sink_.doubled(), 0);
}

TEST_F(LogAccountsTest, ALineWhoseRestComesLaterCountsOnce) {
  Open(LogOrigin::kFirstScan);
  Lines("ERROR begin");
  accounts_->OnRest(kLog, "s and ends\n");
  Tick();
  EXPECT_EQ(LinesOf("error"), 1);
  EXPECT_EQ(Value("ora_log_appended_bytes_total"), 22);
}

TEST_F(LogAccountsTest, TellsFilesAndWhatWasLost) {
  Open(LogOrigin::kFirstScan);
  accounts_->OnFiles(kLog, {.size_bytes = 10, .storage_bytes = 30, .files = 3});
  Tick();
  accounts_->OnLost(kLog, 7, "truncated");
  accounts_->OnLost(kLog, 5, "truncated");
  Tick();
  EXPECT_EQ(Value("ora_log_size_bytes"), 10);
  EXPECT_EQ(Value("ora_log_storage_bytes"), 30);
  EXPECT_EQ(Value("ora_log_files"), 3);
  const std::string lost = Series("ora_log_lost_bytes_total", "reason", "truncated");
  EXPECT_EQ(sink_.Value(lost), 12);
  EXPECT_THAT(sink_.births(), Contains(lost));
}

TEST_F(LogAccountsTest, ATraceGivesTheErrorBeforeItsType) {
  Open(LogOrigin::kFirstScan);
  Lines(
      "ERROR failed\nTraceback (most recent call last):\n  File \"a\", line 1\n"
      "ValueError: x\nINFO on\n");
  Tick();
  EXPECT_EQ(LinesOf("error"), 1);
  EXPECT_EQ(ErrorsOf("ValueError"), 1);
  EXPECT_EQ(ErrorsOf("other"), -1);
}

TEST_F(LogAccountsTest, ATraceAloneIsAnError) {
  Open(LogOrigin::kFirstScan);
  Lines("INFO a\njava.io.IOException: x\n\tat a.B.c(B.java:1)\nCaused by: a.OtherException: y\n");
  Lines("Traceback (most recent call last):\n  File \"a\", line 1\nKeyError: 'x'\nINFO b\n");
  Tick();
  EXPECT_EQ(LinesOf("error"), 2);
  EXPECT_EQ(ErrorsOf("java.io.IOException"), 1);
  EXPECT_EQ(ErrorsOf("KeyError"), 1);
  EXPECT_EQ(ErrorsOf("a.OtherException"), -1);
}

TEST_F(LogAccountsTest, AnErrorWithoutATypeIsOtherAtTheNextLine) {
  Open(LogOrigin::kFirstScan);
  Lines("ERROR a\nERROR b\nINFO c\nCRITICAL KeyError: x\n");
  Tick();
  EXPECT_EQ(ErrorsOf("other"), 2);
  EXPECT_EQ(ErrorsOf("KeyError"), 1);
}

TEST_F(LogAccountsTest, ATypeIsAwaitedForOneTick) {
  Open(LogOrigin::kFirstScan);
  Lines("ERROR a\n");
  Tick();
  EXPECT_EQ(ErrorsOf("other"), -1);
  Tick();
  EXPECT_EQ(ErrorsOf("other"), 1);
  Lines("Traceback (most recent call last):\nKeyError: x\n");
  Tick();
  EXPECT_EQ(ErrorsOf("other"), 1);
  EXPECT_EQ(ErrorsOf("KeyError"), -1);
  EXPECT_EQ(LinesOf("error"), 1);
}

TEST_F(LogAccountsTest, TypesPastTheLimitAreOther) {
  Open(LogOrigin::kFirstScan);
  for (size_t i = 0; i <= contract::kErrorTypesMax; ++i) {
    Lines(absl::StrCat("ERROR T", i, "Error: x\n"));
  }
  Lines("ERROR T5Error: x\n");
  Tick();
  EXPECT_EQ(ErrorsOf(absl::StrCat("T", contract::kErrorTypesMax - 1, "Error")), 1);
  EXPECT_EQ(ErrorsOf(absl::StrCat("T", contract::kErrorTypesMax, "Error")), -1);
  EXPECT_EQ(ErrorsOf("other"), 1);
  EXPECT_EQ(ErrorsOf("T5Error"), 2);
}

TEST_F(LogAccountsTest, TellsResponseTimesOnceThereIsOne) {
  Open(LogOrigin::kFirstScan);
  Lines("INFO a\n");
  Tick();
  EXPECT_EQ(Bucket("+Inf"), -1);
  Lines("INFO took 5ms\nINFO took 2.1s\nINFO took 61s\n");
  Tick();
  EXPECT_EQ(Bucket("0.005"), 1);
  EXPECT_EQ(Bucket("2"), 1);
  EXPECT_EQ(Bucket("2.25"), 2);
  EXPECT_EQ(Bucket("60"), 2);
  EXPECT_EQ(Bucket("+Inf"), 3);
  EXPECT_EQ(Value("ora_log_response_seconds_count"), 3);
  EXPECT_DOUBLE_EQ(Value("ora_log_response_seconds_sum"), 63.105);
  EXPECT_EQ(sink_.births().size(), kResponseBounds.size() + 3);
}

TEST_F(LogAccountsTest, ALogThatWasThereIsTheBaseline) {
  Open(LogOrigin::kFirstScan);
  Lines("ERROR KeyError: x\nINFO took 1s\n");
  Tick();
  EXPECT_THAT(sink_.births(), IsEmpty());
  Lines("ERROR KeyError: x\nERROR ValueError: x\n");
  Tick();
  EXPECT_TRUE(BornError("ValueError"));
  EXPECT_FALSE(BornError("KeyError"));
  Tick();
  EXPECT_THAT(sink_.births(), IsEmpty());
}

TEST_F(LogAccountsTest, ALogThatAppearsIsBornWithItsFirstLines) {
  Open(LogOrigin::kAppeared);
  Lines("ERROR KeyError: x\n");
  Tick();
  EXPECT_TRUE(BornError("KeyError"));
  EXPECT_THAT(sink_.births(), Contains(Series("ora_log_appended_bytes_total", "", "")));
  EXPECT_THAT(sink_.births(), Contains(Series("ora_log_lines_total", "level", "debug")));
  EXPECT_THAT(sink_.births(), Not(Contains(Series("ora_log_files", "", ""))));
}

TEST_F(LogAccountsTest, BirthsAreToldAgainUntilTheyAreDurable) {
  Open(LogOrigin::kAppeared);
  TickWithoutCommit();
  const size_t births = sink_.births().size();
  EXPECT_GT(births, 0u);
  Tick();
  EXPECT_EQ(sink_.births().size(), births);
  Tick();
  EXPECT_THAT(sink_.births(), IsEmpty());
}

TEST_F(LogAccountsTest, GoesOnAfterARestart) {
  Open(LogOrigin::kAppeared);
  Lines("ERROR KeyError: x\nINFO took 1s\n");
  accounts_->OnLost(kLog, 5, "deleted");
  Lines("ERROR a\nTraceback (most recent call last):\n  File \"a\", line 1\n");
  Tick();
  Restart();
  Lines("custom.Gone: x\nERROR ValueError: x\n");
  Tick();
  EXPECT_EQ(LinesOf("error"), 3);
  EXPECT_EQ(ErrorsOf("KeyError"), 1);
  EXPECT_EQ(ErrorsOf("custom.Gone"), 1);
  EXPECT_EQ(Bucket("1"), 1);
  EXPECT_EQ(sink_.Value(Series("ora_log_lost_bytes_total", "reason", "deleted")), 5);
  EXPECT_TRUE(BornError("ValueError"));
  EXPECT_FALSE(BornError("KeyError"));
}

TEST_F(LogAccountsTest, OnlyWhatChangedIsTold) {
  Open(LogOrigin::kFirstScan);
  Tick();
  EXPECT_THAT(accounts_->Changes(), IsEmpty());
  Lines("INFO a\n");
  EXPECT_EQ(accounts_->Changes().size(), 1u);
  EXPECT_EQ(accounts_->Changes().size(), 1u);
  accounts_->Commit();
  EXPECT_THAT(accounts_->Changes(), IsEmpty());
}

TEST_F(LogAccountsTest, ALogThatIsGoneIsToldOnceMore) {
  Open(LogOrigin::kFirstScan);
  Lines("INFO a\n");
  Tick();
  Lines("ERROR b\n");
  accounts_->OnGone(kLog);
  TickWithoutCommit();
  EXPECT_EQ(LinesOf("error"), 1);
  EXPECT_EQ(ErrorsOf("other"), 1);
  EXPECT_EQ(Value("ora_log_files"), -1);
  Tick();
  EXPECT_EQ(LinesOf("error"), 1);
  EXPECT_THAT(durable_, IsEmpty());
  Tick();
  EXPECT_THAT(sink_.values(), IsEmpty());
  EXPECT_EQ(accounts_->size(), 0u);
}

TEST_F(LogAccountsTest, ALogThatComesBackBeforeItsEndWasToldGoesOn) {
  Open(LogOrigin::kFirstScan);
  Lines("INFO a\n");
  accounts_->OnGone(kLog);
  accounts_->OnLog(kLog + 1, {kPath, "app", "application"}, LogOrigin::kAppeared);
  accounts_->OnLines(kLog + 1, "INFO b\n");
  Tick();
  EXPECT_EQ(LinesOf("info"), 2);
  EXPECT_THAT(durable_, Not(IsEmpty()));
}

TEST_F(LogAccountsTest, ATickWithoutNewSeriesInternsNone) {
  Open(LogOrigin::kAppeared);
  Lines("ERROR KeyError: x took 5ms\n");
  Tick();
  EXPECT_GT(sink_.interned(), 0);
  Lines("ERROR KeyError: x took 5ms\n");
  Tick();
  EXPECT_EQ(sink_.interned(), 0);
}

TEST_F(LogAccountsTest, ADamagedRecordIsAsNone) {
  durable_[absl::StrCat("account/", kPath)] = "\xff\xff\xff";
  Restart();
  Tick();
  EXPECT_EQ(LinesOf("info"), 0);
}

}  // namespace
}  // namespace ora::collector
