// A selection over partitions and open chunks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/index/series_index.h"
#include "storage/rocks/database.h"
#include "storage/series_reader.h"
#include "storage/tsdb/damage_log.h"
#include "storage/tsdb/hot/hot_columns.h"
#include "storage/tsdb/open_chunks.h"
#include "storage/tsdb/partitions/partition_set.h"

namespace ora::storage {

// What a cursor reads from; all of it must outlive the cursor.
struct CursorSources {
  const Database* database = nullptr;
  const SeriesIndex* index = nullptr;
  const OpenChunks* open = nullptr;
  DamageLog* damage = nullptr;
  HotColumns* hot = nullptr;
};

// What it reads.
struct CursorSelection {
  SeriesSelection series;
  OpenChunks::View view;                  // Captured for these series.
  std::vector<PartitionView> partitions;  // That overlap the range: Joined around the capture.
  TimeRange range;
  std::string function;      // Of ReadHints: what tiers are read for.
  bool only_newest = false;  // Of ReadHints.
};

std::unique_ptr<SeriesCursor> MakeSeriesCursor(const CursorSources& sources,
                                               CursorSelection selection);

}  // namespace ora::storage
