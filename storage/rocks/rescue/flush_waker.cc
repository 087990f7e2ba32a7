#include "storage/rocks/rescue/flush_waker.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr int kFamilies = 4;

}  // namespace

absl::StatusOr<std::unique_ptr<FlushWaker>> FlushWaker::Make(rocksdb::DB& db) {
  std::unique_ptr<FlushWaker> waker(new FlushWaker(db));
  for (int i = 0; i < kFamilies; ++i) {
    if (rocksdb::Status added = waker->Add(absl::StrCat(kWakerPrefix, i)); !added.ok()) {
      return absl::UnavailableError(
          absl::StrCat("database: make the families that wake others: ", added.ToString()));
    }
  }
  waker->Wake();  // Their memory is set aside while the disk is well.
  return waker;
}

rocksdb::Status FlushWaker::Add(std::string name) {
  rocksdb::ColumnFamilyHandle* family = nullptr;
  rocksdb::Status added = db_.CreateColumnFamily(rocksdb::ColumnFamilyOptions(), name, &family);
  if (!added.ok()) return added;
  families_.push_back(family);
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  added = db_.Put(options, family, name, "");
  if (added.ok()) added = db_.DropColumnFamily(family);
  return added;
}

FlushWaker::~FlushWaker() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    (void)db_.DestroyColumnFamilyHandle(family);
  }
}

void FlushWaker::Wake() {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  for (rocksdb::ColumnFamilyHandle* family : families_) (void)db_.Flush(options, family);
}

}  // namespace ora::storage
