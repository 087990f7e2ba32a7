#include "storage/env/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr size_t kReadWholeStep = 16 << 10;

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return absl::StatusCode::kResourceExhausted;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::Status SystemError(int error, absl::string_view action, absl::string_view path) {
  const absl::Status reason = absl::ErrnoToStatus(error, "");
  return absl::Status(CodeOf(error), absl::StrCat(action, " ", path, ": ", reason.message()));
}

template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

FileType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kRegular;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  if (S_ISFIFO(mode)) return FileType::kFifo;
  return FileType::kOther;
}

FileStatus StatusOf(const struct stat& raw) {
  return {.type = TypeOf(raw.st_mode),
          .device = raw.st_dev,
          .inode = raw.st_ino,
          .size_bytes = static_cast<uint64_t>(raw.st_size),
          .link_count = raw.st_nlink,
          .modify_time = absl::TimeFromTimespec(raw.st_mtim)};
}

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<Descriptor> Open(const std::string& path, int flags) {
  const int fd = Retry([&] { return open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (fd < 0) return SystemError(errno, "open", path);
  return Descriptor(fd);
}

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> into) override {
    const ssize_t got = Retry(
        [&] { return pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset)); });
    if (got < 0) return SystemError(errno, "read", path_);
    return static_cast<size_t>(got);
  }

  absl::StatusOr<FileStatus> Status() override {
    struct stat raw {};
    if (fstat(fd_.get(), &raw) < 0) return SystemError(errno, "stat", path_);
    return StatusOf(raw);
  }

 private:
  const std::string path_;
  const Descriptor fd_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  absl::Status Append(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = Retry([&] { return write(fd_.get(), bytes.data(), bytes.size()); });
      if (put < 0) return SystemError(errno, "write", path_);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (Retry([&] { return fdatasync(fd_.get()); }) < 0) return SystemError(errno, "sync", path_);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const Descriptor fd_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

FileType TypeOfEntry(const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileType::kRegular;
    case DT_DIR:
      return FileType::kDirectory;
    case DT_LNK:
      return FileType::kSymlink;
    case DT_FIFO:
      return FileType::kFifo;
    default:
      return FileType::kOther;
  }
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReadableFile>> PosixFileSystem::OpenForRead(
    const std::string& path) {
  // O_NONBLOCK: a fifo without a writer must not hold us; regular files do not care.
  absl::StatusOr<Descriptor> fd = Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok()) return fd.status();
  return std::make_unique<PosixReadableFile>(path, *std::move(fd));
}

absl::StatusOr<std::unique_ptr<WritableFile>> PosixFileSystem::OpenForAppend(
    const std::string& path) {
  absl::StatusOr<Descriptor> fd = Open(path, O_WRONLY | O_APPEND | O_CREAT);
  if (!fd.ok()) return fd.status();
  return std::make_unique<PosixWritableFile>(path, *std::move(fd));
}

absl::StatusOr<std::string> PosixFileSystem::ReadWhole(const std::string& path, size_t bytes_max) {
  absl::StatusOr<Descriptor> fd = Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok()) return fd.status();
  std::string whole;
  size_t size = 0;
  while (true) {
    whole.resize(size + kReadWholeStep);
    const ssize_t got = Retry([&] { return read(fd->get(), whole.data() + size, kReadWholeStep); });
    if (got < 0) return SystemError(errno, "read", path);
    size += static_cast<size_t>(got);
    if (size > bytes_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat("read ", path, ": more than ", bytes_max, " bytes"));
    }
    if (got == 0) break;
  }
  whole.resize(size);
  return whole;
}

absl::Status PosixFileSystem::ReplaceWhole(const std::string& path, absl::string_view bytes) {
  const std::string beside = path + ".new";
  {
    absl::StatusOr<Descriptor> fd = Open(beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!fd.ok()) return fd.status();
    PosixWritableFile file(beside, *std::move(fd));
    if (absl::Status status = file.Append(bytes); !status.ok()) return status;
    if (absl::Status status = file.Sync(); !status.ok()) return status;
  }
  if (absl::Status status = Rename(beside, path); !status.ok()) return status;
  return SyncDirectory(ParentOf(path));
}

