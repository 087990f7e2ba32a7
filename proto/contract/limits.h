// Each limit that the API's comments promise, once. The comments in proto/ say what they are for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ora::contract {

// Messages and batches.
inline constexpr size_t kMessageBytesMax = size_t{4} << 20;
inline constexpr size_t kResponseBytesMax = size_t{64} << 20;
inline constexpr size_t kBatchSamplesMax = 100'000;
inline constexpr size_t kMessageBatchesMax = 256;
inline constexpr size_t kDefinitionsMax = 10'000;
inline constexpr uint32_t kSeriesIdMax = 4'194'304;

// Labels.
inline constexpr size_t kLabelsMax = 40;
inline constexpr size_t kLabelNameBytesMax = 128;
inline constexpr size_t kLabelValueBytesMax = 2'048;

// Senders and hosts.
inline constexpr size_t kCollectorIdBytesMax = 64;
inline constexpr size_t kInstanceBytesMax = 255;
inline constexpr size_t kVersionBytesMax = 64;
inline constexpr size_t kOperatingSystemBytesMax = 256;
inline constexpr size_t kKernelBytesMax = 128;

// Queries.
inline constexpr size_t kExpressionBytesMax = 64 << 10;
inline constexpr uint32_t kRangeStepsDefault = 11'000;
inline constexpr size_t kSelectorsMax = 16;

// Rule files that are sent to be checked or tested.
inline constexpr size_t kCheckedFilesMax = 100;
inline constexpr size_t kCheckedTextBytesMax = size_t{3} << 20;  // Of a request's files together.
inline constexpr size_t kFileNameBytesMax = 4'096;
inline constexpr size_t kTestFailuresMax = 1'000;
inline constexpr size_t kTestFailureBytesMax = 16 << 10;

// Administration.
inline constexpr size_t kSnapshotNameBytesMax = 64;
inline constexpr uint32_t kCardinalityTopDefault = 20;
inline constexpr uint32_t kCardinalityTopMax = 1'000;
inline constexpr size_t kDeletionExamplesMax = 10;

// Pages.
inline constexpr int32_t kPageSizeDefault = 1'000;
inline constexpr int32_t kPageSizeMax = 10'000;

// Analyses of logs.
inline constexpr int32_t kAnalysesDefault = 100;
inline constexpr int32_t kAnalysesMax = 1'000;

// Followed logs.
inline constexpr size_t kLogSourcesMax = 1'000;
inline constexpr size_t kGlobsMax = 100;
inline constexpr size_t kFollowedFilesMax = 20'000;
inline constexpr uint32_t kOpenFilesMin = 16;
inline constexpr uint32_t kOpenFilesMax = 60'000;
inline constexpr size_t kLineBytesMax = size_t{1} << 20;
inline constexpr size_t kErrorTypesMax = 100;  // For each log; the rest is "other".

// Sample rules.
inline constexpr size_t kSampleRulesMax = 100;
inline constexpr size_t kSampleRelabelsMax = 20;
inline constexpr size_t kSampleSourcesMax = 10;
inline constexpr size_t kSampleBucketsMax = 50;
inline constexpr uint32_t kSampleSeriesMax = 10'000;
inline constexpr uint32_t kSampleSeriesDefault = 100;

// Configuration.
inline constexpr size_t kProcessRulesMax = 1'000;
inline constexpr uint32_t kProcessComponentsMax = 10'000;
inline constexpr size_t kComponentLimitsMax = 1'000;
inline constexpr size_t kRetentionRulesMax = 8;
inline constexpr size_t kRetentionRuleNameBytesMax = 32;
inline constexpr size_t kRetentionMatchBytesMax = 4'096;
inline constexpr size_t kRuleFilesMax = 1'000;
inline constexpr size_t kConfigBytesMax = size_t{4} << 20;

// The port that everything uses unless told otherwise.
inline constexpr int kDefaultPort = 7460;

// What the configuration says instead of an address where HTTP is not to be served.
inline constexpr char kHttpOff[] = "off";

}  // namespace ora::contract
