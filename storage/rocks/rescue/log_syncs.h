// Syncs of logs that have nothing to sync: never refused.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace ora::storage {

// `target`, but that a sync of a file whose name ends in .log does nothing, and goes well, unless
// something was appended since the one before. An empty log that RocksDB has seen an error of is
// one that it never gives up, and never appends to.
std::shared_ptr<rocksdb::FileSystem> WithIdleLogSyncs(std::shared_ptr<rocksdb::FileSystem> target);

}  // namespace ora::storage
