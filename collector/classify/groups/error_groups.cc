#include "collector/classify/groups/error_groups.h"

#include <utility>

namespace ora::collector {

void ErrorGroups::Take(const ErrorText& error, const ErrorSample& sample) {
  ++total_;
  std::string fingerprint = FingerprintOf(error);
  const auto found = by_fingerprint_.find(fingerprint);
  if (found != by_fingerprint_.end()) {
    ErrorGroup& group = groups_[found->second];
    ++group.count;
    group.last = Kept(sample);
    return;
  }
  if (groups_.size() >= options_.groups_max) {
    ++other_;
    return;
  }
  by_fingerprint_.emplace(fingerprint, groups_.size());
  ErrorGroup group;
  group.fingerprint = std::move(fingerprint);
  group.title = redaction_.Apply(TitleOf(error));
  group.count = 1;
  group.first = Kept(sample);
  group.last = group.first;
  groups_.push_back(std::move(group));
}

ErrorSample ErrorGroups::Kept(const ErrorSample& sample) const {
  // Redacted before it is cut: a secret's rest alone would not be known for one.
  const auto kept = [this](const std::string& text) {
    std::string redacted = redaction_.Apply(text);
    if (redacted.size() > options_.sample_bytes_max) redacted.resize(options_.sample_bytes_max);
    return redacted;
  };
  return {sample.time_millis, kept(sample.before), kept(sample.text), kept(sample.after)};
}

}  // namespace ora::collector
