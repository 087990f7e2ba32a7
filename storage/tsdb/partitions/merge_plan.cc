#include "storage/tsdb/partitions/merge_plan.h"

#include <algorithm>

namespace ora::storage {
namespace {

// Rows, one after the other in `rows`, that overlap; no other row overlaps them.
struct Cluster {
  size_t begin = 0;
  size_t end = 0;
  uint32_t last_offset_millis = 0;
  uint64_t samples = 0;
  bool young = false;

  bool overlapping() const { return end - begin > 1; }
  bool MustBeRewritten() const { return young || overlapping(); }
};
using Clusters = absl::Span<const Cluster>;

std::vector<Cluster> ClustersOf(absl::Span<const MergeRow> rows) {
  std::vector<Cluster> clusters;
  for (size_t i = 0; i < rows.size(); ++i) {
    const MergeRow& row = rows[i];
    if (clusters.empty() || clusters.back().last_offset_millis < row.first_offset_millis) {
      clusters.push_back({.begin = i, .end = i});
    }
    Cluster& cluster = clusters.back();
    cluster.end = i + 1;
    cluster.last_offset_millis = std::max(cluster.last_offset_millis, row.last_offset_millis);
    cluster.samples += row.samples;
    cluster.young |= row.age == RowAge::kYoung;
  }
  return clusters;
}

uint64_t SamplesOf(Clusters clusters) {
  uint64_t samples = 0;
  for (const Cluster& cluster : clusters) samples += cluster.samples;
  return samples;
}

// Plans for neighbours that fit one row together.
void PlanPack(Clusters pack, std::vector<MergeGroup>& groups) {
  if (pack.empty()) return;
  const uint64_t samples = SamplesOf(pack);
  const auto longest =
      std::max_element(pack.begin(), pack.end(), [](const Cluster& a, const Cluster& b) {
        return (a.MustBeRewritten() ? 0 : a.samples) < (b.MustBeRewritten() ? 0 : b.samples);
      });
  if (!longest->MustBeRewritten() && longest->samples > samples - longest->samples) {
    const auto at = static_cast<size_t>(longest - pack.begin());
    PlanPack(pack.first(at), groups);
    PlanPack(pack.subspan(at + 1), groups);
    return;
  }
  MergeGroup group;
  for (size_t i = pack.front().begin; i < pack.back().end; ++i) group.push_back(i);
  groups.push_back(std::move(group));
}

}  // namespace

std::vector<MergeGroup> PlanMerge(absl::Span<const MergeRow> rows, const MergePolicy& policy) {
  const std::vector<Cluster> clusters = ClustersOf(rows);
  std::vector<MergeGroup> groups;
  size_t begin = 0;  // Of the pack that is being filled.
  uint64_t samples = 0;
  const auto close = [&](size_t end) {
    PlanPack(absl::MakeConstSpan(clusters).subspan(begin, end - begin), groups);
    begin = end;
    samples = 0;
  };
  for (size_t i = 0; i < clusters.size(); ++i) {
    const Cluster& cluster = clusters[i];
    const bool left_alone = cluster.MustBeRewritten() ? cluster.samples > policy.group_samples_max
                                                      : cluster.samples >= policy.long_samples;
    if (left_alone || samples + cluster.samples > policy.joined_samples_max) close(i);
    if (left_alone) {
      begin = i + 1;
      continue;
    }
    samples += cluster.samples;
  }
  close(clusters.size());
  return groups;
}

}  // namespace ora::storage
