// A sink that tests ask what it was given.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "collector/series/sample_sink.h"

namespace ora::collector {

// Series are told as `metric{a="b",c="d"}`, labels sorted.
class RecordingSink final : public SampleSink {
 public:
  SeriesId Intern(absl::string_view metric, absl::Span<const LabelPair> labels) override {
    std::vector<std::string> parts;
    for (const LabelPair& label : labels) {
      if (!label.value.empty()) parts.push_back(absl::StrCat(label.name, "=\"", label.value, "\""));
    }
    std::sort(parts.begin(), parts.end());
    std::string name(metric);
    if (!parts.empty()) absl::StrAppend(&name, "{", absl::StrJoin(parts, ","), "}");
    const auto [at, made] = ids_.emplace(name, static_cast<SeriesId>(names_.size() + 1));
    if (made) names_.push_back(name);
    ++interned_;
    return at->second;
  }

  void Add(SeriesId series, double value) override {
    if (!values_.emplace(names_.at(series - 1), value).second) ++doubled_;
  }

  void AddBirth(SeriesId series) override { births_.insert(names_.at(series - 1)); }

  void BeginTick() {
    values_.clear();
    births_.clear();
    interned_ = 0;
  }

  absl::optional<double> Value(const std::string& series) const {
    const auto found = values_.find(series);
    if (found == values_.end()) return absl::nullopt;
    return found->second;
  }

  const std::map<std::string, double>& values() const { return values_; }
  const std::set<std::string>& births() const { return births_; }
  // Calls of Intern in this tick, and samples that came twice in any.
  int interned() const { return interned_; }
  int doubled() const { return doubled_; }

 private:
  std::map<std::string, SeriesId> ids_;
  std::vector<std::string> names_;
  std::map<std::string, double> values_;
  std::set<std::string> births_;
  int interned_ = 0;
  int doubled_ = 0;
};

}  // namespace ora::collector
