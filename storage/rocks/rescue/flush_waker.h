// Makes RocksDB write out what it has lost count of.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ora::storage {

// The beginning of the names of families that are dropped as soon as they are made.
inline constexpr absl::string_view kWakerPrefix = "waker-";

// RocksDB keeps a queue of families that are to be written out, and a count of how often it must
// still look into that queue. A look that an error of the disk cuts short is counted and takes
// nothing, so that the last of the queue stays there for ever, and a resuming that waits for it
// never ends. A family that is dropped, but has something to write out, adds an entry that costs no
// look: so there is one more look than before. Several outdo as many looks lost in a row.
// Thread-safe. Must not outlive the database.
class FlushWaker {
 public:
  static absl::StatusOr<std::unique_ptr<FlushWaker>> Make(rocksdb::DB& db);
  ~FlushWaker();
  FlushWaker(const FlushWaker&) = delete;
  FlushWaker& operator=(const FlushWaker&) = delete;

  // More looks, now or when RocksDB is resumed. Does not wait.
  void Wake();

 private:
  explicit FlushWaker(rocksdb::DB& db) : db_(db) {}

  rocksdb::Status Add(std::string name);

  rocksdb::DB& db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace ora::storage
