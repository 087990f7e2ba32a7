#include "storage/tsdb/sender_marks.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/rocks/record_bytes.h"
#include "storage/tsdb/row_scan.h"

namespace ora::storage {
namespace {

constexpr size_t kNamesMax = 1 << 16;

std::string KeyOf(absl::string_view instance, absl::string_view collector_id,
                  uint64_t incarnation) {
  return MarkKey{SlotOf(instance), std::string(collector_id), incarnation}.Encode();
}

}  // namespace

size_t SenderMarks::HashName::operator()(const NameView& name) const {
  return absl::HashOf(name.instance, name.collector_id, name.incarnation);
}

bool SenderMarks::SameName::operator()(const NameView& a, const NameView& b) const {
  return a.incarnation == b.incarnation && a.instance == b.instance &&
         a.collector_id == b.collector_id;
}

absl::Status SenderMarks::Load(const Database& database, DamageLog& damage) {
  absl::MutexLock lock(&mutex_);
  const auto visit = [&](const RowCursor& row) {
    mutex_.AssertHeld();  // Called below this function.
    const absl::optional<MarkKey> key = MarkKey::Decode(row.key());
    absl::StatusOr<RecordReader> reader = RecordReader::Open(row.value());
    const absl::optional<uint64_t> sequence = reader.ok() ? reader->Varint() : absl::nullopt;
    if (key && sequence) {
      SenderOf(row.key()).durable_ = *sequence;
    } else {
      damage.Report(absl::StrCat("mark ", absl::CHexEscape(row.key())),
                    reader.ok() ? "it ends too early" : reader.status().message());
    }
    return key ? absl::optional<uint64_t>(key->slot) : absl::nullopt;
  };
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kMarks, nullptr);
  // By slot: behind a damaged block, marks are read from the next slot on.
  const ScanEnd end = ScanRows(
      *rows, 0,
      [](uint64_t slot) {
        return slot < kSlots ? MarkKey{static_cast<Slot>(slot), "", 0}.Encode()
                             : std::string(kKeyPastAll);
      },
      visit,
      [&](uint64_t slot, const absl::Status& reason) {
        damage.Report(absl::StrCat("block of marks from slot ", slot), reason.message());
      });
  return end.status;
}

Sender& SenderMarks::SenderOf(absl::string_view key) {
  std::unique_ptr<Sender>& sender = senders_[key];
  if (sender == nullptr) sender = std::make_unique<Sender>(std::string(key));
  return *sender;
}

SenderMarks::Ticket SenderMarks::Enter(absl::string_view instance, const SenderMark& mark) {
  if (mark.collector_id.empty()) return {};
  absl::MutexLock lock(&mutex_);
  const NameView name{instance, mark.collector_id, mark.incarnation};
  auto at = names_.find(name);
  if (at == names_.end()) {
    if (names_.size() >= kNamesMax) names_.clear();
    Sender& sender = SenderOf(KeyOf(instance, mark.collector_id, mark.incarnation));
    at = names_.try_emplace({std::string(instance), mark.collector_id, mark.incarnation}, &sender)
             .first;
  }
  return {at->second, at->second->stream_, mark.sequence};
}

absl::StatusOr<SenderMarks::Verdict> SenderMarks::Judge(const Ticket& ticket) {
  if (ticket.sender == nullptr) return Verdict::kStore;
  absl::MutexLock lock(&mutex_);
  Sender& sender = *ticket.sender;
  if (ticket.sequence <= std::max(sender.durable_, sender.staged_)) return Verdict::kRepeat;
  if (ticket.stream != sender.stream_) {
    return absl::UnavailableError(absl::StrCat(
        "batch ", ticket.sequence, " came before its sender began anew; send it again"));
  }
  if (sender.refused_ != 0 && ticket.sequence > sender.refused_) {
    return absl::UnavailableError(absl::StrCat("batch ", ticket.sequence, " came after batch ",
                                               sender.refused_,
                                               " was refused; send that one again first"));
  }
  if (ticket.sequence == sender.refused_) sender.refused_ = 0;
  return Verdict::kStore;
}

void SenderMarks::Refuse(const Ticket& ticket) {
  if (ticket.sender == nullptr) return;
  absl::MutexLock lock(&mutex_);
  Sender& sender = *ticket.sender;
  // What its sender no longer waits for holds up nothing.
  if (ticket.stream != sender.stream_) return;
  if (ticket.sequence <= std::max(sender.durable_, sender.staged_)) return;
  if (sender.refused_ == 0 || ticket.sequence < sender.refused_) sender.refused_ = ticket.sequence;
}

void SenderMarks::Stage(const Ticket& ticket) {
  if (ticket.sender == nullptr) return;
  absl::MutexLock lock(&mutex_);
  if (ticket.sender->staged_ == 0) staged_senders_.push_back(ticket.sender);
  ticket.sender->staged_ = ticket.sequence;
}

absl::Span<const BatchMark> SenderMarks::staged() {
  absl::MutexLock lock(&mutex_);
  staged_marks_.clear();
  for (const Sender* sender : staged_senders_) {
    staged_marks_.push_back({sender->key_, sender->staged_});
  }
  return staged_marks_;
}

void SenderMarks::Commit() {
  absl::MutexLock lock(&mutex_);
  for (Sender* sender : staged_senders_) sender->durable_ = std::exchange(sender->staged_, 0);
  staged_senders_.clear();
}

void SenderMarks::Drop() {
  absl::MutexLock lock(&mutex_);
  for (Sender* sender : staged_senders_) sender->staged_ = 0;
  staged_senders_.clear();
}

Sender* SenderMarks::Replay(const BatchMark& mark) {
  if (!MarkKey::Decode(mark.key)) return nullptr;
  absl::MutexLock lock(&mutex_);
  Sender& sender = SenderOf(mark.key);
  sender.durable_ = std::max(sender.durable_, mark.sequence);
  return &sender;
}

uint64_t SenderMarks::BeginAnew(absl::string_view instance, absl::string_view collector_id,
                                uint64_t incarnation) {
  absl::MutexLock lock(&mutex_);
  const auto at = senders_.find(KeyOf(instance, collector_id, incarnation));
  if (at == senders_.end()) return 0;
  Sender& sender = *at->second;
  ++sender.stream_;
  sender.refused_ = 0;
  return sender.durable_;
}

void SenderMarks::Put(DatabaseChanges& changes, const std::string& key, uint64_t sequence) {
  RecordWriter writer;
  writer.Varint(sequence);
  changes.Put(Family::kMarks, key, std::move(writer).Finish());
}

}  // namespace ora::storage
