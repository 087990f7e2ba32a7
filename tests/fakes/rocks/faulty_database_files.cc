#include "tests/fakes/rocks/faulty_database_files.h"

#include <rocksdb/file_system.h>

#include <random>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tests/fakes/rocks/unsynced_files.h"

namespace ora::fakes {

using rocksdb::DataVerificationInfo;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

enum class Call { kCreate, kAppend, kSync, kOther };

bool Hits(FaultyFiles files, const std::string& path) {
  switch (files) {
    case FaultyFiles::kAll:
      return true;
    case FaultyFiles::kLog:
      return absl::EndsWith(path, ".log");
    case FaultyFiles::kTables:
      return absl::EndsWith(path, ".sst");
    case FaultyFiles::kManifest:
      return absl::StrContains(path, "/MANIFEST-");
  }
  return false;
}

bool Hits(FaultyCalls calls, Call call) {
  switch (calls) {
    case FaultyCalls::kAll:
      return true;
    case FaultyCalls::kCreate:
      return call == Call::kCreate;
    case FaultyCalls::kAppend:
      return call == Call::kAppend;
    case FaultyCalls::kSync:
      return call == Call::kSync;
  }
  return false;
}

}  // namespace

class FaultyDatabaseFiles::System final : public rocksdb::FileSystemWrapper {
 public:
  explicit System(uint64_t seed)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), random_(seed) {}

  const char* Name() const override { return "FaultyDatabaseFiles"; }

  void Inject(const FaultPlan& plan) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    plan_ = plan;
    faulty_ = true;
  }
  void Heal() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    faulty_ = false;
  }
  uint64_t faults() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return faults_;
  }
  void CutPower() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    power_ = false;
  }
  void Crash() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    unsynced_.Crash(random_);
    power_ = true;
  }

  // Does `change` unless a fault is due; then tells `note` of it.
  template <typename Change, typename Note>
  IOStatus Do(Call call, const std::string& path, Change change, Note note)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (IOStatus due = FaultDue(call, path); !due.ok()) return due;
    IOStatus done = change();
    if (done.ok()) note(unsynced_);
    return done;
  }

  // Appends all of `bytes`; with a fault, an arbitrary part of them at the front.
  template <typename Append>
  IOStatus DoAppend(const std::string& path, const Slice& bytes, Append append)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const IOStatus due = FaultDue(Call::kAppend, path);
    const Slice part(bytes.data(), due.ok() ? bytes.size()
                                   : power_ ? random_() % (bytes.size() + 1)
                                            : 0);
    const IOStatus done = part.empty() ? IOStatus::OK() : append(part);
    if (done.ok()) unsynced_.Appended(path, part.size());
    return due.ok() ? done : due;
  }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override;
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              IODebugContext* debug) override;
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* debug) override;

  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&mutex_);
    if (IOStatus due = FaultDue(Call::kOther, path); !due.ok()) return due;
    return unsynced_.Delete(path) ? IOStatus::OK() : IOStatus::PathNotFound(path);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    absl::MutexLock lock(&mutex_);
    if (IOStatus due = FaultDue(Call::kOther, to); !due.ok()) return due;
    return unsynced_.Rename(from, to) ? IOStatus::OK() : IOStatus::PathNotFound(from);
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    return Do(
        Call::kCreate, to, [&] { return FileSystemWrapper::LinkFile(from, to, options, debug); },
        [&](UnsyncedFiles&) {});
  }
  IOStatus Truncate(const std::string& path, size_t bytes, const IOOptions& options,
                    IODebugContext* debug) override {
    return Do(
        Call::kOther, path,
        [&] { return FileSystemWrapper::Truncate(path, bytes, options, debug); },
        [&](UnsyncedFiles& unsynced) { unsynced.Truncated(path, bytes); });
  }

 private:
  IOStatus FaultDue(Call call, const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!power_) return IOStatus::IOError(path, "the power is cut");
    if (!faulty_ || call == Call::kOther) return IOStatus::OK();
    if (!Hits(plan_.files, path) || !Hits(plan_.calls, call)) return IOStatus::OK();
    if (plan_.calls_before > 0) {
      --plan_.calls_before;
      return IOStatus::OK();
    }
    if (random_() % plan_.one_in != 0) return IOStatus::OK();
    ++faults_;
    if (plan_.fault == DiskFault::kNoSpace) return IOStatus::NoSpace(path, "injected");
    return IOStatus::IOError(path, "injected");
  }

  mutable absl::Mutex mutex_;  // Held across the calls, so that what is known is what is there.
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  UnsyncedFiles unsynced_ ABSL_GUARDED_BY(mutex_);
  FaultPlan plan_ ABSL_GUARDED_BY(mutex_);
  bool faulty_ ABSL_GUARDED_BY(mutex_) = false;
  bool power_ ABSL_GUARDED_BY(mutex_) = true;
  uint64_t faults_ ABSL_GUARDED_BY(mutex_) = 0;
};

