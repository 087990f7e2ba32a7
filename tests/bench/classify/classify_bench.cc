// Log lines to counts, in memory: the mix of a fleet and each format alone.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "collector/classify/log_accounts.h"

namespace ora::collector {
namespace {

constexpr size_t kTextBytes = size_t{16} << 20;
constexpr size_t kBlockBytes = size_t{1} << 20;

enum Format { kPython, kSyslog, kJson, kJava, kTrace, kMix };

const char* const kPaths[] = {"/api/v1/orders", "/api/v1/users/profile", "/health", "/static/app"};

std::string Words(std::mt19937& chance) {
  static const char* const kWords[] = {"request", "processed", "for", "customer", "order",
                                       "queue",   "worker",    "job", "cache",    "session"};
  std::string text;
  const int count = 6 + static_cast<int>(chance() % 8);
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, i == 0 ? "" : " ", kWords[chance() % 10]);
  return text;
}

std::string Time(std::mt19937& chance, const char* separator) {
  return absl::StrCat("2026-11-23 05:4", chance() % 10, ":", 10 + chance() % 50, separator,
                      100 + chance() % 900);
}

// About every third line tells a duration, every 20th is an error.
std::string Line(Format format, std::mt19937& chance) {
  const bool error = chance() % 20 == 0;
  const std::string took =
      chance() % 3 == 0 ? absl::StrCat(" took ", chance() % 900, "ms") : std::string();
  switch (format) {
    case kPython:
      return absl::StrCat(Time(chance, ","), " - myapp.services.orders - ",
                          error ? "ERROR" : "INFO", " - ", Words(chance), " ", kPaths[chance() % 4],
                          " user=", chance() % 100000, took, "\n");
    case kSyslog:
      return absl::StrCat("Nov 23 05:45:", 10 + chance() % 50, " web", chance() % 30,
                          " systemd-networkd[", chance() % 30000, "]: ", error ? "error: " : "",
                          Words(chance), " from 10.0.", chance() % 255, ".17 port ",
                          chance() % 65535, "\n");
    case kJson:
      return absl::StrCat("{\"timestamp\":\"2026-11-23T05:45:09.", 100 + chance() % 900,
                          "Z\",\"level\":\"", error ? "error" : "info",
                          "\",\"logger\":\"api.http\",\"message\":\"", Words(chance),
                          "\",\"path\":\"", kPaths[chance() % 4],
                          "\",\"status\":200,\"duration_ms\":", chance() % 900,
                          ",\"request_id\":\"", chance(), chance(), "\"}\n");
    case kJava:
      return absl::StrCat(Time(chance, "."), " [http-nio-8080-exec-", chance() % 20, "] ",
                          error ? "ERROR" : "INFO ", " com.example.orders.OrderService - ",
                          Words(chance), " id=", chance(), took, "\n");
    case kTrace:
      return absl::StrCat(Time(chance, ","),
                          " - myapp.services.orders - ERROR - order failed\n"
                          "Traceback (most recent call last):\n"
                          "  File \"/srv/app/services/orders.py\", line 214, in place\n"
                          "    self.gateway.charge(order.total, order.card)\n"
                          "  File \"/srv/app/gateway/http.py\", line 88, in charge\n"
                          "    raise GatewayTimeoutError(response)\n"
                          "myapp.gateway.GatewayTimeoutError: no answer from 10.1.2.3\n");
    case kMix: {
      const unsigned of_hundred = chance() % 1000;
      // A trace is seven lines, so fewer of them make 2 % of the lines.
      if (of_hundred < 3) return Line(kTrace, chance);
      if (of_hundred < 453) return Line(kPython, chance);
      if (of_hundred < 703) return Line(kSyslog, chance);
      return Line(of_hundred < 953 ? kJson : kJava, chance);
    }
  }
  return "";
}

std::string Text(Format format) {
  std::mt19937 chance(7);
  std::string text;
  while (text.size() < kTextBytes) text += Line(format, chance);
  return text;
}

void Classify(benchmark::State& state, Format format) {
  const std::string text = Text(format);
  LogAccounts accounts({});
  accounts.OnLog(1, {"/var/log/a.log", "a", "application"}, LogOrigin::kFirstScan);
  for (auto _ : state) {
    size_t at = 0;
    while (at < text.size()) {
      size_t end =
          at + kBlockBytes < text.size() ? text.rfind('\n', at + kBlockBytes) + 1 : text.size();
      accounts.OnLines(1, absl::string_view(text).substr(at, end - at));
      at = end;
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size() * state.iterations()));
}

BENCHMARK_CAPTURE(Classify, mix, kMix);
BENCHMARK_CAPTURE(Classify, python, kPython);
BENCHMARK_CAPTURE(Classify, syslog, kSyslog);
BENCHMARK_CAPTURE(Classify, json, kJson);
BENCHMARK_CAPTURE(Classify, java, kJava);
BENCHMARK_CAPTURE(Classify, trace, kTrace);

}  // namespace
}  // namespace ora::collector
