// What of a directory tree would not survive a power cut, and the cut itself.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace ora::fakes {

// Paths are those of the host. Not thread-safe.
class UnsyncedFiles {
 public:
  void Created(const std::string& path);
  void Appended(const std::string& path, uint64_t bytes);
  void Truncated(const std::string& path, uint64_t bytes);
  void Synced(const std::string& path);
  void DirectorySynced(const std::string& directory);

  // Carries it out, so that it can be taken back; false: it is not possible.
  bool Rename(const std::string& from, const std::string& to);
  bool Delete(const std::string& path);

  // A file that was synced before this object was made.
  void Opened(const std::string& path);

  // Cuts files and takes entries back as a power cut may do; forgets all it knew.
  void Crash(std::mt19937_64& random);

 private:
  struct File {
    uint64_t bytes = 0;
    uint64_t synced = 0;
  };
  enum class EntryKind { kCreated, kRenamed, kDeleted };
  // A change of a directory that was not synced since.
  struct Entry {
    EntryKind kind = EntryKind::kCreated;
    std::string path;
    std::string from;  // Of a renamed one.
    std::string
        grave;  // Where the file lies that was deleted or replaced; empty if there was none.
  };

  std::string Bury(const std::string& path);
  void TakeBack(const Entry& entry);
  void Forget(const Entry& entry);

  absl::flat_hash_map<std::string, File> files_;
  absl::flat_hash_map<std::string, std::vector<Entry>> entries_;  // By directory, oldest first.
  uint64_t graves_ = 0;
};

}  // namespace ora::fakes
