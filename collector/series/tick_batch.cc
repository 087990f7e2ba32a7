#include "collector/series/tick_batch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/series/label_text.h"
#include "storage/sample.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kMetricName = "__name__";
constexpr absl::string_view kInstance = "instance";
constexpr size_t kDefinitionOverheadBytes = 16;

// The text up to the next 0 byte, which is taken off `key` too.
absl::string_view TakeText(absl::string_view& key) {
  const absl::string_view text = key.substr(0, key.find('\0'));
  key.remove_prefix(text.size() + 1);
  return text;
}

void AppendText(absl::string_view text, std::string& key) {
  absl::StrAppend(&key, text);
  key += '\0';
}

}  // namespace

TickBatch::TickBatch(absl::string_view instance, const TickBatchLimits& limits)
    : instance_(CleanLabelValue(instance)), limits_(limits) {}

SeriesId TickBatch::Intern(absl::string_view metric, absl::Span<const LabelPair> labels) {
  sorted_labels_.assign({{kMetricName, metric}, {kInstance, instance_}});
  for (const LabelPair& label : labels) {
    if (!label.value.empty()) sorted_labels_.emplace_back(label.name, label.value);
  }
  std::sort(sorted_labels_.begin(), sorted_labels_.end());
  std::string key;
  for (const auto& [name, value] : sorted_labels_) {
    AppendText(name, key);
    std::string clean = CleanLabelValue(value);
    std::replace(clean.begin(), clean.end(), '\0', '?');  // It ends a text in the key.
    AppendText(clean, key);
  }
  if (const auto known = ids_.find(key); known != ids_.end()) return known->second;
  if (series_.size() >= limits_.series_max) {
    ++series_refused_;
    return 0;
  }
  series_.push_back({std::move(key)});
  const SeriesId id = static_cast<SeriesId>(series_.size());
  ids_.emplace(series_.back().key, id);
  return id;
}

void TickBatch::Add(SeriesId series, double value) {
  if (series == 0) return;
  SeriesState& state = State(series);
  if (state.touched_tick == tick_) {
    current_.values[state.position] = value;
    return;
  }
  state.touched_tick = tick_;
  state.position = static_cast<uint32_t>(current_.ids.size());
  current_.ids.push_back(series);
  current_.values.push_back(value);
}

void TickBatch::AddBirth(SeriesId series) {
  if (series == 0) return;
  births_.ids.push_back(series);
  births_.values.push_back(0);
}

void TickBatch::Begin(int64_t time_millis) {
  ++tick_;
  closed_ = false;
  births_.clear();
  current_.clear();
  current_.time_millis = time_millis;
  const bool known = previous_time_millis_ != 0 && previous_time_millis_ < time_millis;
  births_.time_millis = known ? previous_time_millis_ : time_millis - 1;
}

void TickBatch::Close() {
  closed_ = true;
  const size_t alive = current_.ids.size();
  for (SeriesId id : previous_ids_) {
    if (State(id).touched_tick == tick_) continue;
    current_.ids.push_back(id);
    current_.values.push_back(storage::StaleMarker());
  }
  blocks_.clear();
  if (!births_.ids.empty()) blocks_.push_back(&births_);
  if (!current_.ids.empty()) blocks_.push_back(&current_);
  next_block_ = 0;
  next_sample_ = 0;
  before_previous_ids_.swap(previous_ids_);
  before_previous_time_millis_ = previous_time_millis_;
  previous_ids_.assign(current_.ids.begin(), current_.ids.begin() + alive);
  previous_time_millis_ = current_.time_millis;
}

v1::Batch TickBatch::Finish(uint64_t segment) {
  if (!closed_) Close();
  v1::Batch batch;
  defined_ids_.clear();
  definition_bytes_ = 0;
  size_t samples = 0;
  while (next_block_ < blocks_.size() && samples < limits_.samples_max) {
    const Block& block = *blocks_[next_block_];
    const size_t begin = next_sample_;
    AppendBlock(block, segment, batch);
    samples += next_sample_ - begin;
    if (next_sample_ < block.ids.size()) break;
    ++next_block_;
    next_sample_ = 0;
  }
  return batch;
}

void TickBatch::AppendBlock(const Block& block, uint64_t segment, v1::Batch& batch) {
  size_t room = limits_.samples_max;
  for (const v1::SampleBlock& sent : batch.blocks()) room -= sent.series_ids_size();
  v1::SampleBlock& out = *batch.add_blocks();
  out.set_time_millis(block.time_millis);
  const size_t end = next_sample_ + std::min(room, block.ids.size() - next_sample_);
  out.mutable_series_ids()->Reserve(static_cast<int>(end - next_sample_));
  out.mutable_values()->Reserve(static_cast<int>(end - next_sample_));
  for (; next_sample_ < end; ++next_sample_) {
    const SeriesId id = block.ids[next_sample_];
    if (State(id).defined_in != segment && !Define(id, segment, *batch.mutable_definitions())) {
      break;
    }
    out.add_series_ids(id);
    out.add_values(block.values[next_sample_]);
  }
  if (out.series_ids().empty()) batch.mutable_blocks()->RemoveLast();
}

bool TickBatch::Define(SeriesId id, uint64_t segment, v1::SeriesDefinitions& definitions) {
  SeriesState& state = State(id);
  const size_t bytes = state.key.size() + kDefinitionOverheadBytes;
  const bool full = defined_ids_.size() >= limits_.definitions_max ||
                    definition_bytes_ + bytes > limits_.definition_bytes_max;
  if (full && !defined_ids_.empty()) return false;
  definition_bytes_ += bytes;
  definitions.set_epoch(segment);
  v1::SeriesDefinition& definition = *definitions.add_series();
  definition.set_id(id);
  for (absl::string_view key = state.key; !key.empty();) {
    v1::Label& label = *definition.mutable_labels()->add_labels();
    const absl::string_view name = TakeText(key);
    const absl::string_view value = TakeText(key);
    label.set_name(name.data(), name.size());
    label.set_value(value.data(), value.size());
  }
  state.defined_in = segment;
  defined_ids_.push_back(id);
  return true;
}

size_t TickBatch::samples_left() const {
  size_t left = 0;
  for (size_t i = next_block_; i < blocks_.size(); ++i) left += blocks_[i]->ids.size();
  return left - next_sample_;
}

void TickBatch::Forget() {
  for (SeriesId id : defined_ids_) State(id).defined_in = 0;
  defined_ids_.clear();
  if (!closed_ || forgotten_tick_ == tick_) return;
  forgotten_tick_ = tick_;
  previous_ids_.swap(before_previous_ids_);
  previous_time_millis_ = before_previous_time_millis_;
  next_block_ = blocks_.size();
  next_sample_ = 0;
}

}  // namespace ora::collector
