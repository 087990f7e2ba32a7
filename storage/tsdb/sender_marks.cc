#include "storage/tsdb/sender_marks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {

absl::Status SenderMarks::Load(const Database& database, DamageLog& damage) {
  absl::MutexLock lock(&mutex_);
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kMarks, nullptr);
  for (rows->Seek(""); rows->Valid(); rows->Next()) {
    absl::StatusOr<RecordReader> reader = RecordReader::Open(rows->value());
    const absl::optional<uint64_t> sequence = reader.ok() ? reader->Varint() : absl::nullopt;
    if (!sequence) {
      damage.Report(absl::StrCat("mark ", absl::CHexEscape(rows->key())),
                    reader.ok() ? "it ends too early" : reader.status().message());
      continue;
    }
    marks_[std::string(rows->key())] = *sequence;
  }
  return rows->status();
}

uint64_t SenderMarks::Get(const std::string& key) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto at = marks_.find(key);
  return at == marks_.end() ? 0 : at->second;
}

void SenderMarks::Set(const absl::flat_hash_map<std::string, uint64_t>& marks) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [key, sequence] : marks) marks_[key] = sequence;
}

void SenderMarks::Refuse(const std::string& key, uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  uint64_t& refused = refused_.try_emplace(key, sequence).first->second;
  refused = std::min(refused, sequence);
}

absl::Status SenderMarks::CheckOrder(const std::string& key, uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  const auto at = refused_.find(key);
  if (at == refused_.end()) return absl::OkStatus();
  if (sequence > at->second) {
    return absl::UnavailableError(absl::StrCat("batch ", sequence, " came after batch ", at->second,
                                               " was refused; send that one again first"));
  }
  refused_.erase(at);
  return absl::OkStatus();
}

uint64_t SenderMarks::BeginAnew(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  refused_.erase(key);
  const auto at = marks_.find(key);
  return at == marks_.end() ? 0 : at->second;
}

void SenderMarks::Put(DatabaseChanges& changes, const std::string& key, uint64_t sequence) {
  RecordWriter writer;
  writer.Varint(sequence);
  changes.Put(Family::kMarks, key, std::move(writer).Finish());
}

}  // namespace ora::storage
