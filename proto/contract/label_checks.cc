#include "proto/contract/label_checks.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"

namespace ora::contract {
namespace {

constexpr size_t kQuotedBytesMax = 80;  // A value is quoted up to here; the rest helps nobody.

absl::Status CheckLabel(const v1::Label& label) {
  if (!IsLabelName(label.name())) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: is `", absl::CHexEscape(label.name().substr(0, kQuotedBytesMax)), "` (",
                     label.name().size(), " bytes); send 1 to ", kLabelNameBytesMax,
                     " bytes of [a-zA-Z_][a-zA-Z0-9_]*"));
  }
  if (label.value().empty() || label.value().size() > kLabelValueBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("value: of label ", label.name(), " is ",
                                                   label.value().size(), " bytes; send 1 to ",
                                                   kLabelValueBytesMax));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsLabelName(absl::string_view name) {
  if (name.empty() || name.size() > kLabelNameBytesMax) return false;
  if (absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) return false;
  for (const char c : name) {
    if (c != '_' && !absl::ascii_isalnum(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

absl::Status CheckInstance(absl::string_view field, absl::string_view instance) {
  if (instance.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": is empty; send the host's name"));
  }
  if (instance.size() > kInstanceBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ": is ", instance.size(), " bytes; a host's name has at most ", kInstanceBytesMax));
  }
  return absl::OkStatus();
}

absl::Status CheckLabels(absl::string_view field, const v1::LabelSet& labels) {
  if (static_cast<size_t>(labels.labels_size()) > kLabelsMax) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": has ", labels.labels_size(),
                                                   " labels; a series has at most ", kLabelsMax));
  }
  for (int i = 0; i < labels.labels_size(); ++i) {
    const absl::Status status = CheckLabel(labels.labels(i));
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(field, "[", i, "].", status.message()));
    }
    if (i > 0 && labels.labels(i - 1).name() >= labels.labels(i).name()) {
      return absl::InvalidArgumentError(absl::StrCat(
          field, "[", i, "].name: is `", labels.labels(i).name(), "` after `",
          labels.labels(i - 1).name(), "`; send labels sorted by name, each name once"));
    }
  }
  return absl::OkStatus();
}

}  // namespace ora::contract