absl::StatusOr<FileStatus> PosixFileSystem::Stat(const std::string& path) {
  struct stat raw {};
  if (stat(path.c_str(), &raw) < 0) return SystemError(errno, "stat", path);
  return StatusOf(raw);
}

absl::StatusOr<std::vector<DirectoryEntry>> PosixFileSystem::List(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDirectory> open_directory(opendir(directory.c_str()));
  if (open_directory == nullptr) return SystemError(errno, "list", directory);
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(open_directory.get());
    if (entry == nullptr) {
      if (errno != 0) return SystemError(errno, "list", directory);
      return entries;
    }
    const absl::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), TypeOfEntry(*entry)});
  }
}

absl::StatusOr<std::string> PosixFileSystem::ReadLink(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return SystemError(errno, "read link", path);
  target.resize(static_cast<size_t>(size));
  return target;
}

absl::Status PosixFileSystem::CreateDirectories(const std::string& directory) {
  for (size_t slash = directory.find('/', 1);; slash = directory.find('/', slash + 1)) {
    const std::string part = directory.substr(0, slash);
    if (mkdir(part.c_str(), kDirectoryMode) < 0 && errno != EEXIST) {
      return SystemError(errno, "create directory", part);
    }
    if (slash == std::string::npos) break;
  }
  absl::StatusOr<FileStatus> status = Stat(directory);
  if (!status.ok()) return status.status();
  if (status->type != FileType::kDirectory) {
    return absl::AlreadyExistsError(
        absl::StrCat("create directory ", directory, ": a file of that name is in its place"));
  }
  return absl::OkStatus();
}

absl::Status PosixFileSystem::SyncDirectory(const std::string& directory) {
  absl::StatusOr<Descriptor> fd = Open(directory, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return fd.status();
  if (Retry([&] { return fsync(fd->get()); }) < 0) return SystemError(errno, "sync", directory);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) < 0) {
    return SystemError(errno, "rename", absl::StrCat(from, " to ", to));
  }
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Delete(const std::string& path) {
  if (unlink(path.c_str()) < 0) return SystemError(errno, "delete", path);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Truncate(const std::string& path, uint64_t size_bytes) {
  if (Retry([&] { return truncate(path.c_str(), static_cast<off_t>(size_bytes)); }) < 0) {
    return SystemError(errno, "truncate", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PosixFileSystem::FreeBytes(const std::string& path) {
  struct statvfs raw {};
  if (statvfs(path.c_str(), &raw) < 0) return SystemError(errno, "statvfs", path);
  return static_cast<uint64_t>(raw.f_bavail) * raw.f_frsize;
}

absl::StatusOr<FileSystemUsage> PosixFileSystem::Usage(const std::string& path) {
  struct statvfs raw {};
  if (statvfs(path.c_str(), &raw) < 0) return SystemError(errno, "statvfs", path);
  return FileSystemUsage{.size_bytes = static_cast<uint64_t>(raw.f_blocks) * raw.f_frsize,
                         .free_bytes = static_cast<uint64_t>(raw.f_bfree) * raw.f_frsize,
                         .available_bytes = static_cast<uint64_t>(raw.f_bavail) * raw.f_frsize,
                         .files = raw.f_files,
                         .files_free = raw.f_ffree,
                         .read_only = (raw.f_flag & ST_RDONLY) != 0};
}

absl::StatusOr<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path) {
  absl::StatusOr<Descriptor> fd = Open(path, O_RDWR | O_CREAT);
  if (!fd.ok()) return fd.status();
  if (Retry([&] { return flock(fd->get(), LOCK_EX | LOCK_NB); }) < 0) {
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          absl::StrCat("lock ", path, ": another process holds it; stop that one first"));
    }
    return SystemError(errno, "lock", path);
  }
  return std::make_unique<PosixFileLock>(*std::move(fd));
}

}  // namespace ora::storage
