#include "storage/index/matcher_resolution.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"

namespace ora::storage {
namespace {

using Rest = RegexShape::Rest;

// Labels of fewer values are matched anew each time.
constexpr size_t kCachedValuesMin = 1024;
// RE2 is faster than looking at more beginnings than this, one by one.
constexpr size_t kBeginningsMax = 16;

RegexShape ShapeOf(const Matcher& matcher) {
  if (matcher.type() == MatchType::kRegex || matcher.type() == MatchType::kNotRegex) {
    return RegexShape::Of(matcher.value());
  }
  return {.beginnings = {{matcher.value(), Rest::kNothing}}};
}

bool IsNegative(const Matcher& matcher) {
  return matcher.type() == MatchType::kNotEqual || matcher.type() == MatchType::kNotRegex;
}

// Cheap conditions first: they leave less for the others.
int RankOf(const Matcher& matcher, const RegexShape& shape) {
  const int cost = shape.IsLiterals() ? static_cast<int>(shape.beginnings.size() > 1) : 2;
  return matcher.MatchesEmpty() ? 3 + cost : cost;
}

// What a regular expression says of a text, without RE2 where its shape is enough.
class RegexTest {
 public:
  RegexTest(const Matcher& matcher, const RegexShape& shape)
      : matcher_(matcher), shape_(shape), by_shape_(shape.beginnings.size() <= kBeginningsMax) {}

  bool operator()(absl::string_view value) const {
    if (!by_shape_) return ByRe2(value);
    bool unknown = false;
    for (const RegexShape::Beginning& one : shape_.beginnings) {
      if (!absl::StartsWith(value, one.text)) continue;
      if (one.rest == Rest::kAnything) return true;
      if (one.rest == Rest::kUnknown) unknown = true;
      const bool ends = value.size() == one.text.size();
      if (one.rest == (ends ? Rest::kNothing : Rest::kSomething)) return true;
    }
    return unknown && ByRe2(value);
  }

 private:
  bool ByRe2(absl::string_view value) const {
    return matcher_.Matches(value) != IsNegative(matcher_);
  }

