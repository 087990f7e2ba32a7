#include "storage/rocks/rescue/log_syncs.h"

#include <atomic>
#include <utility>

#include "absl/strings/match.h"

namespace ora::storage {
namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Append(const Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    written_.store(true);
    return Base::Append(bytes, options, debug);
  }
  IOStatus Append(const Slice& bytes, const IOOptions& options, const DataVerificationInfo& check,
                  IODebugContext* debug) override {
    written_.store(true);
    return Base::Append(bytes, options, check, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return IfWritten([&] { return Base::Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return IfWritten([&] { return Base::Fsync(options, debug); });
  }

 private:
  using Base = rocksdb::FSWritableFileOwnerWrapper;

  // What is appended during a sync may be left out of it.
  template <typename SyncIt>
  IOStatus IfWritten(SyncIt sync) {
    if (!written_.exchange(false)) return IOStatus::OK();
    const IOStatus synced = sync();
    if (!synced.ok()) written_.store(true);
    return synced;
  }

  std::atomic<bool> written_{false};
};

class LogSyncs final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "LogSyncs"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    const IOStatus made = FileSystemWrapper::NewWritableFile(path, options, result, debug);
    if (made.ok() && absl::EndsWith(path, ".log")) {
      *result = std::make_unique<LogFile>(std::move(*result));
    }
    return made;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> WithIdleLogSyncs(std::shared_ptr<rocksdb::FileSystem> target) {
  return std::make_shared<LogSyncs>(std::move(target));
}

}  // namespace ora::storage
