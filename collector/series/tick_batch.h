// Turns the samples of one tick into batches of the stream: one, unless there are very many.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "collector/series/sample_sink.h"
#include "ora/v1/ingest_service.pb.h"
#include "proto/contract/limits.h"

namespace ora::collector {

// What one batch may hold; a batch is then well below a message's limit.
struct TickBatchLimits {
  size_t samples_max = contract::kBatchSamplesMax;
  size_t definitions_max = contract::kDefinitionsMax;
  size_t definition_bytes_max = contract::kMessageBytesMax / 2;
  uint32_t series_max = contract::kSeriesIdMax;
};

// The series table of this process and the tick in the making. One thread.
//
// Ids are the same for the life of the process; a spool segment is a dictionary of its own (the
// epoch of the stream), so the first batch of a segment names every series that it uses.
//
// A tick: Begin, Add and AddBirth, then Finish until finished(). A tick that was not finished, or
// whose last batch was forgotten, counts as none: staleness is told against the tick before it.
class TickBatch final : public SampleSink {
 public:
  // `instance` becomes a label of every series.
  explicit TickBatch(absl::string_view instance, const TickBatchLimits& limits = {});

  // 0, which Add ignores, when there are `series_max` series already. Values are cleaned
  // (label_text.h).
  SeriesId Intern(absl::string_view metric, absl::Span<const LabelPair> labels) override;
  void Add(SeriesId series, double value) override;  // The last value of a series wins.
  void AddBirth(SeriesId series) override;

  // Begins a tick. What the last one collected and never finished is forgotten.
  void Begin(int64_t time_millis);

  // The next batch of the tick, for a segment with this number, without a sequence. With the first
  // call, series that the last finished tick had and this one has not get a staleness marker.
  v1::Batch Finish(uint64_t segment);

  // There is nothing left of the tick.
  bool finished() const { return closed_ && next_block_ == blocks_.size(); }

  // Samples of the tick that no Finish has given yet, once the first has.
  size_t samples_left() const;

  // Tells that the batch of the last Finish was not spooled: its definitions will be made again,
  // and the rest of its tick is dropped.
  void Forget();

  size_t series_count() const { return series_.size(); }
  // Calls of Intern that were refused for `series_max`.
  uint64_t series_refused() const { return series_refused_; }

 private:
  struct SeriesState {
    std::string key;            // Names and values, sorted, each ended by a 0 byte.
    uint64_t defined_in = 0;    // Segment that names it; 0: none yet.
    uint64_t touched_tick = 0;  // Where it has a value.
    uint32_t position = 0;      // Of that value.
  };
  // Samples of one instant, in the order in which they are sent.
  struct Block {
    int64_t time_millis = 0;
    std::vector<SeriesId> ids;
    std::vector<double> values;
    void clear() {
      ids.clear();
      values.clear();
    }
  };

  SeriesState& State(SeriesId id) { return series_[id - 1]; }
  void Close();
  // Adds samples of `block` from `next_sample_` on, as far as the limits of a batch go.
  void AppendBlock(const Block& block, uint64_t segment, v1::Batch& batch);
  bool Define(SeriesId id, uint64_t segment, v1::SeriesDefinitions& definitions);

  const std::string instance_;
  const TickBatchLimits limits_;
  std::deque<SeriesState> series_;  // Index: id - 1. A deque, since `ids_` points into it.
  absl::flat_hash_map<absl::string_view, SeriesId> ids_;
  std::vector<std::pair<absl::string_view, absl::string_view>> sorted_labels_;  // Of Intern.
  uint64_t series_refused_ = 0;

  Block births_, current_;
  std::vector<SeriesId> previous_ids_;  // Of the last finished tick.
  int64_t previous_time_millis_ = 0;
  std::vector<SeriesId> before_previous_ids_;  // What Forget goes back to.
  int64_t before_previous_time_millis_ = 0;
  uint64_t tick_ = 0;

  bool closed_ = false;
  uint64_t forgotten_tick_ = 0;
  std::vector<Block*> blocks_;  // Of the closed tick.
  size_t next_block_ = 0;
  size_t next_sample_ = 0;
  size_t definition_bytes_ = 0;        // Of the batch in the making.
  std::vector<SeriesId> defined_ids_;  // By the last Finish.
};

}  // namespace ora::collector
