#include "storage/labels.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/text.h"

namespace ora::storage {
namespace {

// A message's field of a number and a length: `repeated Label labels = 1` of LabelSet, `name = 1`
// and `value = 2` of Label.
constexpr char kLabelTag = 1 << 3 | 2;
constexpr char kNameTag = 1 << 3 | 2;
constexpr char kValueTag = 2 << 3 | 2;
constexpr unsigned kSizeBits = 7;  // Of a length in each of its bytes; the eighth: more follow.
constexpr size_t kSizeMore = size_t{1} << kSizeBits;

size_t SizeOfSize(size_t size) {
  size_t bytes = 1;
  for (; size >= kSizeMore; size >>= kSizeBits) ++bytes;
  return bytes;
}

size_t FieldBytes(absl::string_view text) { return 1 + SizeOfSize(text.size()) + text.size(); }

size_t InnerBytes(const LabelView& label) {
  return FieldBytes(label.name) + FieldBytes(label.value);
}

size_t LabelBytes(const LabelView& label) {
  const size_t inner = InnerBytes(label);
  return 1 + SizeOfSize(inner) + inner;
}

char* WriteHead(char tag, size_t size, char* to) {
  *to++ = tag;
  for (; size >= kSizeMore; size >>= kSizeBits) *to++ = static_cast<char>(size | kSizeMore);
  *to++ = static_cast<char>(size);
  return to;
}

char* WriteField(char tag, absl::string_view text, char* to) {
  to = WriteHead(tag, text.size(), to);
  return std::copy(text.begin(), text.end(), to);
}

char* WriteLabel(const LabelView& label, char* to) {
  to = WriteHead(kLabelTag, InnerBytes(label), to);
  to = WriteField(kNameTag, label.name, to);
  return WriteField(kValueTag, label.value, to);
}

// The length behind a field's tag, which it steps over with it.
size_t ReadHead(const char*& at) {
  ++at;
  size_t size = static_cast<uint8_t>(*at++);
  if (size < kSizeMore) return size;
  size -= kSizeMore;
  for (unsigned shift = kSizeBits;; shift += kSizeBits) {
    const size_t byte = static_cast<uint8_t>(*at++);
    size |= (byte & (kSizeMore - 1)) << shift;
    if (byte < kSizeMore) return size;
  }
}

absl::string_view ReadField(const char*& at) {
  const size_t size = ReadHead(at);
  const absl::string_view text(at, size);
  at += size;
  return text;
}

}  // namespace

Labels::const_iterator::Parsed Labels::const_iterator::Read() const {
  const char* at = at_;
  ReadHead(at);
  const absl::string_view name = ReadField(at);
  const absl::string_view value = ReadField(at);
  return {{name, value}, at};
}

Labels::Labels(std::vector<Label> labels) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.name < b.name; });
  std::vector<LabelView> kept;
  kept.reserve(labels.size());
  for (const Label& label : labels) {
    if (!kept.empty() && kept.back().name == label.name) kept.pop_back();
    kept.push_back({label.name, label.value});
  }
  std::erase_if(kept, [](const LabelView& label) { return label.value.empty(); });
  *this = OfSorted(kept);
}

Labels Labels::OfSorted(absl::Span<const LabelView> labels) {
  size_t bytes = 0;
  for (const LabelView& label : labels) bytes += LabelBytes(label);
  Labels made;
  made.bytes_.resize(bytes);
  char* to = made.bytes_.data();
  for (const LabelView& label : labels) to = WriteLabel(label, to);
  return made;
}

absl::string_view Labels::Get(absl::string_view name) const {
  for (const LabelView label : *this) {
    if (label.name == name) return label.value;
  }
  return "";
}

void Labels::Set(absl::string_view name, absl::string_view value) {
  auto at = begin();
  while (at != end() && (*at).name < name) ++at;
  const auto begin_at = static_cast<size_t>(at.at_ - bytes_.data());
  const bool present = at != end() && (*at).name == name;
  const size_t taken = present ? static_cast<size_t>(at.Read().end - at.at_) : 0;
  if (value.empty()) {
    bytes_.erase(begin_at, taken);
    return;
  }
  std::string label(LabelBytes({name, value}), '\0');
  WriteLabel({name, value}, label.data());
  bytes_.replace(begin_at, taken, label);
}

size_t Labels::size() const {
  size_t count = 0;
  for (auto at = begin(); at != end(); ++at) ++count;
  return count;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    const LabelView left = *x;
    const LabelView right = *y;
    if (const int order = left.name.compare(right.name); order != 0) return order <=> 0;
    if (const int order = left.value.compare(right.value); order != 0) return order <=> 0;
  }
  // At the end of one of them: what goes on comes after.
  return (x != a.end()) <=> (y != b.end());
}

std::string Labels::ToString() const {
  std::string text(Get(kMetricNameLabel));
  const bool named = !text.empty();
  if (named && size() == 1) return text;
  absl::StrAppend(&text, "{");
  absl::string_view separator;
  for (const LabelView label : *this) {
    if (label.name == kMetricNameLabel) continue;
    absl::StrAppend(&text, separator, label.name, "=", QuoteLabelValue(label.value));
    separator = ",";
  }
  absl::StrAppend(&text, "}");
  return text;
}

}  // namespace ora::storage
