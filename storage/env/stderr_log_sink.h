// The log of a real program: standard error, which systemd and quickstart keep.
#pragma once

#include <memory>

#include "storage/env/log_sink.h"

namespace ora::storage {

// Lines such as `2026-11-23T05:45:09.123Z info storage: opened ...` on standard error, by spdlog.
// Lines below `lowest` are dropped.
std::unique_ptr<LogSink> MakeStderrLogSink(LogSeverity lowest);

}  // namespace ora::storage
