// Which samples may come in: not too old, not too new.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/series_writer.h"

namespace ora::storage {

// Both ends are stored.
struct WriteWindow {
  int64_t oldest_millis = 0;
  int64_t newest_millis = 0;

  // Takes out the blocks outside of the window and counts them in `outcome`; the rest is counted
  // as stored.
  void Apply(std::vector<WriteBlock>& blocks, WriteOutcome& outcome) const;
};

}  // namespace ora::storage
