// Errors that are told in many lines, as the runtimes of seven languages write them: each is one.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/classify/log_accounts.h"
#include "tests/unit/collector/recording_sink.h"

namespace ora::collector {
namespace {

struct Trace {
  const char* name;
  const char* text;  // Whole lines.
  const char* type;
};

void PrintTo(const Trace& trace, std::ostream* out) { *out << trace.name; }

// One log, told at ticks that are durable at once.
class CountedLog {
 public:
  CountedLog() { accounts_.OnLog(1, {}, LogOrigin::kFirstScan); }

  void Take(absl::string_view lines) {
    lines_ += static_cast<double>(std::count(lines.begin(), lines.end(), '\n'));
    accounts_.OnLines(1, lines);
  }

  void Tick() {
    sink_.BeginTick();
    accounts_.EmitTo(sink_);
    accounts_.Commit();
  }

  // By type.
  std::map<std::string, double> Errors() const {
    std::map<std::string, double> errors;
    constexpr absl::string_view kPrefix = "ora_log_errors_total{job=\"log\",type=\"";
    for (const auto& [name, value] : sink_.values()) {
      if (!absl::StartsWith(name, kPrefix)) continue;
      errors[name.substr(kPrefix.size(), name.size() - kPrefix.size() - 2)] = value;
    }
    return errors;
  }

  double ErrorLines() const {
    double sum = 0;
    for (const char* level : {"error", "critical"}) {
      sum += sink_.Value(absl::StrCat("ora_log_lines_total{job=\"log\",level=\"", level, "\"}"))
                 .value_or(0);
    }
    return sum;
  }

  // Every line has exactly one level.
  void ExpectEveryLineCounted() const {
    double sum = 0;
    for (const auto& [name, value] : sink_.values()) {
      if (absl::StartsWith(name, "ora_log_lines_total")) sum += value;
    }
    EXPECT_EQ(sum, lines_);
  }

