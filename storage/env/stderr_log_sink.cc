#include "storage/env/stderr_log_sink.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace ora::storage {
namespace {

// UTC, milliseconds, level, message: one form for people and for Ora's own classifier.
constexpr char kPattern[] = "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v";

spdlog::level::level_enum ToSpdlog(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kDebug:
      return spdlog::level::debug;
    case LogSeverity::kInfo:
      return spdlog::level::info;
    case LogSeverity::kWarning:
      return spdlog::level::warn;
    case LogSeverity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class StderrLogSink final : public LogSink {
 public:
  explicit StderrLogSink(LogSeverity lowest)
      : logger_("ora", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_level(ToSpdlog(lowest));
    logger_.set_pattern(kPattern, spdlog::pattern_time_type::utc);
    logger_.flush_on(spdlog::level::debug);
  }

  void Log(LogSeverity severity, absl::string_view message) override {
    logger_.log(ToSpdlog(severity), spdlog::string_view_t(message.data(), message.size()));
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<LogSink> MakeStderrLogSink(LogSeverity lowest) {
  return std::make_unique<StderrLogSink>(lowest);
}

}  // namespace ora::storage
