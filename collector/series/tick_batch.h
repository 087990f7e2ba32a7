// Turns the samples of one tick into one batch of the stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "collector/series/sample_sink.h"
#include "ora/v1/ingest_service.pb.h"

namespace ora::collector {

// The series table of this process and the tick in the making. One thread.
//
// Ids are the same for the life of the process; a spool segment is a dictionary of its own (the
// epoch of the stream), so the first batch of a segment names every series that it uses.
class TickBatch final : public SampleSink {
 public:
  // `instance` becomes a label of every series.
  explicit TickBatch(absl::string_view instance);

  SeriesId Intern(absl::string_view metric, absl::Span<const LabelPair> labels) override;
  void Add(SeriesId series, double value) override;
  void AddBirth(SeriesId series) override;

  // Begins a tick. What the last one collected and never finished is forgotten, but not the
  // series that it touched. `time_millis` later than the last tick's.
  void Begin(int64_t time_millis);

  // The batch of the tick, for a segment with this number, without a sequence. Series that the last
  // finished tick had and this one has not get a staleness marker.
  v1::Batch Finish(uint64_t segment);

  // Tells that the batch of the last Finish was not spooled: its definitions are made again.
  void Forget();

  size_t series_count() const;

 private:
  struct SeriesState {
    std::string metric;
    std::vector<std::pair<std::string, std::string>> labels;  // Sorted, with instance.
    uint64_t defined_in = 0;                                  // Segment that names it; 0: none yet.
    uint64_t touched_tick = 0;
  };

  const std::string instance_;
  std::vector<SeriesState> series_;  // Index: id - 1.
  absl::flat_hash_map<std::string, SeriesId> ids_;
  std::vector<SeriesId> current_ids_, previous_ids_, birth_ids_;
  std::vector<double> current_values_;
  int64_t time_millis_ = 0;
  int64_t previous_time_millis_ = 0;
  uint64_t tick_ = 0;
};

}  // namespace ora::collector
