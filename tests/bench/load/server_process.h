// The aggregator that a load starts for itself.
#pragma once

#include <sys/time.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/env/clock.h"
#include "storage/env/posix_file_system.h"

namespace ora::bench {

// A new directory for one run, removed with everything in it at the end. Beside the system's
// temporary files, so TMPDIR says where.
class ScratchDirectory {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchDirectory>> Make();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// The child ends with this program, however that ends. Not thread-safe.
class ServerProcess {
 public:
  // Starts `binary` on a free port of the loopback, its state in `directory`, and returns once it
  // serves. `config` may be empty. UNAVAILABLE: it ended, or did not serve within two minutes.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::string& binary,
                                                              const std::string& config,
                                                              const std::string& directory,
                                                              storage::Clock& clock);
  // Kills it if it was not stopped.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& address() const { return address_; }

  // Asks it to end, waits, and returns the processor seconds that it used in all.
  absl::StatusOr<double> Stop();

 private:
  explicit ServerProcess(pid_t pid) : pid_(pid) {}
  bool Ended();

  pid_t pid_;
  std::string address_;
};

// A time of rusage(2).
double Seconds(const timeval& time);

// Bytes of the files below `directory`.
uint64_t BytesBelow(const std::string& directory);

}  // namespace ora::bench
