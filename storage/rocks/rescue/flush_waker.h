// Makes RocksDB write out what it has lost count of.
#pragma once

#include <rocksdb/db.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::storage {

// Of a family that is dropped as soon as it is made.
inline constexpr absl::string_view kWakerFamily = "waker";

// RocksDB keeps a queue of families that are to be written out, and a count of how often it must
// still look into that queue. A look that an error of the disk cuts short is counted and takes
// nothing, so that the last of the queue stays there for ever, and a resuming that waits for it
// never ends. A family that is dropped, but has something to write out, adds an entry that costs no
// look: so there is one more look than before. Thread-safe. Must not outlive the database.
class FlushWaker {
 public:
  // `left` is the family, if a crash came before it was dropped; else null. Takes it over.
  static absl::StatusOr<std::unique_ptr<FlushWaker>> Make(rocksdb::DB& db,
                                                          rocksdb::ColumnFamilyHandle* left);
  ~FlushWaker();
  FlushWaker(const FlushWaker&) = delete;
  FlushWaker& operator=(const FlushWaker&) = delete;

  // One look more, now or when RocksDB is resumed. Does not wait.
  void Wake();

 private:
  FlushWaker(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) : db_(db), family_(family) {}

  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* const family_;
};

}  // namespace ora::storage
