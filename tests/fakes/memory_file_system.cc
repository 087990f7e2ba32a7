#include "tests/fakes/memory_file_system.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::fakes {

using storage::DirectoryEntry;
using storage::FileStatus;
using storage::FileType;

namespace {

constexpr uint64_t kDevice = 1;
constexpr uint64_t kFreeBytesUnlimited = uint64_t{1} << 40;
constexpr int64_t kModifySeconds = 1'767'225'600;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status Missing(absl::string_view action, absl::string_view path) {
  return absl::NotFoundError(absl::StrCat(action, " ", path, ": no such file or directory"));
}

}  // namespace

class MemoryFileSystem::OpenReadable final : public storage::ReadableFile {
 public:
  OpenReadable(MemoryFileSystem& files, std::shared_ptr<Node> node)
      : files_(files), node_(std::move(node)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset, absl::Span<char> into) override {
    absl::MutexLock lock(&files_.mutex_);
    if (absl::Status fault = files_.TakeFault(Operation::kRead); !fault.ok()) return fault;
    if (offset >= node_->bytes.size()) return size_t{0};
    return node_->bytes.copy(into.data(), into.size(), offset);
  }

  absl::StatusOr<FileStatus> Status() override {
    absl::MutexLock lock(&files_.mutex_);
    return StatusOf(*node_);
  }

 private:
  MemoryFileSystem& files_;
  const std::shared_ptr<Node> node_;
};

class MemoryFileSystem::OpenWritable final : public storage::WritableFile {
 public:
  OpenWritable(MemoryFileSystem& files, std::shared_ptr<Node> node, uint64_t crashes)
      : files_(files), node_(std::move(node)), crashes_(crashes) {}

  absl::Status Append(absl::string_view bytes) override {
    absl::MutexLock lock(&files_.mutex_);
    if (crashes_ != files_.crashes_) return absl::UnavailableError("append: the host crashed");
    return files_.AppendTo(*node_, bytes);
  }

  absl::Status Sync() override {
    absl::MutexLock lock(&files_.mutex_);
    if (crashes_ != files_.crashes_) return absl::UnavailableError("sync: the host crashed");
    if (absl::Status fault = files_.TakeFault(Operation::kSync); !fault.ok()) return fault;
    node_->synced_bytes = node_->bytes.size();
    return absl::OkStatus();
  }

 private:
  MemoryFileSystem& files_;
  const std::shared_ptr<Node> node_;
  const uint64_t crashes_;
};

class MemoryFileSystem::HeldLock final : public storage::FileLock {
 public:
  HeldLock(MemoryFileSystem& files, std::string path, uint64_t crashes)
      : files_(files), path_(std::move(path)), crashes_(crashes) {}
  ~HeldLock() override {
    absl::MutexLock lock(&files_.mutex_);
    if (crashes_ == files_.crashes_) files_.locks_.erase(path_);
  }

 private:
  MemoryFileSystem& files_;
  const std::string path_;
  const uint64_t crashes_;
};

void MemoryFileSystem::Crash(LastWrite last_write) {
  absl::MutexLock lock(&mutex_);
  ++crashes_;
  locks_.clear();
  names_ = synced_names_;
  for (auto& [path, node] : names_) {
    const uint64_t unsynced = node->bytes.size() - node->synced_bytes;
    node->bytes.resize(node->synced_bytes + (last_write == LastWrite::kTorn ? unsynced / 2 : 0));
    node->synced_bytes = node->bytes.size();
  }
}

void MemoryFileSystem::Fail(Operation operation, int count, absl::Status status) {
  absl::MutexLock lock(&mutex_);
  faults_[operation] = {count, std::move(status)};
}

void MemoryFileSystem::SetFreeBytes(absl::optional<uint64_t> bytes) {
  absl::MutexLock lock(&mutex_);
  free_bytes_ = bytes;
}

void MemoryFileSystem::Damage(const std::string& path, uint64_t offset) {
  absl::MutexLock lock(&mutex_);
  std::string& bytes = names_.at(path)->bytes;
  bytes.at(offset) = static_cast<char>(~bytes.at(offset));
}

absl::Status MemoryFileSystem::TakeFault(Operation operation) {
  Fault& fault = faults_[operation];
  if (fault.count == 0) return absl::OkStatus();
  --fault.count;
  return fault.status;
}

absl::StatusOr<std::shared_ptr<MemoryFileSystem::Node>> MemoryFileSystem::Find(
    const std::string& path) const {
  const auto found = names_.find(path);
  if (found == names_.end()) return Missing("open", path);
  return found->second;
}

absl::StatusOr<std::shared_ptr<MemoryFileSystem::Node>> MemoryFileSystem::FindOrCreate(
    const std::string& path) {
  if (directories_.count(ParentOf(path)) == 0) return Missing("create", path);
  std::shared_ptr<Node>& node = names_[path];
  if (node == nullptr) {
    node = std::make_shared<Node>();
    node->inode = ++last_inode_;
  }
  return node;
}

absl::Status MemoryFileSystem::AppendTo(Node& node, absl::string_view bytes) {
  if (absl::Status fault = TakeFault(Operation::kAppend); !fault.ok()) {
    node.bytes.append(bytes.data(), bytes.size() / 2);
    return fault;
  }
  const uint64_t fits = free_bytes_ ? std::min<uint64_t>(*free_bytes_, bytes.size()) : bytes.size();
  node.bytes.append(bytes.data(), fits);
  if (free_bytes_) *free_bytes_ -= fits;
  if (fits == bytes.size()) return absl::OkStatus();
  return absl::ResourceExhaustedError("write: no space left on device");
}

