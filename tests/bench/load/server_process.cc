#include "tests/bench/load/server_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ora::bench {
namespace {

constexpr absl::Duration kStartLimit = absl::Minutes(2);
constexpr absl::Duration kLookInterval = absl::Milliseconds(5);
constexpr size_t kAddressBytesMax = 256;
constexpr int kNoExec = 127;

// In the child: only what is safe between fork and exec. Signals are let in again, since this
// program holds them back.
[[noreturn]] void Become(char* const* arguments, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (getppid() == parent) execv(arguments[0], arguments);
  _exit(kNoExec);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchDirectory>> ScratchDirectory::Make() {
  std::string path = std::filesystem::temp_directory_path().string() + "/ora_load.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("scratch directory ", path, ": ", std::strerror(errno), "; set TMPDIR"));
  }
  return std::unique_ptr<ScratchDirectory>(new ScratchDirectory(std::move(path)));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& binary,
                                                                    const std::string& config,
                                                                    const std::string& directory,
                                                                    storage::Clock& clock) {
  storage::PosixFileSystem files;
  const std::string port_file = directory + "/port";
  std::error_code ignored;
  std::filesystem::remove(port_file, ignored);  // Of the process before.
  std::vector<std::string> words = {binary,        "--listen",           "127.0.0.1:0",
                                    "--state-dir", directory + "/state", "--port-file",
                                    port_file,     "--log-level",        "error"};
  if (!config.empty()) words.insert(words.end(), {"--config", config});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Become(arguments.data(), parent);
  if (pid < 0) return absl::UnavailableError(absl::StrCat("fork: ", std::strerror(errno)));

  std::unique_ptr<ServerProcess> server(new ServerProcess(pid));
  absl::StatusOr<std::string> text = absl::NotFoundError("");
  absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  const bool never = false;
  const absl::Duration until = clock.Monotonic() + kStartLimit;
  while (!text.ok() && clock.Monotonic() < until) {
    if (server->Ended()) {
      return absl::UnavailableError(
          absl::StrCat(binary, " did not start: it ended; see its log above"));
    }
    clock.Await(mutex, absl::Condition(&never), kLookInterval);
    text = files.ReadWhole(port_file, kAddressBytesMax);
  }
  if (!text.ok()) {
    return absl::UnavailableError(
        absl::StrCat(binary, " did not serve within ", absl::FormatDuration(kStartLimit)));
  }
  server->address_ = std::string(absl::StripSuffix(*text, "\n"));
  return server;
}

ServerProcess::~ServerProcess() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool ServerProcess::Ended() {
  if (waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
  pid_ = 0;
  return true;
}

absl::StatusOr<double> ServerProcess::Stop() {
  const pid_t pid = std::exchange(pid_, 0);
  kill(pid, SIGTERM);
  int status = 0;
  rusage used = {};
  if (wait4(pid, &status, 0, &used) != pid || status != 0) {
    return absl::InternalError(
        absl::StrCat("the aggregator did not end well: its wait status is ", status));
  }
  return Seconds(used.ru_utime) + Seconds(used.ru_stime);
}

double Seconds(const timeval& time) {
  constexpr double kMicros = 1e6;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicros;
}

uint64_t BytesBelow(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code error;  // Files come and go while the store works: what is gone counts nothing.
  for (std::filesystem::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    const uintmax_t size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace ora::bench
