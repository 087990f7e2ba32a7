// Which values regular expressions matched, since the same ones are asked again and again.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <roaring/roaring.hh>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace ora::storage {

// Keeps the answers used last, at most kAnswersMax of them and kBytesMax. Thread-safe; its lock is
// the innermost.
class RegexCache {
 public:
  // An expression against the first values of a label.
  struct Answer {
    uint64_t log_number = 0;  // LabelName's: with another one the answer is worth nothing.
    size_t log_size = 0;      // That many of the log were looked at; the rest can be added.
    Roaring matched;          // Pairs that match.
  };

  static constexpr size_t kAnswersMax = 64;
  static constexpr size_t kBytesMax = 8 << 20;

  // Null if there is none.
  std::shared_ptr<const Answer> Find(absl::string_view label, absl::string_view expression)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Keep(absl::string_view label, absl::string_view expression,
            std::shared_ptr<const Answer> answer) ABSL_LOCKS_EXCLUDED(mutex_);

  size_t answers() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Key = std::pair<std::string, std::string>;
  struct Kept {
    Key key;
    std::shared_ptr<const Answer> answer;
    size_t bytes = 0;
  };

  void DropLast() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::list<Kept> by_use_ ABSL_GUARDED_BY(mutex_);  // The last used first.
  absl::flat_hash_map<Key, std::list<Kept>::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ora::storage
