// Every distinct `name="value"` of a store once, under a small number.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/index/id_set.h"

namespace ora::storage {

using PairId = uint32_t;

// The name of a label and what it takes to go through its values.
struct LabelName {
  std::string text;  // Never changes.
  // Its pairs in the order in which they came, dead ones among them until it is rewritten.
  std::vector<PairId> log;
  uint64_t log_number = 0;  // Another one for each rewriting, and for each name.
  size_t dead = 0;          // Of the log.
  uint64_t published = 0;   // Series that bear the name.

  size_t values() const { return log.size() - dead; }
};

struct LabelPair {
  LabelName* name = nullptr;   // These three never change while a series or a reader's pin
  const char* text = nullptr;  // holds the pair.
  uint32_t text_size = 0;
  uint32_t series = 0;  // That bear it, published or not. None: it is dead.
  IdSet ids;            // Those that are published.

  absl::string_view value() const { return {text, text_size}; }
};

// Where pairs are; good for those that there were when it was taken, for as long as the LabelPairs
// lives. Pairs keep their place.
class PairDirectory {
 public:
  const LabelPair& operator[](PairId id) const {
    return blocks_[id / kBlockPairs][id % kBlockPairs];
  }
  // All ids are below this.
  size_t size() const { return blocks_.size() * kBlockPairs; }

 private:
  friend class LabelPairs;
  static constexpr size_t kBlockPairs = 1024;

  std::vector<LabelPair*> blocks_;
};

// Not thread-safe; const calls may run side by side. A pair lives while a series bears it. Then it
// is dead: found no more, but its number and text stay until its name's log is rewritten (when more
// than half of it is dead) and Reclaim frees them. So memory follows what is alive.
class LabelPairs {
 public:
  LabelPairs();
  ~LabelPairs();
  LabelPairs(const LabelPairs&) = delete;
  LabelPairs& operator=(const LabelPairs&) = delete;

  // Null, or nothing, if no living pair has it.
  const LabelName* FindName(absl::string_view name) const;
  absl::optional<PairId> Find(absl::string_view name, absl::string_view value) const;

  // One series more bears the pair, which is made if there is none.
  PairId Acquire(absl::string_view name, absl::string_view value);

  // One series less does. Texts that die go with `epoch`.
  void Release(PairId id, uint64_t epoch);

  // An acquired series is found by the pair from here on, or no more.
  void Publish(PairId id, uint32_t series);
  void Unpublish(PairId id, uint32_t series);

  // Frees what died with an epoch below `epoch_end`; at most `items_max` pairs and names.
  void Reclaim(uint64_t epoch_end, size_t items_max);

  const LabelPair& operator[](PairId id) const { return (*directory_)[id]; }
  std::shared_ptr<const PairDirectory> directory() const { return directory_; }
  const absl::flat_hash_map<absl::string_view, std::unique_ptr<LabelName>>& names() const {
    return names_;
  }

 private:
  struct Text {
    const LabelName* name;
    absl::string_view value;
  };
  struct Hash {
    using is_transparent = void;
    const LabelPairs* pairs;
    size_t operator()(const Text& text) const;
    size_t operator()(PairId id) const;
  };
  struct Same {
    using is_transparent = void;
    const LabelPairs* pairs;
    bool operator()(PairId a, PairId b) const { return a == b; }
    bool operator()(const Text& a, PairId b) const;
    bool operator()(PairId a, const Text& b) const { return (*this)(b, a); }
  };
  using Lookup = absl::flat_hash_set<PairId, Hash, Same>;
  struct DeadPair {
    uint64_t epoch;
    PairId id;
  };
  struct DeadName {
    uint64_t epoch;
    std::unique_ptr<LabelName> name;
  };

  LabelPair& At(PairId id);
  Lookup& LookupOf(size_t hash) { return lookups_[hash >> kLookupShift]; }
  const Lookup& LookupOf(size_t hash) const { return lookups_[hash >> kLookupShift]; }
  LabelName& NameOf(absl::string_view name);
  PairId Place(LabelName& name, absl::string_view value);
  void RewriteLog(LabelName& name, uint64_t epoch);

  // Many small tables, since each stops everything when it grows.
  static constexpr size_t kLookups = 64;
  static constexpr int kLookupShift = 64 - 6;

  absl::flat_hash_map<absl::string_view, std::unique_ptr<LabelName>> names_;  // Views of the texts.
  std::vector<std::unique_ptr<LabelPair[]>> blocks_;
  // Shared with readers, and made anew when a block is added.
  std::shared_ptr<const PairDirectory> directory_;
  std::vector<Lookup> lookups_;
  std::vector<PairId> free_;
  std::deque<DeadPair> dead_pairs_;  // By epoch.
  std::deque<DeadName> dead_names_;
  uint64_t log_number_next_ = 1;
};

}  // namespace ora::storage
