// Steps that make the labels of a sample, as Prometheus's relabel_configs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "ora/config/v1/collector_config.pb.h"
#include "re2/re2.h"

namespace ora::collector {

// What is known of a line besides what a rule's regex finds in it.
struct SampleFacts {
  absl::string_view line;
  absl::string_view level;
  absl::string_view component;
  absl::string_view category;
  absl::string_view log;
};

// By name.
using SampleLabels = std::map<std::string, std::string, std::less<>>;

enum class RelabelResult { kKept, kDropped };

// Immutable.
class Relabeling {
 public:
  // `steps` have been checked (proto/contract).
  explicit Relabeling(const google::protobuf::RepeatedPtrField<config::v1::SampleRelabel>& steps);

  // Changes `labels` step by step; in the end none is empty and none begins with `__`.
  RelabelResult Apply(const SampleFacts& facts, SampleLabels& labels) const;

 private:
  struct Step {
    config::v1::SampleRelabelAction action;
    std::vector<std::string> sources;
    std::string separator;
    std::unique_ptr<RE2> regex;
    std::string target;
    std::string replacement;
  };

  static RelabelResult ApplyStep(const Step& step, const SampleFacts& facts, SampleLabels& labels);

  std::vector<Step> steps_;
};

}  // namespace ora::collector