namespace {

template <typename System>
class File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(System& system, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

  IOStatus Append(const Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    return system_.DoAppend(path_, bytes,
                            [&](const Slice& part) { return Base::Append(part, options, debug); });
  }
  IOStatus Append(const Slice& bytes, const IOOptions& options, const DataVerificationInfo& check,
                  IODebugContext* debug) override {
    return system_.DoAppend(path_, bytes, [&](const Slice& part) {
      return part.size() == bytes.size() ? Base::Append(part, options, check, debug)
                                         : Base::Append(part, options, debug);
    });
  }
  IOStatus Truncate(uint64_t bytes, const IOOptions& options, IODebugContext* debug) override {
    return system_.Do(
        Call::kOther, path_, [&] { return Base::Truncate(bytes, options, debug); },
        [&](UnsyncedFiles& unsynced) { unsynced.Truncated(path_, bytes); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return Base::Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return Base::Fsync(options, debug); });
  }

 private:
  using Base = rocksdb::FSWritableFileOwnerWrapper;

  template <typename Change>
  IOStatus Synced(Change change) {
    return system_.Do(Call::kSync, path_, change,
                      [&](UnsyncedFiles& unsynced) { unsynced.Synced(path_); });
  }

  System& system_;  // Outlives its files.
  const std::string path_;
};

template <typename System>
class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(System& system, std::string path, std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), system_(system), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& what) override {
    return Synced([&] { return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, what); });
  }

 private:
  template <typename Change>
  IOStatus Synced(Change change) {
    return system_.Do(Call::kSync, path_, change,
                      [&](UnsyncedFiles& unsynced) { unsynced.DirectorySynced(path_); });
  }

  System& system_;
  const std::string path_;
};

}  // namespace

IOStatus FaultyDatabaseFiles::System::NewWritableFile(
    const std::string& path, const FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus made = Do(
      Call::kCreate, path,
      [&] { return FileSystemWrapper::NewWritableFile(path, options, &file, debug); },
      [&](UnsyncedFiles& unsynced) { unsynced.Created(path); });
  if (made.ok()) *result = std::make_unique<File<System>>(*this, path, std::move(file));
  return made;
}

IOStatus FaultyDatabaseFiles::System::ReopenWritableFile(
    const std::string& path, const FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus opened = Do(
      Call::kOther, path,
      [&] { return FileSystemWrapper::ReopenWritableFile(path, options, &file, debug); },
      [&](UnsyncedFiles& unsynced) { unsynced.Opened(path); });
  if (opened.ok()) *result = std::make_unique<File<System>>(*this, path, std::move(file));
  return opened;
}

IOStatus FaultyDatabaseFiles::System::NewDirectory(const std::string& path,
                                                   const IOOptions& options,
                                                   std::unique_ptr<rocksdb::FSDirectory>* result,
                                                   IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus opened = FileSystemWrapper::NewDirectory(path, options, &directory, debug);
  if (opened.ok()) {
    *result = std::make_unique<Directory<System>>(*this, path, std::move(directory));
  }
  return opened;
}

FaultyDatabaseFiles::FaultyDatabaseFiles(uint64_t seed) : system_(std::make_shared<System>(seed)) {}
FaultyDatabaseFiles::~FaultyDatabaseFiles() = default;

storage::DatabaseFiles FaultyDatabaseFiles::files() const {
  return storage::DatabaseFiles(system_);
}
void FaultyDatabaseFiles::Inject(const FaultPlan& plan) { system_->Inject(plan); }
void FaultyDatabaseFiles::Heal() { system_->Heal(); }
uint64_t FaultyDatabaseFiles::faults() const { return system_->faults(); }
void FaultyDatabaseFiles::CutPower() { system_->CutPower(); }
void FaultyDatabaseFiles::Crash() { system_->Crash(); }

}  // namespace ora::fakes