FileStatus MemoryFileSystem::StatusOf(const Node& node) {
  return {.type = FileType::kRegular,
          .device = kDevice,
          .inode = node.inode,
          .size_bytes = node.bytes.size(),
          .link_count = 1,
          .modify_time = absl::FromUnixSeconds(kModifySeconds)};
}

absl::StatusOr<std::unique_ptr<storage::ReadableFile>> MemoryFileSystem::OpenForRead(
    const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kOpen); !fault.ok()) return fault;
  absl::StatusOr<std::shared_ptr<Node>> node = Find(path);
  if (!node.ok()) return node.status();
  return std::make_unique<OpenReadable>(*this, *std::move(node));
}

absl::StatusOr<std::unique_ptr<storage::WritableFile>> MemoryFileSystem::OpenForAppend(
    const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kOpen); !fault.ok()) return fault;
  absl::StatusOr<std::shared_ptr<Node>> node = FindOrCreate(path);
  if (!node.ok()) return node.status();
  return std::make_unique<OpenWritable>(*this, *std::move(node), crashes_);
}

absl::StatusOr<std::string> MemoryFileSystem::ReadWhole(const std::string& path, size_t bytes_max) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kRead); !fault.ok()) return fault;
  absl::StatusOr<std::shared_ptr<Node>> node = Find(path);
  if (!node.ok()) return node.status();
  if ((*node)->bytes.size() > bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("read ", path, ": more than ", bytes_max, " bytes"));
  }
  return (*node)->bytes;
}

absl::Status MemoryFileSystem::ReplaceWhole(const std::string& path, absl::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  if (directories_.count(ParentOf(path)) == 0) return Missing("create", path);
  auto node = std::make_shared<Node>();
  node->inode = ++last_inode_;
  if (absl::Status status = AppendTo(*node, bytes); !status.ok()) return status;
  node->synced_bytes = bytes.size();
  names_[path] = node;
  synced_names_[path] = node;
  return absl::OkStatus();
}

absl::StatusOr<FileStatus> MemoryFileSystem::Stat(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (directories_.count(path) > 0) return FileStatus{.type = FileType::kDirectory};
  absl::StatusOr<std::shared_ptr<Node>> node = Find(path);
  if (!node.ok()) return node.status();
  return StatusOf(**node);
}

absl::StatusOr<std::vector<DirectoryEntry>> MemoryFileSystem::List(const std::string& directory) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kList); !fault.ok()) return fault;
  if (directories_.count(directory) == 0) return Missing("list", directory);
  std::vector<DirectoryEntry> entries;
  const auto name_of = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  for (const auto& [path, node] : names_) {
    if (ParentOf(path) == directory) entries.push_back({name_of(path), FileType::kRegular});
  }
  for (const std::string& path : directories_) {
    if (path != directory && ParentOf(path) == directory) {
      entries.push_back({name_of(path), FileType::kDirectory});
    }
  }
  return entries;
}

absl::StatusOr<std::string> MemoryFileSystem::ReadLink(const std::string& path) {
  return absl::UnavailableError(absl::StrCat("read link ", path, ": invalid argument"));
}

absl::Status MemoryFileSystem::CreateDirectories(const std::string& directory) {
  absl::MutexLock lock(&mutex_);
  for (size_t slash = directory.find('/', 1);; slash = directory.find('/', slash + 1)) {
    directories_.insert(directory.substr(0, slash));
    if (slash == std::string::npos) return absl::OkStatus();
  }
}

absl::Status MemoryFileSystem::SyncDirectory(const std::string& directory) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kSyncDirectory); !fault.ok()) return fault;
  if (directories_.count(directory) == 0) return Missing("sync", directory);
  std::erase_if(synced_names_, [&](const auto& name) { return ParentOf(name.first) == directory; });
  for (const auto& [path, node] : names_) {
    if (ParentOf(path) == directory) synced_names_[path] = node;
  }
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  absl::StatusOr<std::shared_ptr<Node>> node = Find(from);
  if (!node.ok()) return node.status();
  if (directories_.count(ParentOf(to)) == 0) return Missing("rename to", to);
  names_.erase(from);
  names_[to] = *std::move(node);
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Delete(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kDelete); !fault.ok()) return fault;
  return names_.erase(path) > 0 ? absl::OkStatus() : Missing("delete", path);
}

absl::Status MemoryFileSystem::Truncate(const std::string& path, uint64_t size_bytes) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status fault = TakeFault(Operation::kTruncate); !fault.ok()) return fault;
  absl::StatusOr<std::shared_ptr<Node>> node = Find(path);
  if (!node.ok()) return node.status();
  (*node)->bytes.resize(size_bytes);
  (*node)->synced_bytes = std::min((*node)->synced_bytes, size_bytes);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> MemoryFileSystem::FreeBytes(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (names_.count(path) == 0 && directories_.count(path) == 0) return Missing("statvfs", path);
  return free_bytes_.value_or(kFreeBytesUnlimited);
}

absl::StatusOr<storage::FileSystemUsage> MemoryFileSystem::Usage(const std::string& path) {
  absl::StatusOr<uint64_t> free = FreeBytes(path);
  if (!free.ok()) return free.status();
  absl::MutexLock lock(&mutex_);
  uint64_t used = 0;
  for (const auto& [name, node] : names_) used += node->bytes.size();
  return storage::FileSystemUsage{
      .size_bytes = used + *free, .free_bytes = *free, .available_bytes = *free};
}

absl::StatusOr<std::unique_ptr<storage::FileLock>> MemoryFileSystem::Lock(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (!locks_.insert(path).second) {
    return absl::FailedPreconditionError(
        absl::StrCat("lock ", path, ": another process holds it; stop that one first"));
  }
  return std::make_unique<HeldLock>(*this, path, crashes_);
}

}  // namespace ora::fakes
