// From matchers to series.
#pragma once

#include <cstdint>
#include <memory>
#include <roaring/roaring.hh>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/index/index_tables.h"
#include "storage/index/regex_cache.h"
#include "storage/index/regex_shape.h"
#include "storage/matcher.h"

namespace ora::storage {

// Finds the series that matchers match, for one caller. It holds the lock of the tables only for
// short stretches; regular expressions run without it. A series that is published or forgotten
// meanwhile may be found or not; one that is there all the time is found exactly if it matches.
class MatcherResolution {
 public:
  // Takes a pin. Both must outlive it.
  MatcherResolution(const IndexTables& tables, RegexCache& cache);

  Roaring Resolve(absl::Span<const Matcher> matchers);

  // The records of those of `ids` that are still there, in the order of their ids; pinned.
  std::vector<const SeriesEntry*> SeriesOf(const Roaring& ids);

  // The pairs of a label; or those that some of `ids` bear, or of all labels together.
  std::vector<PairId> PairsOf(absl::string_view name);
  std::vector<PairId> PairsAmong(absl::string_view name, const Roaring& ids);
  std::vector<PairId> PairsAmong(const Roaring& ids);

  // Of all pairs that there were when this was last asked.
  const std::shared_ptr<const PairDirectory>& directory() const { return directory_; }
  const EpochPins::Pin& pin() const { return pin_; }
  EpochPins::Pin TakePin() && { return std::move(pin_); }

 private:
  // The pairs of a label, at one moment.
  struct Values {
    const LabelName* name = nullptr;  // Null: no series bears the label.
    uint64_t log_number = 0;
    std::vector<PairId> log;
  };
  enum class Side { kMatching, kOther };  // Pairs that the matcher matches, or those it does not.

  void Narrow(const Matcher& matcher, const RegexShape& shape);
  Roaring UnionOf(const Matcher& matcher, const RegexShape& shape, Side side);
  Roaring UnionOfLiterals(absl::string_view name, const std::vector<std::string>& values);
  Roaring UnionOfPairs(absl::Span<const PairId> pairs);
  Roaring FilterSeries(const Matcher& matcher);
  Values ValuesOf(absl::string_view name);
  size_t ValueCount(absl::string_view name) const;
  std::vector<PairId> PairsOf(const Matcher& matcher, const RegexShape& shape, Side side);
  Roaring RegexMatches(const Matcher& matcher, const RegexShape& shape, const Values& values);

  const IndexTables& tables_;
  RegexCache& cache_;
  EpochPins::Pin pin_;
  std::shared_ptr<const PairDirectory> directory_;
  Roaring found_;
  bool narrowed_ = false;  // Until then every series is found.
};

}  // namespace ora::storage