 private:
  LogAccounts accounts_{{}};
  RecordingSink sink_;
  double lines_ = 0;
};

class MultiLineErrorTest : public testing::TestWithParam<Trace> {
 protected:
  using Errors = std::map<std::string, double>;
  CountedLog log_;
};

constexpr char kBefore[] = "2026-11-23 09:14:02,113 - shop - INFO - order 7 taken\n";
constexpr char kAfter[] = "2026-11-23 09:14:03,001 - shop - INFO - order 8 taken\n";

TEST_P(MultiLineErrorTest, IsOneErrorOfItsType) {
  log_.Take(absl::StrCat(kBefore, GetParam().text, kAfter));
  log_.Tick();
  EXPECT_EQ(log_.Errors(), (Errors{{GetParam().type, 1}}));
  EXPECT_EQ(log_.ErrorLines(), 1);
  log_.ExpectEveryLineCounted();
}

TEST_P(MultiLineErrorTest, GivesTheErrorLineBeforeItItsType) {
  log_.Take(absl::StrCat("2026-11-23 09:14:02,115 - shop - ERROR - order 7 failed\n",
                         GetParam().text, kAfter));
  log_.Tick();
  EXPECT_EQ(log_.Errors(), (Errors{{GetParam().type, 1}}));
  EXPECT_EQ(log_.ErrorLines(), 1);
}

TEST_P(MultiLineErrorTest, IsTwoErrorsIfItComesTwice) {
  log_.Take(absl::StrCat(GetParam().text, kAfter, GetParam().text, kAfter));
  log_.Tick();
  EXPECT_EQ(log_.Errors(), (Errors{{GetParam().type, 2}}));
}

TEST_P(MultiLineErrorTest, IsTheSameHoweverItsLinesArrive) {
  for (const absl::string_view line :
       absl::StrSplit(absl::StrCat(kBefore, GetParam().text, kAfter), '\n', absl::SkipEmpty())) {
    log_.Take(absl::StrCat(line, "\n"));
  }
  log_.Tick();
  EXPECT_EQ(log_.Errors(), (Errors{{GetParam().type, 1}}));
}

TEST_P(MultiLineErrorTest, IsToldAtTheSecondQuietTickEvenIfNoLineFollows) {
  log_.Take(GetParam().text);
  log_.Tick();
  log_.Tick();
  EXPECT_EQ(log_.Errors(), (Errors{{GetParam().type, 1}}));
  log_.Take(kAfter);
  log_.Tick();
  EXPECT_EQ(log_.Errors(), (Errors{{GetParam().type, 1}}));
}

INSTANTIATE_TEST_SUITE_P(
    Python, MultiLineErrorTest,
    testing::Values(Trace{"Plain",
                          "Traceback (most recent call last):\n"
                          "  File \"/srv/shop/run.py\", line 88, in <module>\n"
                          "    main()\n"
                          "  File \"/srv/shop/orders.py\", line 41, in place\n"
                          "    self.gateway.charge(order.total)\n"
                          "shop.gateway.Declined: card 7 was declined\n",
                          "shop.gateway.Declined"},
                    Trace{"WithMarksAndNotes",
                          "Traceback (most recent call last):\n"
                          "  File \"/srv/shop/orders.py\", line 12, in price\n"
                          "    return items[0] / total\n"
                          "           ~~~~~~~~~^~~~~~~\n"
                          "ZeroDivisionError: division by zero\n",
                          "ZeroDivisionError"},
                    Trace{"Chained",
                          "Traceback (most recent call last):\n"
                          "  File \"/srv/shop/cache.py\", line 9, in get\n"
                          "    return self.rows[key]\n"
                          "KeyError: 'order-7'\n"
                          "\n"
                          "During handling of the above exception, another exception occurred:\n"
                          "\n"
                          "Traceback (most recent call last):\n"
                          "  File \"/srv/shop/db.py\", line 77, in load\n"
                          "    cursor.execute(query)\n"
                          "psycopg2.OperationalError: connection refused\n",
                          "KeyError"},
                    Trace{"Group",
                          "  + Exception Group Traceback (most recent call last):\n"
                          "  |   File \"/srv/shop/jobs.py\", line 5, in <module>\n"
                          "  |     raise ExceptionGroup(\"jobs\", failures)\n"
                          "  | ExceptionGroup: jobs (2 sub-exceptions)\n"
                          "  +-+---------------- 1 ----------------\n"
                          "    | ValueError: first\n"
                          "    +---------------- 2 ----------------\n"
                          "    | TypeError: second\n"
                          "    +------------------------------------\n",
                          "ExceptionGroup"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Java, MultiLineErrorTest,
    testing::Values(
        Trace{"Caused",
              "org.springframework.dao.DataAccessResourceFailureException: no connection\n"
              "\tat org.example.shop.Orders.load(Orders.java:120)\n"
              "\tat org.example.shop.OrderController.show(OrderController.java:44)\n"
              "\tat java.base/java.lang.Thread.run(Thread.java:833)\n"
              "Caused by: java.net.ConnectException: Connection refused\n"
              "\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n"
              "\t... 31 more\n"
              "\tSuppressed: java.io.IOException: closed\n"
              "\t\tat org.example.shop.Pool.close(Pool.java:9)\n",
              "org.springframework.dao.DataAccessResourceFailureException"},
        Trace{
            "Thread",
            "Exception in thread \"pool-3-thread-1\" java.lang.OutOfMemoryError: Java heap space\n"
            "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3745)\n"
            "\tat org.example.shop.Report.add(Report.java:51)\n",
            "java.lang.OutOfMemoryError"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Go, MultiLineErrorTest,
    testing::Values(
        Trace{"NilPointer",
              "panic: runtime error: invalid memory address or nil pointer dereference\n"
              "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6c1f2a]\n"
              "\n"
              "goroutine 17 [running]:\n"
              "example.org/shop/orders.(*Store).Load(0x0, {0xc0000141e0, 0x7})\n"
              "\t/srv/shop/orders/store.go:58 +0x2a\n"
              "main.main.func1()\n"
              "\t/srv/shop/main.go:31 +0x65\n"
              "created by main.main in goroutine 1\n"
              "\t/srv/shop/main.go:29 +0x10c\n"
              "exit status 2\n",
              "panic"},
        Trace{"Deadlock",
              "fatal error: all goroutines are asleep - deadlock!\n"
              "\n"
              "goroutine 1 [chan receive]:\n"
              "main.main()\n"
              "\t/srv/shop/main.go:12 +0x4a\n"
              "\n"
              "goroutine 18 [select]:\n"
              "main.worker(0xc00008c060)\n"
              "\t/srv/shop/worker.go:40 +0x8d\n",
              "fatal"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Rust, MultiLineErrorTest,
    testing::Values(
        Trace{"New",
              "thread 'tokio-runtime-worker' panicked at src/orders.rs:88:14:\n"
              "called `Result::unwrap()` on an `Err` value: ConnectionRefused\n"
              "stack backtrace:\n"
              "   0: rust_begin_unwind\n"
              "             at /rustc/0f1ae48/library/std/src/panicking.rs:645:5\n"
              "   1: shop::orders::load\n"
              "             at ./src/orders.rs:88:14\n"
              "note: Some details are omitted, run with `RUST_BACKTRACE=full`\n",
              "panic"},
        Trace{"WithThreadNumber",
              "thread 'main' (2101) panicked at src/main.rs:7:5:\n"
              "index out of bounds: the len is 3 but the index is 9\n"
              "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
              "panic"},
        Trace{"Old",
              "thread 'main' panicked at 'no such order', src/main.rs:14:9\n"
              "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
              "panic"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Cpp, MultiLineErrorTest,
    testing::Values(
        Trace{"Terminate",
              "terminate called after throwing an instance of 'shop::OrderLost'\n"
              "  what():  order 7 is not in the store\n",
              "shop::OrderLost"},
        Trace{"Signal",
              "*** SIGSEGV received at time=1763889242 on cpu 1 ***\n"
              "PC: @     0x55d2e9c0a3b2  (unknown)  shop::Store::Load()\n"
              "    @     0x7f3b1c2a5520  (unknown)  (unknown)\n"
              "    @     0x55d2e9c0b011  (unknown)  main\n",
              "SIGSEGV"},
        Trace{"Sanitizer",
              "=================================================================\n"
              "==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n"
              "READ of size 4 at 0x602000000010 thread T0\n"
              "    #0 0x55d2e9 in shop::Store::Load() store.cc:58\n"
              "    #1 0x55d2ea in main main.cc:12\n"
              "SUMMARY: AddressSanitizer: heap-use-after-free store.cc:58 in shop::Store::Load()\n",
              "AddressSanitizer"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Node, MultiLineErrorTest,
    testing::Values(
        Trace{"Uncaught",
              "/srv/shop/orders.js:41\n"
              "    throw new TypeError('order has no total');\n"
              "    ^\n"
              "\n"
              "TypeError: order has no total\n"
              "    at price (/srv/shop/orders.js:41:11)\n"
              "    at Layer.handle [as handle_request] "
              "(/srv/shop/node_modules/express/lib/layer.js:95:5)\n"
              "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n"
              "\n"
              "Node.js v18.19.0\n",
              "TypeError"},
        Trace{"WithCode",
              "TypeError [ERR_INVALID_ARG_TYPE]: The \"path\" argument must be of type string\n"
              "    at validateString (node:internal/validators:162:11)\n"
              "    at join (node:path:1171:7) {\n"
              "  code: 'ERR_INVALID_ARG_TYPE'\n"
              "}\n",
              "TypeError"},
        Trace{"BareError",
              "Error: connect ECONNREFUSED 10.0.0.7:5432\n"
              "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {\n"
              "  errno: -111,\n"
              "  syscall: 'connect'\n"
              "}\n",
              "Error"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Ruby, MultiLineErrorTest,
    testing::Values(
        Trace{"Plain",
              "/srv/shop/orders.rb:12:in `price': divided by 0 (ZeroDivisionError)\n"
              "\tfrom /srv/shop/orders.rb:30:in `each'\n"
              "\tfrom /srv/shop/run.rb:4:in `<main>'\n",
              "ZeroDivisionError"},
        Trace{"NewQuotes",
              "/srv/shop/orders.rb:12:in 'Shop::Orders#price': no such item (Shop::Missing)\n"
              "\tfrom /srv/shop/run.rb:4:in '<main>'\n",
              "Shop::Missing"}),
    [](const testing::TestParamInfo<Trace>& info) { return std::string(info.param.name); });

TEST(OpenErrorTest, ATraceThatIsWrittenOverSeveralTicksIsOneError) {
  CountedLog log;
  log.Take("Traceback (most recent call last):\n");
  log.Tick();
  log.Take("  File \"/srv/shop/run.py\", line 88, in <module>\n    main()\n");
  log.Tick();
  log.Take("KeyError: 'order-7'\n");
  log.Tick();
  log.Tick();
  double sum = 0;
  for (const auto& [type, count] : log.Errors()) sum += count;
  EXPECT_EQ(sum, 1);
  EXPECT_EQ(log.ErrorLines(), 1);
}

}  // namespace
}  // namespace ora::collector
