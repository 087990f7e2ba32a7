#include "storage/index/limit_refusals.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/index/cardinality_count.h"

namespace ora::storage {
namespace {

std::string Describe(const Offender& offender, absl::string_view where) {
  if (offender.metric.empty()) return "";
  if (offender.label.empty()) return absl::StrCat("most are of metric ", offender.metric);
  return absl::StrCat("label ", offender.label, " of ", offender.metric, " has ", offender.values,
                      " values", where);
}

absl::Status Refusal(absl::string_view owner, uint64_t series, const Labels& labels,
                     absl::string_view culprit, absl::string_view setting) {
  const std::string advice =
      culprit.empty() ? "drop labels of many values" : absl::StrCat(culprit, ": drop it");
  return absl::ResourceExhaustedError(
      absl::StrCat(owner, " has ", series, " series, its limit; a new one of metric ",
                   labels.Get(kMetricNameLabel), " is refused; ", advice, " or raise ", setting));
}

}  // namespace

absl::Status LimitRefusals::OfStore(uint64_t series, const Labels& labels) {
  return Refusal("store", series, labels, Culprit(""), "series_max");
}

absl::Status LimitRefusals::OfInstance(uint64_t series, const Labels& labels) {
  const absl::string_view instance = labels.Get(kInstanceLabel);
  return Refusal(absl::StrCat("host ", instance), series, labels, Culprit(instance),
                 "series_per_host_max");
}

std::string LimitRefusals::Culprit(absl::string_view instance) {
  {
    absl::MutexLock lock(&mutex_);
    const absl::Duration now = clock_.Monotonic();
    if (findings_.size() >= kHostsMax) {
      absl::erase_if(findings_,
                     [&](const auto& kept) { return now - kept.second.found >= kFindEvery; });
    }
    if (findings_.size() >= kHostsMax && !findings_.contains(instance)) return "";
    const auto [kept, is_new] = findings_.try_emplace(instance, Finding{now, ""});
    if (!is_new && now - kept->second.found < kFindEvery) return kept->second.text;
    kept->second.found = now;  // Others are told the old text, while this caller looks.
  }
  std::string text = Describe(FindOffender(tables_, instance), instance.empty() ? "" : " there");
  absl::MutexLock lock(&mutex_);
  if (const auto kept = findings_.find(instance); kept != findings_.end()) kept->second.text = text;
  return text;
}

}  // namespace ora::storage
