// Workload W1: a fleet of hosts with 101 series of 10 tags each, one random walk a series, the same
// for the same seed. What load clients send and benchmarks read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "tests/bench/workload/w1_templates.h"

namespace ora::bench {

struct W1Options {
  uint64_t seed = 1;
  // 101 is the workload itself; other counts keep the shares of the kinds.
  uint32_t series_per_host = 101;
  int64_t step_millis = 10'000;
  // Share of its series that a host renames in an hour of data: 0 to 1.
  double churn_an_hour = 0;
  // Hosts are named PREFIX-NUMBER.
  std::string host_prefix = "host";
};

using W1Label = std::pair<std::string, std::string>;

// A table of normal quantiles in 1/65,536, shared by all hosts of a workload so that a step of a
// series costs a look-up.
class NormalQuantiles {
 public:
  NormalQuantiles();

  // N(0, deviation), rounded to an integer, picked by the low bits of `bits`.
  int64_t Step(uint64_t bits, int64_t deviation) const {
    return (deviation * quantiles_[bits % kCount] + kHalf) >> kScaleBits;
  }
  // N(0, 1) in 1/65,536.
  int64_t Fixed(uint64_t bits) const { return quantiles_[bits % kCount]; }

  static constexpr int kScaleBits = 16;

 private:
  static constexpr size_t kCount = size_t{1} << 14;
  static constexpr int64_t kHalf = int64_t{1} << (kScaleBits - 1);
  std::vector<int32_t> quantiles_;
};

// One host: its series' labels, and their values step by step. Not thread-safe; hosts are
// independent of each other. `quantiles` must outlive it.
class W1Host {
 public:
  // Two hosts with the same options and number give the same values for ever.
  W1Host(const W1Options& options, uint32_t host, const NormalQuantiles& quantiles);

  // The host's name: its `instance` and its `hostname`.
  const std::string& name() const { return name_; }
  size_t series_count() const { return kinds_.size(); }
  // What kind of series it is. `series` is below series_count(), here and below.
  SeriesKind kind(size_t series) const { return kinds_[series]; }

  // Sorted by name, `__name__` first: the metric's name and 10 tags, `instance` among them. Beyond
  // 101 series, and after a renaming, one or two tags more.
  std::vector<W1Label> LabelsOf(size_t series) const;
  // How often the series was renamed so far.
  uint32_t generation(size_t series) const { return generations_[series]; }

  // Writes the next step's values, one a series, into `values`, which has series_count() elements.
  // Series whose labels changed with this step are in renamed() until the next.
  void Next(absl::Span<double> values);
  absl::Span<const uint32_t> renamed() const { return renamed_; }

 private:
  void Rename();

  const W1Options options_;
  const uint32_t host_;
  const std::string name_;
  const NormalQuantiles& quantiles_;
  uint64_t random_;
  double renames_due_ = 0;
  std::vector<SeriesKind> kinds_;
  std::vector<int64_t> states_;  // In a unit of the kind's own.
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> renamed_;
  uint32_t next_renamed_ = 0;
};

// When the host's sample number `step` is taken, in milliseconds after the first step of all hosts:
// a fleet's hosts are spread over the step.
int64_t W1OffsetMillis(const W1Options& options, uint32_t host, uint32_t hosts, uint64_t step);

}  // namespace ora::bench
