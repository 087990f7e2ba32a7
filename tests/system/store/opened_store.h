// A store over a directory whose files a test has damaged, and what it says of it.
#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/env/posix_file_system.h"
#include "storage/retention_rules.h"
#include "storage/time_series_store.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/memory_log_sink.h"

namespace ora::storage {

// One thread. `clock` must outlive it.
class OpenedStore {
 public:
  OpenedStore(const std::filesystem::path& directory, fakes::ManualClock& clock,
              const Retention& retention = {});

  // Why it did not open; the operators are for a store that did.
  const absl::Status& status() const { return status_; }
  TimeSeriesStore* operator->() { return store_.get(); }
  TimeSeriesStore& operator*() { return *store_; }

  // The first lines.
  std::string Log() const;
  bool Says(absl::string_view text) const { return log_.Contains(text); }
  // It has found damage.
  bool Told() const { return store_->Statistics().damaged_records > 0; }

 private:
  PosixFileSystem files_;
  fakes::MemoryLogSink log_;
  Counters counters_;
  absl::Status status_;
  std::unique_ptr<TimeSeriesStore> store_;
};

// All files below `directory`, relative to it, sorted.
std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& directory);

// Flips a bit of a byte of the file that is not one of the zeros behind a log's end. Says which;
// empty: the file has no such byte.
std::string FlipABit(const std::filesystem::path& path, std::mt19937_64& random);

// The environment's `variable`, else `otherwise`.
uint64_t NumberFrom(const char* variable, uint64_t otherwise);

}  // namespace ora::storage
