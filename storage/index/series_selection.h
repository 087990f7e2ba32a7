// The series that a selection found, sorted by labels.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "storage/index/epoch_pins.h"
#include "storage/index/label_pairs.h"
#include "storage/index/series_table.h"
#include "storage/labels.h"

namespace ora::storage {

// Reads without a lock, since it pins what it looks at: labels stay those of the moment of the
// selection, also of series that are forgotten meanwhile. While it lives, the memory of what is
// forgotten after it was made is not given back, so it should live no longer than a query. Must not
// outlive its index. Move-only; const calls may run side by side.
class SeriesSelection {
 public:
  struct Entry {
    uint32_t id = 0;    // 1 for the first.
    uint16_t slot = 0;  // Of the instance that named it first.
  };

  SeriesSelection() = default;

  // Sorts `series`, which `pin` holds; their pairs are in `pairs`.
  SeriesSelection(EpochPins::Pin pin, std::shared_ptr<const PairDirectory> pairs,
                  std::vector<const SeriesEntry*> series);

  // Of series with the same labels one stays: needed when one was forgotten and named anew while
  // the selection was made.
  void DropTwins();

  size_t size() const { return series_.size(); }
  Entry operator[](size_t position) const {
    return {series_[position]->id, series_[position]->slot};
  }
  Labels LabelsAt(size_t position) const;
  // One of them, empty if there is none of the name; valid as long as the selection is.
  absl::string_view LabelValueAt(size_t position, absl::string_view name) const;

 private:
  EpochPins::Pin pin_;
  std::shared_ptr<const PairDirectory> pairs_;
  std::vector<const SeriesEntry*> series_;
};

// Label by label, name before value, as Labels are ordered.
void SortByLabels(const PairDirectory& pairs, std::vector<const SeriesEntry*>& series);

Labels LabelsOf(const PairDirectory& pairs, const SeriesEntry& series);

}  // namespace ora::storage
