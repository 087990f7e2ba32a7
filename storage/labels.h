// What tells one series from another: a set of labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace ora::storage {

inline constexpr absl::string_view kMetricNameLabel = "__name__";
inline constexpr absl::string_view kInstanceLabel = "instance";

struct Label {
  std::string name;
  std::string value;

  friend bool operator==(const Label& a, const Label& b) = default;
  friend auto operator<=>(const Label& a, const Label& b) = default;
};

// A sorted set of labels, each name once, none with an empty value (which means no label).
// Ordered as Prometheus orders series: label by label, name before value. A value type.
class Labels {
 public:
  Labels() = default;
  Labels(std::initializer_list<Label> labels) : Labels(std::vector<Label>(labels)) {}

  // Sorts; drops empty values; of two labels with one name the later in `labels` stays.
  explicit Labels(std::vector<Label> labels);

  // `labels` are as Labels keeps them already: sorted, each name once, no value empty.
  static Labels OfSorted(std::vector<Label> labels);

  // The value of a label, empty if there is none. Valid while this object is unchanged.
  absl::string_view Get(absl::string_view name) const;
  bool Has(absl::string_view name) const { return !Get(name).empty(); }

  // Adds or replaces; an empty value removes.
  void Set(absl::string_view name, absl::string_view value);
  void Remove(absl::string_view name) { Set(name, ""); }

  size_t size() const { return labels_.size(); }
  bool empty() const { return labels_.empty(); }
  std::vector<Label>::const_iterator begin() const { return labels_.begin(); }
  std::vector<Label>::const_iterator end() const { return labels_.end(); }

  // `name{a="b",c="d"}`, values escaped as in PromQL; `{}` when empty.
  std::string ToString() const;

  friend bool operator==(const Labels& a, const Labels& b) = default;
  friend auto operator<=>(const Labels& a, const Labels& b) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Labels& labels) {
    for (const Label& label : labels.labels_) h = H::combine(std::move(h), label.name, label.value);
    return H::combine(std::move(h), labels.labels_.size());
  }

 private:
  std::vector<Label> labels_;
};

}  // namespace ora::storage
