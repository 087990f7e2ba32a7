// Tells when a log came into being, on the way of the follower's lines.
#pragma once

#include "collector/tail/line_sink.h"

namespace ora::collector {

// Hands everything on to `sink`, which must outlive it. The follower's thread alone.
class NewLogWatch final : public LineSink {
 public:
  explicit NewLogWatch(LineSink& sink) : sink_(sink) {}

  void OnLog(LogId log, const LogDescription& description, LogOrigin origin) override {
    if (origin == LogOrigin::kAppeared) appeared_ = true;
    sink_.OnLog(log, description, origin);
  }
  void OnLines(LogId log, absl::string_view lines) override { sink_.OnLines(log, lines); }
  void OnRest(LogId log, absl::string_view rest) override { sink_.OnRest(log, rest); }
  void OnFiles(LogId log, const LogFiles& files) override { sink_.OnFiles(log, files); }
  void OnLost(LogId log, uint64_t bytes, absl::string_view reason) override {
    sink_.OnLost(log, bytes, reason);
  }
  void OnGone(LogId log) override { sink_.OnGone(log); }

  // A log has appeared since Clear.
  bool appeared() const { return appeared_; }
  void Clear() { appeared_ = false; }

 private:
  LineSink& sink_;
  bool appeared_ = false;
};

}  // namespace ora::collector
