// The host's files under a database, with the faults of a disk: power cuts, errors, no space.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/rocks/database_files.h"

namespace ora::fakes {

// What an injected fault looks like to the database.
enum class DiskFault { kInputOutput, kNoSpace };

// Which files it hits, by what RocksDB keeps in them.
enum class FaultyFiles { kAll, kLog, kTables, kManifest };

// Which calls it hits.
enum class FaultyCalls { kAll, kCreate, kAppend, kSync };

// Faults from now on until Heal.
struct FaultPlan {
  DiskFault fault = DiskFault::kInputOutput;
  FaultyFiles files = FaultyFiles::kAll;
  FaultyCalls calls = FaultyCalls::kAll;
  uint64_t calls_before = 0;  // This many matching calls go well first.
  uint32_t one_in = 1;        // Then each with this chance.
};

// Knows of each file what was synced, and of each directory which entries. Thread-safe. The same
// calls in the same order meet the same faults, by the seed.
class FaultyDatabaseFiles {
 public:
  explicit FaultyDatabaseFiles(uint64_t seed);
  ~FaultyDatabaseFiles();

  // To open a database with; outlives this object if need be.
  storage::DatabaseFiles files() const;

  void Inject(const FaultPlan& plan);
  void Heal();
  uint64_t faults() const;  // Injected so far.

  // From now on nothing reaches the disk: every call that would change it is refused. Then close
  // the database, and call Crash.
  void CutPower();

  // Leaves of every file what was synced and an arbitrary part of the rest, cut at any byte; of
  // entries that were made, renamed or deleted since their directory was synced, the first few of
  // them. Power is back when it returns. No file may be open.
  void Crash();

 private:
  class System;

  const std::shared_ptr<System> system_;  // Shared with the databases that are open.
};

}  // namespace ora::fakes
