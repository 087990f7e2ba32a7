#include "collector/tail/hints/inotify_hints.h"

#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ora::collector {
namespace {

constexpr uint32_t kChanges = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONESHOT;
constexpr size_t kEventBytes = size_t{16} << 10;

// File systems of this host alone, by statfs(2): a write to one of their files is always told.
constexpr uint64_t kLocalFileSystems[] = {
    0xef53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x9123683e,  // btrfs
    0x01021994,  // tmpfs
    0x858458f6,  // ramfs
    0xf2f52010,  // f2fs
    0x2fc12fc1,  // zfs
    0xca451a4e,  // bcachefs
    0x3153464a,  // jfs
    0x52654973,  // reiserfs
};

bool IsLocal(const std::string& path) {
  struct statfs raw {};
  if (statfs(path.c_str(), &raw) < 0) return false;
  const auto type = static_cast<uint64_t>(static_cast<uint32_t>(raw.f_type));
  return std::find(std::begin(kLocalFileSystems), std::end(kLocalFileSystems), type) !=
         std::end(kLocalFileSystems);
}

class InotifyHints final : public ChangeHints {
 public:
  InotifyHints(const InotifyLimits& limits, int fd) : limits_(limits), fd_(fd) {}
  ~InotifyHints() override { close(fd_); }

  absl::StatusOr<Token> Arm(const std::string& path) override {
    if (armed_.size() >= limits_.files_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat("watch ", path, ": ", limits_.files_max, " files are watched already"));
    }
    if (!IsLocal(path)) {
      return absl::UnavailableError(
          absl::StrCat("watch ", path, ": its file system may change without a hint"));
    }
    const Token token = inotify_add_watch(fd_, path.c_str(), kChanges);
    if (token < 0) {
      if (errno == ENOENT) return absl::NotFoundError(absl::StrCat("watch ", path));
      return absl::ResourceExhaustedError(absl::StrCat("watch ", path, ": ", strerror(errno)));
    }
    armed_.insert(token);
    return token;
  }

  void Disarm(Token token) override {
    if (armed_.erase(token) > 0) inotify_rm_watch(fd_, token);
  }

  Fired Take() override {
    Fired fired;
    alignas(inotify_event) char buffer[kEventBytes];
    while (true) {
      const ssize_t got = read(fd_, buffer, sizeof(buffer));
      if (got <= 0) break;  // Nothing more.
      for (ssize_t at = 0; at < got;) {
        inotify_event event;
        std::memcpy(&event, buffer + at, sizeof(event));
        at += static_cast<ssize_t>(sizeof(event) + event.len);
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
          fired.all = true;
        } else if (armed_.erase(event.wd) > 0) {  // Else it was taken back, or is told twice.
          fired.tokens.push_back(event.wd);
        }
      }
    }
    return fired;
  }

  size_t armed() const override { return armed_.size(); }

 private:
  const InotifyLimits limits_;
  const int fd_;
  absl::flat_hash_set<Token> armed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChangeHints>> MakeInotifyHints(const InotifyLimits& limits) {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("inotify: ", strerror(errno), "; files are polled at every interval"));
  }
  return std::make_unique<InotifyHints>(limits, fd);
}

}  // namespace ora::collector
