#include "storage/state/rocks_state_store.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/rocks/keys.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {
namespace {

constexpr size_t kKindBytesMax = 32;
constexpr size_t kKeyBytesMax = 512;
constexpr size_t kValueBytesMax = 1 << 20;

absl::Status CheckKind(absl::string_view kind) {
  const bool plain = std::all_of(kind.begin(), kind.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  if (plain && !kind.empty() && kind.size() <= kKindBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("state kind \"", absl::CHexEscape(kind),
                                                 "\" is not 1 to ", kKindBytesMax,
                                                 " characters of [a-z_]"));
}

absl::Status CheckKey(absl::string_view kind, absl::string_view key) {
  if (absl::Status checked = CheckKind(kind); !checked.ok()) return checked;
  if (!key.empty() && key.size() <= kKeyBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("state key of kind ", kind, " has ", key.size(),
                                                 " bytes, 1 to ", kKeyBytesMax, " are allowed"));
}

absl::Status CheckChange(const StateChanges::Change& change) {
  if (absl::Status checked = CheckKey(change.kind, change.key); !checked.ok()) return checked;
  if (!change.value || change.value->size() <= kValueBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("state ", change.kind, " ", absl::CHexEscape(change.key), " has a value of ",
                   change.value->size(), " bytes, at most ", kValueBytesMax, " are allowed"));
}

absl::StatusOr<std::string> ValueOf(absl::string_view kind, absl::string_view key,
                                    absl::string_view record) {
  absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
  absl::Status status = reader.status();
  if (status.ok()) {
    if (const absl::optional<absl::string_view> value = reader->Text()) return std::string(*value);
    status = absl::DataLossError("its value ends too early");
  }
  return absl::Status(status.code(), absl::StrCat("state ", kind, " ", absl::CHexEscape(key), ": ",
                                                  status.message()));
}

}  // namespace

absl::Status RocksStateStore::Apply(const StateChanges& changes) {
  DatabaseChanges rows(database_);
  for (const StateChanges::Change& change : changes.changes) {
    if (absl::Status checked = CheckChange(change); !checked.ok()) return checked;
    const std::string key = StateKey(change.kind, change.key);
    if (change.value) {
      RecordWriter writer;
      writer.Text(*change.value);
      rows.Put(Family::kState, key, std::move(writer).Finish());
    } else {
      rows.Delete(Family::kState, key);
    }
  }
  absl::Status written = database_.Write(std::move(rows), Durability::kSynced);
  if (absl::IsDataLoss(written)) return absl::UnavailableError(written.message());
  return written;
}

absl::StatusOr<std::string> RocksStateStore::Get(absl::string_view kind, absl::string_view key) {
  if (absl::Status checked = CheckKey(kind, key); !checked.ok()) return checked;
  const absl::StatusOr<absl::optional<std::string>> row =
      database_.Get(Family::kState, StateKey(kind, key));
  if (!row.ok()) return row.status();
  if (!row->has_value()) {
    return absl::NotFoundError(
        absl::StrCat("state ", kind, " ", absl::CHexEscape(key), " does not exist"));
  }
  return ValueOf(kind, key, **row);
}

absl::StatusOr<std::vector<StateRecord>> RocksStateStore::Scan(absl::string_view kind,
                                                               absl::string_view after,
                                                               size_t records_max) {
  if (absl::Status checked = CheckKind(kind); !checked.ok()) return checked;
  const std::string prefix = StateKey(kind, "");
  // The least key that is higher than `after` is `after` with a NUL behind it.
  std::string first = StateKey(kind, after);
  if (!after.empty()) first.push_back('\0');
  std::vector<StateRecord> records;
  const std::unique_ptr<RowCursor> rows = database_.Rows(Family::kState, nullptr);
  for (rows->Seek(first); rows->Valid() && records.size() < records_max; rows->Next()) {
    absl::string_view key = rows->key();
    if (!absl::ConsumePrefix(&key, prefix)) break;
    absl::StatusOr<std::string> value = ValueOf(kind, key, rows->value());
    if (!value.ok()) return value.status();
    records.push_back({std::string(key), *std::move(value)});
  }
  if (absl::Status status = rows->status(); !status.ok()) return status;
  return records;
}

}  // namespace ora::storage