  const Matcher& matcher_;
  const RegexShape& shape_;
  const bool by_shape_;
};

std::vector<uint32_t> IdsOf(const Roaring& bits) {
  std::vector<uint32_t> ids(bits.cardinality());
  bits.toUint32Array(ids.data());
  return ids;
}

}  // namespace

MatcherResolution::MatcherResolution(const IndexTables& tables, RegexCache& cache)
    : tables_(tables), cache_(cache) {
  absl::ReaderMutexLock lock(&tables_.mutex);
  pin_ = tables_.pins.Take();
  directory_ = tables_.pairs.directory();
}

Roaring MatcherResolution::Resolve(absl::Span<const Matcher> matchers) {
  struct Ranked {
    int rank;
    const Matcher* matcher;
    RegexShape shape;
  };
  std::vector<Ranked> ordered;
  for (const Matcher& matcher : matchers) {
    RegexShape shape = ShapeOf(matcher);
    const int rank = RankOf(matcher, shape);
    ordered.push_back({rank, &matcher, std::move(shape)});
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
  for (const Ranked& one : ordered) {
    Narrow(*one.matcher, one.shape);
    if (narrowed_ && found_.isEmpty()) return {};
  }
  if (!narrowed_) {
    absl::ReaderMutexLock lock(&tables_.mutex);
    return tables_.published;
  }
  return std::move(found_);
}

// What is found only shrinks from the first matcher on, and a series is in the sets of all of its
// labels before and for as long as it is published. So sets that are read later than `found_` say
// of each series in it what it is, and those that came meanwhile are not in it.
void MatcherResolution::Narrow(const Matcher& matcher, const RegexShape& shape) {
  const bool plain = shape.IsLiterals() && matcher.MatchesEmpty() == IsNegative(matcher);
  if (narrowed_ && !plain && found_.cardinality() < ValueCount(matcher.name()) / 2) {
    found_ = FilterSeries(matcher);
    return;
  }
  if (matcher.MatchesEmpty()) {
    // Series without the label match as well, so it is the others that go.
    if (!narrowed_) {
      absl::ReaderMutexLock lock(&tables_.mutex);
      found_ = tables_.published;
    }
    found_ -= UnionOf(matcher, shape, Side::kOther);
  } else if (narrowed_) {
    found_ &= UnionOf(matcher, shape, Side::kMatching);
  } else {
    found_ = UnionOf(matcher, shape, Side::kMatching);
  }
  narrowed_ = true;
}

Roaring MatcherResolution::UnionOf(const Matcher& matcher, const RegexShape& shape, Side side) {
  const bool negative = IsNegative(matcher) == (side == Side::kMatching);
  if (shape.MatchesEverything() && negative) return {};
  if (!shape.IsLiterals() || negative) return UnionOfPairs(PairsOf(matcher, shape, side));
  IdUnion sets;
  absl::ReaderMutexLock lock(&tables_.mutex);
  for (const RegexShape::Beginning& one : shape.beginnings) {
    const absl::optional<PairId> pair = tables_.pairs.Find(matcher.name(), one.text);
    if (pair) sets.Add(tables_.pairs[*pair].ids);
  }
  return sets.Take();
}

Roaring MatcherResolution::UnionOfPairs(absl::Span<const PairId> pairs) {
  IdUnion sets;
  for (size_t begin = 0; begin < pairs.size(); begin += kStretch) {
    absl::ReaderMutexLock lock(&tables_.mutex);
    for (const PairId id : pairs.subspan(begin, kStretch)) sets.Add(tables_.pairs[id].ids);
    sets.Flush();
  }
  return sets.Take();
}

MatcherResolution::Values MatcherResolution::ValuesOf(absl::string_view name) {
  absl::ReaderMutexLock lock(&tables_.mutex);
  directory_ = tables_.pairs.directory();
  const LabelName* known = tables_.pairs.FindName(name);
  if (known == nullptr) return {};
  return {known, known->log_number, known->log};
}

size_t MatcherResolution::ValueCount(absl::string_view name) const {
  absl::ReaderMutexLock lock(&tables_.mutex);
  const LabelName* known = tables_.pairs.FindName(name);
  return known == nullptr ? 0 : known->values();
}

std::vector<PairId> MatcherResolution::PairsOf(const Matcher& matcher, const RegexShape& shape,
                                               Side side) {
  const bool negative = IsNegative(matcher) == (side == Side::kMatching);
  Values values = ValuesOf(matcher.name());
  if (shape.MatchesEverything()) return std::move(values.log);
  const Roaring matched = RegexMatches(matcher, shape, values);
  if (!negative) return IdsOf(matched);
  std::erase_if(values.log, [&](PairId id) { return matched.contains(id); });
  return std::move(values.log);
}

Roaring MatcherResolution::RegexMatches(const Matcher& matcher, const RegexShape& shape,
                                        const Values& values) {
  const RegexTest test(matcher, shape);
  const bool cached = values.log.size() >= kCachedValuesMin && !shape.IsLiterals();
  auto answer = std::make_shared<RegexCache::Answer>();
  answer->log_number = values.log_number;
  if (cached) {
    const auto kept = cache_.Find(matcher.name(), matcher.value());
    if (kept != nullptr && kept->log_number == values.log_number) {
      if (kept->log_size >= values.log.size()) return kept->matched;
      *answer = *kept;
    }
  }
  std::vector<PairId> found;
  for (size_t i = answer->log_size; i < values.log.size(); ++i) {
    if (test((*directory_)[values.log[i]].value())) found.push_back(values.log[i]);
  }
  std::sort(found.begin(), found.end());
  answer->log_size = values.log.size();
  answer->matched.addMany(found.size(), found.data());
  answer->matched.runOptimize();
  if (cached) cache_.Keep(matcher.name(), matcher.value(), answer);
  return answer->matched;
}

Roaring MatcherResolution::FilterSeries(const Matcher& matcher) {
  const std::vector<const SeriesEntry*> series = SeriesOf(found_);
  const LabelName* name = nullptr;
  {
    absl::ReaderMutexLock lock(&tables_.mutex);
    name = tables_.pairs.FindName(matcher.name());
  }
  absl::flat_hash_map<PairId, bool> verdicts;
  Roaring matching;
  for (const SeriesEntry* one : series) {
    const absl::Span<const PairId> labels = one->labels();
    const auto at = std::find_if(labels.begin(), labels.end(),
                                 [&](PairId id) { return (*directory_)[id].name == name; });
    bool matches = matcher.MatchesEmpty();
    if (at != labels.end()) {
      const auto [verdict, is_new] = verdicts.try_emplace(*at);
      if (is_new) verdict->second = matcher.Matches((*directory_)[*at].value());
      matches = verdict->second;
    }
    if (matches) matching.add(one->id);
  }
  return matching;
}

std::vector<const SeriesEntry*> MatcherResolution::SeriesOf(const Roaring& ids) {
  const std::vector<uint32_t> wanted = IdsOf(ids);
  std::vector<const SeriesEntry*> series;
  series.reserve(wanted.size());
  for (size_t begin = 0; begin < wanted.size(); begin += kStretch) {
    absl::ReaderMutexLock lock(&tables_.mutex);
    directory_ = tables_.pairs.directory();
    for (const uint32_t id : absl::MakeSpan(wanted).subspan(begin, kStretch)) {
      if (const SeriesEntry* one = tables_.series.Find(id)) series.push_back(one);
    }
  }
  return series;
}

std::vector<PairId> MatcherResolution::PairsOf(absl::string_view name) {
  return ValuesOf(name).log;
}

std::vector<PairId> MatcherResolution::PairsAmong(absl::string_view name, const Roaring& ids) {
  std::vector<PairId> found;
  const Values values = ValuesOf(name);
  if (values.name == nullptr) return found;
  if (ids.cardinality() < values.log.size()) {
    const std::vector<PairId> borne = PairsAmong(ids);
    std::copy_if(borne.begin(), borne.end(), std::back_inserter(found),
                 [&](PairId id) { return (*directory_)[id].name == values.name; });
    return found;
  }
  for (size_t begin = 0; begin < values.log.size(); begin += kStretch) {
    absl::ReaderMutexLock lock(&tables_.mutex);
    for (const PairId id : absl::MakeSpan(values.log).subspan(begin, kStretch)) {
      if (tables_.pairs[id].ids.Intersects(ids)) found.push_back(id);
    }
  }
  return found;
}

std::vector<PairId> MatcherResolution::PairsAmong(const Roaring& ids) {
  const std::vector<const SeriesEntry*> series = SeriesOf(ids);
  std::vector<bool> seen(directory_->size());
  std::vector<PairId> found;
  for (const SeriesEntry* one : series) {
    for (const PairId id : one->labels()) {
      if (!seen[id]) found.push_back(id);
      seen[id] = true;
    }
  }
  return found;
}

}  // namespace ora::storage
