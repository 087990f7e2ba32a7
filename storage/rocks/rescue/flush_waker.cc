#include "storage/rocks/rescue/flush_waker.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

absl::Status Refused(const rocksdb::Status& status) {
  return absl::UnavailableError(
      absl::StrCat("database: make the family that wakes others: ", status.ToString()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FlushWaker>> FlushWaker::Make(rocksdb::DB& db,
                                                             rocksdb::ColumnFamilyHandle* left) {
  rocksdb::ColumnFamilyHandle* family = left;
  if (family == nullptr) {
    const rocksdb::Status made =
        db.CreateColumnFamily(rocksdb::ColumnFamilyOptions(), std::string(kWakerFamily), &family);
    if (!made.ok()) return Refused(made);
  }
  std::unique_ptr<FlushWaker> waker(new FlushWaker(db, family));
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  rocksdb::Status ready = db.Put(options, family, "waker", "");
  if (ready.ok()) ready = db.DropColumnFamily(family);
  if (!ready.ok()) return Refused(ready);
  waker->Wake();  // Its memory is set aside while the disk is well.
  return waker;
}

FlushWaker::~FlushWaker() { (void)db_.DestroyColumnFamilyHandle(family_); }

void FlushWaker::Wake() {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  (void)db_.Flush(options, family_);
}

}  // namespace ora::storage
