// The checks of what a collector sends.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/label_checks.h"
#include "proto/contract/limits.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::contract {
namespace {

constexpr size_t kQuotedBytesMax = 80;
constexpr absl::string_view kNameLabel = "__name__";
constexpr absl::string_view kInstanceLabel = "instance";

absl::Status CheckBytes(absl::string_view field, size_t bytes, size_t bytes_max) {
  if (bytes <= bytes_max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": is ", bytes, " bytes; at most ", bytes_max, " are allowed"));
}

bool IsCollectorId(absl::string_view id) {
  if (id.empty() || id.size() > kCollectorIdBytesMax) return false;
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '-') return false;
  }
  return true;
}

absl::string_view FindLabel(const v1::LabelSet& labels, absl::string_view name) {
  for (const v1::Label& label : labels.labels()) {
    if (label.name() == name) return label.value();
  }
  return {};
}

absl::Status CheckDefinition(absl::string_view field, const v1::SeriesDefinition& definition,
                             absl::string_view instance) {
  if (definition.id() < 1 || definition.id() > kSeriesIdMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".id: is ", definition.id(), "; send 1 to ", kSeriesIdMax));
  }
  ORA_RETURN_IF_ERROR(CheckLabels(absl::StrCat(field, ".labels.labels"), definition.labels()));
  if (FindLabel(definition.labels(), kNameLabel).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".labels: of id ", definition.id(), " has no label __name__; add it"));
  }
  const absl::string_view own = FindLabel(definition.labels(), kInstanceLabel);
  if (own != instance) {
    return absl::InvalidArgumentError(absl::StrCat(
        field, ".labels: of id ", definition.id(), " has instance=`",
        absl::CHexEscape(own.substr(0, kQuotedBytesMax)), "`; hello.instance is `", instance, "`"));
  }
  return absl::OkStatus();
}

absl::Status CheckBlock(absl::string_view field, const v1::SampleBlock& block) {
  if (block.series_ids_size() != block.values_size()) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": has ", block.series_ids_size(),
                                                   " series_ids and ", block.values_size(),
                                                   " values; send as many of each"));
  }
  for (const uint32_t id : block.series_ids()) {
    if (id < 1 || id > kSeriesIdMax) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ".series_ids: holds ", id, "; ids are 1 to ", kSeriesIdMax));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const v1::LabelSet& labels) { return CheckLabels("labels", labels); }

absl::Status Validate(const v1::Hello& hello) {
  if (!IsCollectorId(hello.collector_id())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "hello.collector_id: is `",
        absl::CHexEscape(absl::string_view(hello.collector_id()).substr(0, kQuotedBytesMax)), "` (",
        hello.collector_id().size(), " bytes); send 1 to ", kCollectorIdBytesMax,
        " characters of [a-z0-9-]"));
  }
  if (hello.incarnation() == 0) {
    return absl::InvalidArgumentError(
        "hello.incarnation: is 0; send a number that is new for each new spool");
  }
  ORA_RETURN_IF_ERROR(CheckInstance("hello.instance", hello.instance()));
  ORA_RETURN_IF_ERROR(CheckBytes("hello.version", hello.version().size(), kVersionBytesMax));
  ORA_RETURN_IF_ERROR(CheckBytes("hello.host.operating_system",
                                 hello.host().operating_system().size(), kOperatingSystemBytesMax));
  return CheckBytes("hello.host.kernel", hello.host().kernel().size(), kKernelBytesMax);
}

absl::Status Validate(const v1::SeriesDefinitions& definitions, absl::string_view instance) {
  if (static_cast<size_t>(definitions.series_size()) > kDefinitionsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("definitions.series: has ", definitions.series_size(),
                     " definitions; a message has at most ", kDefinitionsMax));
  }
  for (int i = 0; i < definitions.series_size(); ++i) {
    const v1::SeriesDefinition& definition = definitions.series(i);
    ORA_RETURN_IF_ERROR(
        CheckDefinition(absl::StrCat("definitions.series[", i, "]"), definition, instance));
  }
  return absl::OkStatus();
}

absl::Status Validate(const v1::Batch& batch) {
  if (batch.sequence() == 0) {
    return absl::InvalidArgumentError("batch.sequence: is 0; the first batch is 1");
  }
  size_t samples = 0;
  for (int i = 0; i < batch.blocks_size(); ++i) {
    ORA_RETURN_IF_ERROR(CheckBlock(absl::StrCat("batch.blocks[", i, "]"), batch.blocks(i)));
    samples += static_cast<size_t>(batch.blocks(i).values_size());
  }
  if (samples > kBatchSamplesMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batch.blocks: hold ", samples, " samples in all; a batch has at most ", kBatchSamplesMax));
  }
  return absl::OkStatus();
}

absl::Status Validate(const v1::Batches& batches) {
  const auto count = static_cast<size_t>(batches.batches_size());
  if (count >= 1 && count <= kMessageBatchesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "batches.batches: holds ", count, " batches; a message has 1 to ", kMessageBatchesMax));
}

}  // namespace ora::contract
