// Makes a database that has damaged files open again, with as little lost as can be, and says what
// was.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ora::storage {

// As DamageReport.
using RescueReport = std::function<void(absl::string_view object, absl::string_view reason)>;

// A table that cannot be opened.
struct DamagedTable {
  std::string name;  // As RocksDB's own messages have it, such as "000012.sst".
  std::string reason;
  std::string rows;  // What it held, as far as that is known.
};

// Works on a directory that no database has open. Damaged files go to the folder `lost` in it, so
// that nothing is destroyed.
class Rescue {
 public:
  // `env` must outlive the rescue.
  Rescue(std::string directory, rocksdb::Env* env, RescueReport report);

  // Looks at CURRENT, the manifest and the logs, and puts right what can be. Damage in a log is
  // told here: RocksDB steps over it without a word. UNAVAILABLE: the disk refused.
  absl::Status BeforeOpen();

  // Those of the database that is open.
  std::vector<DamagedTable> DamagedTables(rocksdb::DB& db) const;
  // Those that an open which failed with `reason` names, and those in the directory.
  std::vector<DamagedTable> DamagedTables(absl::string_view reason) const;

  // Takes the tables out of the manifest, sets them aside, and reports them.
  absl::Status SetAside(const std::vector<DamagedTable>& tables, const rocksdb::DBOptions& options,
                        const std::vector<rocksdb::ColumnFamilyDescriptor>& families) const;

  // Puts the name of the database back where `db` knows another than its file says.
  void RestoreIdentity(rocksdb::DB& db) const;

 private:
  absl::Status RestoreCurrent() const;
  absl::Status RestoreManifest() const;
  void ScanLogs() const;
  absl::Status MoveToLost(const std::string& name) const;
  absl::Status Replace(const std::string& name, const std::string& bytes) const;
  std::string PathOf(absl::string_view name) const;
  std::vector<std::string> Names() const;
  // Empty: it can be opened.
  std::string WhyUnreadable(const std::string& table) const;

  const std::string directory_;
  rocksdb::Env* const env_;
  const RescueReport report_;
};

}  // namespace ora::storage
