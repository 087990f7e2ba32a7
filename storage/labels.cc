#include "storage/labels.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/text.h"

namespace ora::storage {
namespace {

bool NameBefore(const Label& label, absl::string_view name) {
  return absl::string_view(label.name) < name;
}

}  // namespace

Labels::Labels(std::vector<Label> labels) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.name < b.name; });
  labels_.reserve(labels.size());
  for (Label& label : labels) {
    if (!labels_.empty() && labels_.back().name == label.name) labels_.pop_back();
    labels_.push_back(std::move(label));
  }
  std::erase_if(labels_, [](const Label& label) { return label.value.empty(); });
}

Labels Labels::OfSorted(std::vector<Label> labels) {
  Labels made;
  made.labels_ = std::move(labels);
  return made;
}

absl::string_view Labels::Get(absl::string_view name) const {
  const auto at = std::lower_bound(labels_.begin(), labels_.end(), name, NameBefore);
  if (at == labels_.end() || at->name != name) return "";
  return at->value;
}

void Labels::Set(absl::string_view name, absl::string_view value) {
  const auto at = std::lower_bound(labels_.begin(), labels_.end(), name, NameBefore);
  const bool present = at != labels_.end() && at->name == name;
  if (value.empty()) {
    if (present) labels_.erase(at);
  } else if (present) {
    at->value = std::string(value);
  } else {
    labels_.insert(at, Label{std::string(name), std::string(value)});
  }
}

std::string Labels::ToString() const {
  std::string text(Get(kMetricNameLabel));
  const bool named = !text.empty();
  if (named && labels_.size() == 1) return text;
  absl::StrAppend(&text, "{");
  absl::string_view separator;
  for (const Label& label : labels_) {
    if (label.name == kMetricNameLabel) continue;
    absl::StrAppend(&text, separator, label.name, "=", QuoteLabelValue(label.value));
    separator = ",";
  }
  absl::StrAppend(&text, "}");
  return text;
}

}  // namespace ora::storage
