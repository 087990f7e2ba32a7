// What tells one series from another: a set of labels.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ora::storage {

inline constexpr absl::string_view kMetricNameLabel = "__name__";
inline constexpr absl::string_view kInstanceLabel = "instance";

struct Label {
  std::string name;
  std::string value;

  friend bool operator==(const Label& a, const Label& b) = default;
  friend auto operator<=>(const Label& a, const Label& b) = default;
};

// A label within a set; valid while that is unchanged.
struct LabelView {
  absl::string_view name;
  absl::string_view value;
};

// A sorted set of labels, each name once, none with an empty value (which means no label).
// Ordered as Prometheus orders series: label by label, name before value. A value type: one string,
// so that sets are made, copied, compared and sent as such.
class Labels {
 public:
  // Steps through a set in the order of names.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    using pointer = const LabelView*;
    using reference = LabelView;

    LabelView operator*() const { return Read().view; }
    const_iterator& operator++() {
      at_ = Read().end;
      return *this;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) = default;

   private:
    friend class Labels;
    struct Parsed {
      LabelView view;
      const char* end;
    };

    explicit const_iterator(const char* at) : at_(at) {}
    Parsed Read() const;

    const char* at_;
  };

  Labels() = default;
  Labels(std::initializer_list<Label> labels) : Labels(std::vector<Label>(labels)) {}

  // Sorts; drops empty values; of two labels with one name the later in `labels` stays.
  explicit Labels(std::vector<Label> labels);

  // `labels` are as Labels keeps them already: sorted, each name once, no value empty.
  static Labels OfSorted(absl::Span<const LabelView> labels);

  // The value of a label, empty if there is none. Valid while this object is unchanged.
  absl::string_view Get(absl::string_view name) const;
  bool Has(absl::string_view name) const { return !Get(name).empty(); }

  // Adds or replaces; an empty value removes.
  void Set(absl::string_view name, absl::string_view value);
  void Remove(absl::string_view name) { Set(name, ""); }

  size_t size() const;  // Counts them.
  bool empty() const { return bytes_.empty(); }
  const_iterator begin() const { return const_iterator(bytes_.data()); }
  const_iterator end() const { return const_iterator(bytes_.data() + bytes_.size()); }

  // The set as the bytes of a message ora.v1.LabelSet, which is how it is kept: an answer takes
  // them as they are.
  absl::string_view bytes() const { return bytes_; }

  // `name{a="b",c="d"}`, values escaped as in PromQL; `{}` when empty.
  std::string ToString() const;

  friend bool operator==(const Labels& a, const Labels& b) = default;
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

  template <typename H>
  friend H AbslHashValue(H h, const Labels& labels) {
    return H::combine(std::move(h), labels.bytes_);
  }

 private:
  std::string bytes_;
};

}  // namespace ora::storage
