#include "tests/bench/lines/log_set.h"

#include "absl/strings/str_cat.h"

namespace ora::bench {
namespace {

constexpr uint32_t kEventsPerSecond = 50;

const char* const kWords[] = {
    "request", "processed", "for",   "customer", "order",   "queue", "worker", "job",   "cache",
    "session", "upstream",  "entry", "was",      "written", "to",    "store",  "after", "check",
    "page",    "of",        "items", "sent",     "account", "read",  "with",   "token", "from"};
const char* const kPaths[] = {"/api/v1/orders", "/api/v1/users/profile", "/health",
                              "/static/app.js", "/api/v2/search"};
const char* const kLoggers[] = {"shop.services.orders", "shop.gateway.http", "shop.db.pool",
                                "shop.cache", "shop.workers.mailer"};
const char* const kClasses[] = {"com.example.orders.OrderService", "com.example.http.RequestLog",
                                "com.example.db.ConnectionPool"};
const char* const kPrograms[] = {"sshd", "systemd", "kernel", "cron", "dockerd", "nginx"};
const char* const kPythonTypes[] = {"ValueError", "KeyError", "shop.gateway.GatewayTimeoutError",
                                    "requests.exceptions.ConnectionError", "TimeoutError"};
const char* const kJavaTypes[] = {"java.lang.IllegalStateException", "java.io.IOException",
                                  "com.example.orders.OrderRejectedException"};
// By how often a program says which.
const char* const kLevels[] = {"INFO",  "INFO",  "INFO",  "INFO",  "INFO",    "INFO",
                               "DEBUG", "DEBUG", "DEBUG", "DEBUG", "WARNING", "WARNING"};
const char* const kSmallLevels[] = {"info", "info", "info", "info", "debug", "debug", "warn"};

}  // namespace

std::string LogSet::Clock() {
  const uint32_t second = events_ / kEventsPerSecond;
  const auto two = [](uint32_t number) { return absl::StrCat(number < 10 ? "0" : "", number); };
  return absl::StrCat(two(second / 3600 % 24), ":", two(second / 60 % 60), ":", two(second % 60));
}

void LogSet::AppendWords(uint32_t bytes, std::string& text) {
  const size_t end = text.size() + bytes;
  while (text.size() < end) absl::StrAppend(&text, " ", OneOf(kWords));
}

void LogSet::AppendPython(std::string& text) {
  absl::StrAppend(&text, "2026-11-23 ", Clock(), ",", Millis(), " - ", OneOf(kLoggers), " - ",
                  OneOf(kLevels), " -");
  AppendWords(42 + Below(44), text);
  absl::StrAppend(&text, " ", OneOf(kPaths), " user=", Below(100'000));
  switch (Below(6)) {
    case 0:
      absl::StrAppend(&text, " took ", Below(900), "ms");
      break;
    case 1:
      absl::StrAppend(&text, " completed in ", Below(3), ".", Millis(), "s");
      break;
    default:
      absl::StrAppend(&text, " id=", chance_());
      break;
  }
  text += '\n';
}

void LogSet::AppendPythonError(std::string& text) {
  absl::StrAppend(&text, "2026-11-23 ", Clock(), ",", Millis(), " - ", OneOf(kLoggers),
                  " - ERROR - order ", Below(100'000), " could not be placed\n");
  absl::StrAppend(&text, "Traceback (most recent call last):\n");
  for (uint32_t frame = 0, frames = 2 + Below(4); frame < frames; ++frame) {
    absl::StrAppend(&text, "  File \"/srv/shop/releases/2026-11-20/services/part", Below(40),
                    ".py\", line ", 1 + Below(400), ", in step_", Below(20), "\n");
    absl::StrAppend(&text, "    result = self.next_step(order.total, retries=", Below(5), ")\n");
  }
  absl::StrAppend(&text, OneOf(kPythonTypes), ": no answer from 10.1.", Below(256), ".", Below(256),
                  " after ", 1 + Below(30), " tries\n");
}

void LogSet::AppendSyslog(std::string& text) {
  absl::StrAppend(&text, "Nov 23 ", Clock(), " web", Below(30), " ", OneOf(kPrograms), "[",
                  Below(30'000), "]:");
  AppendWords(60 + Below(60), text);
  absl::StrAppend(&text, " from 10.0.", Below(256), ".", Below(256), " port ", Below(65'536),
                  Below(2) == 0 ? " ssh2\n" : "\n");
}

void LogSet::AppendSyslogError(std::string& text) {
  absl::StrAppend(&text, "Nov 23 ", Clock(), " web", Below(30), " shopd[", Below(30'000),
                  "]: error: ", OneOf(kPythonTypes), ": no answer from 10.0.0.", Below(256), "\n");
}

void LogSet::AppendJson(std::string& text) {
  absl::StrAppend(&text, "{\"timestamp\":\"2026-11-23T", Clock(), ".", Millis(), "Z\",\"level\":\"",
                  OneOf(kSmallLevels), "\",\"logger\":\"", OneOf(kLoggers),
                  "\",\"message\":\"request");
  AppendWords(4 + Below(32), text);
  absl::StrAppend(&text, "\",\"path\":\"", OneOf(kPaths), "\",\"status\":", 200 + Below(4),
                  ",\"duration_ms\":", Below(900), ".", Below(10), ",\"request_id\":\"", chance_(),
                  "\"}\n");
}

void LogSet::AppendJsonError(std::string& text) {
  absl::StrAppend(&text, "{\"timestamp\":\"2026-11-23T", Clock(), ".", Millis(),
                  "Z\",\"level\":\"error\",\"logger\":\"", OneOf(kLoggers),
                  "\",\"message\":\"order could not be placed\",\"exc_info\":\"Traceback (most "
                  "recent call last):\\n  File \\\"/srv/shop/services/orders.py\\\", line ",
                  1 + Below(400), ", in place\\n    self.charge(order)\\n", OneOf(kPythonTypes),
                  ": no answer\"}\n");
}

void LogSet::AppendJava(std::string& text) {
  absl::StrAppend(&text, "2026-11-23 ", Clock(), ".", Millis(), " [http-nio-8080-exec-", Below(20),
                  "] ");
  absl::StrAppend(&text, Below(8) == 0 ? "WARN " : "INFO ", " ", OneOf(kClasses), " -");
  AppendWords(40 + Below(50), text);
  absl::StrAppend(&text, " id=", chance_());
  if (Below(3) == 0) absl::StrAppend(&text, " took ", Below(900), " ms");
  text += '\n';
}

void LogSet::AppendJavaError(std::string& text) {
  absl::StrAppend(&text, "2026-11-23 ", Clock(), ".", Millis(), " [http-nio-8080-exec-", Below(20),
                  "] ERROR ", OneOf(kClasses), " - request ", chance_(), " could not be answered\n",
                  OneOf(kJavaTypes), ": connection pool is empty\n");
  for (uint32_t frame = 0, frames = 4 + Below(8); frame < frames; ++frame) {
    absl::StrAppend(&text, "\tat com.example.orders.internal.Step", Below(40), ".run(Step",
                    Below(40), ".java:", 1 + Below(400), ")\n");
  }
}

void LogSet::AppendEvent(std::string& text) {
  ++events_;
  const bool error = Below(100) < 2;
  const uint32_t format = Below(100);
  if (format < 45) {
    error ? AppendPythonError(text) : AppendPython(text);
  } else if (format < 70) {
    error ? AppendSyslogError(text) : AppendSyslog(text);
  } else if (format < 95) {
    error ? AppendJsonError(text) : AppendJson(text);
  } else {
    error ? AppendJavaError(text) : AppendJava(text);
  }
}

std::string MakeLogSet(uint32_t seed, size_t bytes) {
  LogSet set(seed);
  std::string text;
  while (text.size() < bytes) set.AppendEvent(text);
  return text;
}

}  // namespace ora::bench
