// The newest durable sequence of each sender, and which of its batches may be stored now.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"
#include "storage/series_writer.h"
#include "storage/tsdb/damage_log.h"

namespace ora::storage {

// One incarnation of a collector in one slot. Lives as long as its SenderMarks, which alone touches
// what is not const.
class Sender {
 public:
  explicit Sender(std::string key) : key_(std::move(key)) {}

  const std::string& key() const { return key_; }  // An encoded MarkKey.

 private:
  friend class SenderMarks;

  const std::string key_;
  uint64_t durable_ = 0;
  uint64_t staged_ = 0;   // By the commit that is under way; 0: nothing.
  uint64_t refused_ = 0;  // The lowest sequence that must come again first; 0: none.
  uint64_t stream_ = 0;   // How often it began anew.
};

// Thread-safe. Staging is the committer's alone: Stage any number, then Commit or Drop.
class SenderMarks {
 public:
  // A batch's place among those of its sender.
  struct Ticket {
    Sender* sender = nullptr;  // Null: the batch bears no mark.
    uint64_t stream = 0;
    uint64_t sequence = 0;
  };
  enum class Verdict { kStore, kRepeat };

  // Reads those of the database. A damaged one is reported and forgotten: its sender's repeats of
  // batches that are durable would be stored again, at the same times and so only once.
  absl::Status Load(const Database& database, DamageLog& damage) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of a batch that comes in now. Without a string or an allocation, but for a new sender.
  Ticket Enter(absl::string_view instance, const SenderMark& mark) ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether the batch is one to store: kRepeat if its sequence is durable or staged. UNAVAILABLE:
  // an earlier batch was refused and has not come again, or the sender has begun anew since the
  // batch came in.
  absl::StatusOr<Verdict> Judge(const Ticket& ticket) ABSL_LOCKS_EXCLUDED(mutex_);

  // A batch was refused, whatever for. Later ones must not overtake it: their mark would make its
  // repetition pass for a repeat, and it would be lost.
  void Refuse(const Ticket& ticket) ABSL_LOCKS_EXCLUDED(mutex_);

  void Stage(const Ticket& ticket) ABSL_LOCKS_EXCLUDED(mutex_);
  // What is staged, to be made durable; valid until Commit or Drop.
  absl::Span<const BatchMark> staged();
  absl::Span<Sender* const> staged_senders() const { return staged_senders_; }
  void Commit() ABSL_LOCKS_EXCLUDED(mutex_);
  void Drop() ABSL_LOCKS_EXCLUDED(mutex_);

  // A mark that a batch record holds; returns its sender. Null: `key` is no MarkKey.
  Sender* Replay(const BatchMark& mark) ABSL_LOCKS_EXCLUDED(mutex_);

  // The newest durable sequence of a sender that begins anew; 0 if there is none. It may leave out
  // what was refused; what it had queued before and is not durable will be refused.
  uint64_t BeginAnew(absl::string_view instance, absl::string_view collector_id,
                     uint64_t incarnation) ABSL_LOCKS_EXCLUDED(mutex_);

  static void Put(DatabaseChanges& changes, const std::string& key, uint64_t sequence);

 private:
  // How senders name themselves: the slot is the instance's.
  struct NameView {
    absl::string_view instance;
    absl::string_view collector_id;
    uint64_t incarnation = 0;
  };
  struct Name {
    std::string instance;
    std::string collector_id;
    uint64_t incarnation = 0;

    NameView view() const { return {instance, collector_id, incarnation}; }
  };
  struct HashName {
    using is_transparent = void;
    size_t operator()(const NameView& name) const;
    size_t operator()(const Name& name) const { return (*this)(name.view()); }
  };
  struct SameName {
    using is_transparent = void;
    bool operator()(const NameView& a, const NameView& b) const;
    bool operator()(const Name& a, const Name& b) const { return (*this)(a.view(), b.view()); }
    bool operator()(const Name& a, const NameView& b) const { return (*this)(a.view(), b); }
    bool operator()(const NameView& a, const Name& b) const { return (*this)(a, b.view()); }
  };

  Sender& SenderOf(absl::string_view key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Sender>> senders_ ABSL_GUARDED_BY(mutex_);
  // The senders as they were last named: at most kNamesMax, then it begins empty.
  absl::flat_hash_map<Name, Sender*, HashName, SameName> names_ ABSL_GUARDED_BY(mutex_);

  // The committer's.
  std::vector<Sender*> staged_senders_;
  std::vector<BatchMark> staged_marks_;
};

}  // namespace ora::storage
