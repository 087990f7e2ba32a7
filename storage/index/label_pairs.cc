#include "storage/index/label_pairs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/hash/hash.h"

namespace ora::storage {
namespace {

// A log with this many dead pairs is not worth rewriting yet.
constexpr size_t kDeadInLogMin = 64;

}  // namespace

size_t LabelPairs::Hash::operator()(const Text& text) const {
  return absl::HashOf(text.name, text.value);
}

size_t LabelPairs::Hash::operator()(PairId id) const {
  const LabelPair& pair = (*pairs)[id];
  return (*this)(Text{pair.name, pair.value()});
}

bool LabelPairs::Same::operator()(const Text& a, PairId b) const {
  const LabelPair& pair = (*pairs)[b];
  return pair.name == a.name && pair.value() == a.value;
}

LabelPairs::LabelPairs()
    : directory_(std::make_shared<PairDirectory>()),
      lookups_(kLookups, Lookup(0, Hash{this}, Same{this})) {}

LabelPairs::~LabelPairs() {
  for (const auto& block : blocks_) {
    for (size_t i = 0; i < PairDirectory::kBlockPairs; ++i) delete[] block[i].text;
  }
}

LabelPair& LabelPairs::At(PairId id) {
  return blocks_[id / PairDirectory::kBlockPairs][id % PairDirectory::kBlockPairs];
}

const LabelName* LabelPairs::FindName(absl::string_view name) const {
  const auto at = names_.find(name);
  return at == names_.end() ? nullptr : at->second.get();
}

absl::optional<PairId> LabelPairs::Find(absl::string_view name, absl::string_view value) const {
  const LabelName* known = FindName(name);
  if (known == nullptr) return absl::nullopt;
  const Text text{known, value};
  const Lookup& lookup = LookupOf(Hash{this}(text));
  const auto at = lookup.find(text);
  if (at == lookup.end()) return absl::nullopt;
  return *at;
}

LabelName& LabelPairs::NameOf(absl::string_view name) {
  if (const auto at = names_.find(name); at != names_.end()) return *at->second;
  auto made = std::make_unique<LabelName>();
  made->text = std::string(name);
  made->log_number = log_number_next_++;
  LabelName& placed = *made;
  names_.emplace(placed.text, std::move(made));
  return placed;
}

PairId LabelPairs::Acquire(absl::string_view name, absl::string_view value) {
  if (const absl::optional<PairId> known = Find(name, value)) {
    ++At(*known).series;
    return *known;
  }
  return Place(NameOf(name), value);
}

PairId LabelPairs::Place(LabelName& name, absl::string_view value) {
  if (free_.empty()) {
    const auto first = static_cast<PairId>(directory_->size());
    blocks_.push_back(std::make_unique<LabelPair[]>(PairDirectory::kBlockPairs));
    auto directory = std::make_shared<PairDirectory>(*directory_);
    directory->blocks_.push_back(blocks_.back().get());
    directory_ = std::move(directory);
    for (size_t i = PairDirectory::kBlockPairs; i > 0; --i) {
      free_.push_back(first + static_cast<PairId>(i - 1));
    }
  }
  const PairId id = free_.back();
  free_.pop_back();
  LabelPair& pair = At(id);
  pair.name = &name;
  char* text = new char[value.size()];
  std::memcpy(text, value.data(), value.size());
  pair.text = text;
  pair.text_size = static_cast<uint32_t>(value.size());
  pair.series = 1;
  name.log.push_back(id);
  LookupOf(Hash{this}(id)).insert(id);
  return id;
}

void LabelPairs::Release(PairId id, uint64_t epoch) {
  LabelPair& pair = At(id);
  if (--pair.series > 0) return;
  LookupOf(Hash{this}(id)).erase(id);
  LabelName& name = *pair.name;
  ++name.dead;
  const bool worth_it = name.dead >= kDeadInLogMin && name.dead > name.values();
  if (worth_it || name.values() == 0) RewriteLog(name, epoch);
}

void LabelPairs::RewriteLog(LabelName& name, uint64_t epoch) {
  std::vector<PairId> living;
  living.reserve(name.values());
  for (const PairId id : name.log) {
    if (At(id).series > 0) {
      living.push_back(id);
    } else {
      dead_pairs_.push_back({epoch, id});
    }
  }
  name.log = std::move(living);
  name.dead = 0;
  name.log_number = log_number_next_++;
  if (!name.log.empty()) return;
  const auto at = names_.find(name.text);
  dead_names_.push_back({epoch, std::move(at->second)});
  names_.erase(at);
}

void LabelPairs::Publish(PairId id, uint32_t series) {
  At(id).ids.Add(series);
  ++At(id).name->published;
}

void LabelPairs::Unpublish(PairId id, uint32_t series) {
  At(id).ids.Remove(series);
  --At(id).name->published;
}

void LabelPairs::Reclaim(uint64_t epoch_end, size_t items_max) {
  size_t items = 0;
  while (!dead_pairs_.empty() && dead_pairs_.front().epoch < epoch_end && items++ < items_max) {
    LabelPair& pair = At(dead_pairs_.front().id);
    delete[] pair.text;
    pair = LabelPair();
    free_.push_back(dead_pairs_.front().id);
    dead_pairs_.pop_front();
  }
  // After the pairs, since these point to them.
  while (!dead_names_.empty() && dead_names_.front().epoch < epoch_end && items++ < items_max &&
         (dead_pairs_.empty() || dead_pairs_.front().epoch > dead_names_.front().epoch)) {
    dead_names_.pop_front();
  }
}

}  // namespace ora::storage
