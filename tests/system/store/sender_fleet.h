// Senders whose every batch follows from their number and its sequence: so whoever knows how far a
// sender has come knows all that a store must hold of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "storage/time_series_store.h"

namespace ora::storage {

struct FleetShape {
  uint64_t seed = 1;
  int senders = 4;
  int64_t start_millis = 0;      // Of the first batch.
  int64_t step_millis = 60'000;  // From one batch of a sender to its next.
  bool overwrites = true;        // Some samples come again, later, with another value.
};

// By series name, then by time.
using FleetSamples = std::map<std::string, std::map<int64_t, double>>;

// How a store's samples compare with those that it must hold.
struct FleetComparison {
  uint64_t samples = 0;  // That are there and right.
  uint64_t missing = 0;
  uint64_t wrong = 0;   // Another value, or none that was ever sent.
  std::string example;  // Of what is missing or wrong; empty if all is right.
};

class SenderFleet {
 public:
  explicit SenderFleet(const FleetShape& shape) : shape_(shape) {}

  int senders() const { return shape_.senders; }
  static std::string InstanceOf(int sender);

  // The sender's batch of that sequence; names its series to `store`.
  absl::StatusOr<WriteBatch> MakeBatch(SeriesWriter& store, int sender, uint64_t sequence) const;

  // What a store holds, from the time `from_millis` on, once batches 1 to `sequence` of the sender
  // are durable.
  FleetSamples SamplesOf(int sender, uint64_t sequence, int64_t from_millis = 0) const;

  // Samples from before `kept_from_millis` need not be there, but must be right. The error: of a
  // selection or a read.
  static absl::StatusOr<FleetComparison> Compare(SeriesReader& store, int sender,
                                                 const FleetSamples& expected,
                                                 int64_t kept_from_millis = 0);

 private:
  struct Cell {
    int64_t time_millis = 0;
    int series = 0;
    double value = 0;
  };
  std::vector<Cell> CellsOf(int sender, uint64_t sequence) const;

  const FleetShape shape_;
};

}  // namespace ora::storage
