#include "storage/index/regex_cache.h"

namespace ora::storage {

std::shared_ptr<const RegexCache::Answer> RegexCache::Find(absl::string_view label,
                                                           absl::string_view expression) {
  absl::MutexLock lock(&mutex_);
  const auto at = by_key_.find(Key(label, expression));
  if (at == by_key_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, at->second);
  return at->second->answer;
}

void RegexCache::Keep(absl::string_view label, absl::string_view expression,
                      std::shared_ptr<const Answer> answer) {
  const size_t bytes =
      answer->matched.getSizeInBytes() + label.size() + expression.size() + sizeof(Kept);
  if (bytes > kBytesMax) return;
  Key key(label, expression);
  absl::MutexLock lock(&mutex_);
  if (const auto at = by_key_.find(key); at != by_key_.end()) {
    bytes_ -= at->second->bytes;
    by_use_.erase(at->second);
    by_key_.erase(at);
  }
  by_use_.push_front({key, std::move(answer), bytes});
  by_key_.emplace(std::move(key), by_use_.begin());
  bytes_ += bytes;
  while (by_use_.size() > kAnswersMax || bytes_ > kBytesMax) DropLast();
}

void RegexCache::DropLast() {
  bytes_ -= by_use_.back().bytes;
  by_key_.erase(by_use_.back().key);
  by_use_.pop_back();
}

size_t RegexCache::answers() const {
  absl::MutexLock lock(&mutex_);
  return by_use_.size();
}

}  // namespace ora::storage
