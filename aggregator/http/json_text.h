// JSON as Prometheus's HTTP API writes it: texts, numbers, times and labels.
//
// Each function appends to `out`. What is no UTF-8 becomes U+FFFD, so that the whole stays JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "storage/labels.h"

namespace ora::aggregator {

// With its quotes.
void AppendJsonText(absl::string_view text, std::string& out);

// A sample's value, in quotes: the shortest decimal that reads back as it, with an exponent below
// 1e-6 and from 1e21 on; `NaN`, `+Inf`, `-Inf`.
void AppendJsonValue(double value, std::string& out);

// Without quotes: a finite number; 0 for others.
void AppendJsonNumber(double value, std::string& out);

// Seconds: `1500000000`, `1.500`.
void AppendJsonSeconds(int64_t time_millis, std::string& out);

// `[1500000000,"0.5"]`.
void AppendJsonPoint(int64_t time_millis, double value, std::string& out);

// `{"__name__":"up","job":"node"}`.
void AppendJsonLabels(const storage::Labels& labels, std::string& out);

// `["a","b"]`.
void AppendJsonTexts(const std::vector<std::string>& texts, std::string& out);

}  // namespace ora::aggregator
