#include "storage/rocks/rescue/manifest_copies.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

bool IsManifest(absl::string_view path) {
  const absl::string_view name = path.substr(path.rfind('/') + 1);
  return absl::StartsWith(name, "MANIFEST-") && !absl::EndsWith(name, kManifestCopySuffix);
}

std::string CopyOf(const std::string& path) { return absl::StrCat(path, kManifestCopySuffix); }

class TwiceWritten final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  TwiceWritten(std::unique_ptr<FSWritableFile> file, std::unique_ptr<FSWritableFile> copy)
      : FSWritableFileOwnerWrapper(std::move(file)), copy_(std::move(copy)) {}

  IOStatus Append(const Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    return Then(Base::Append(bytes, options, debug),
                [&] { return copy_->Append(bytes, options, debug); });
  }
  IOStatus Append(const Slice& bytes, const IOOptions& options, const DataVerificationInfo& check,
                  IODebugContext* debug) override {
    return Then(Base::Append(bytes, options, check, debug),
                [&] { return copy_->Append(bytes, options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Then(Base::Sync(options, debug), [&] { return copy_->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Then(Base::Fsync(options, debug), [&] { return copy_->Sync(options, debug); });
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return Then(Base::Flush(options, debug), [&] { return copy_->Flush(options, debug); });
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return Then(Base::Close(options, debug), [&] { return copy_->Close(options, debug); });
  }

 private:
  using Base = rocksdb::FSWritableFileOwnerWrapper;

  // A copy that has missed something takes nothing more, so that it is a whole beginning.
  template <typename Second>
  IOStatus Then(IOStatus first, Second second) {
    if (copy_ != nullptr && (!first.ok() || !second().ok())) copy_.reset();
    return first;
  }

  std::unique_ptr<FSWritableFile> copy_;
};

class ManifestCopies final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "ManifestCopies"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    const IOStatus made = FileSystemWrapper::NewWritableFile(path, options, result, debug);
    if (!made.ok() || !IsManifest(path)) return made;
    std::unique_ptr<FSWritableFile> copy;
    if (!FileSystemWrapper::NewWritableFile(CopyOf(path), options, &copy, debug).ok()) return made;
    *result = std::make_unique<TwiceWritten>(std::move(*result), std::move(copy));
    return made;
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    if (IsManifest(path)) (void)FileSystemWrapper::DeleteFile(CopyOf(path), options, debug);
    return FileSystemWrapper::DeleteFile(path, options, debug);
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> WithManifestCopies(
    std::shared_ptr<rocksdb::FileSystem> target) {
  return std::make_shared<ManifestCopies>(std::move(target));
}

}  // namespace ora::storage
