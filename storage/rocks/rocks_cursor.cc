#include "storage/rocks/rocks_cursor.h"

#include "storage/rocks/rocks_status.h"

namespace ora::storage {

void RocksCursor::Seek(absl::string_view key) {
  iterator_->Seek(SliceOf(key));
  if (iterator_->Valid() && ViewOf(iterator_->key()) == kAnchorKey) iterator_->Next();
}
void RocksCursor::Next() { iterator_->Next(); }
bool RocksCursor::Valid() const { return iterator_->Valid(); }
absl::string_view RocksCursor::key() const { return ViewOf(iterator_->key()); }
absl::string_view RocksCursor::value() const { return ViewOf(iterator_->value()); }

absl::Status RocksCursor::status() const { return StatusOf(iterator_->status(), "read rows"); }

}  // namespace ora::storage
