#include "aggregator/services/series_listing.h"

#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/promql/engine.h"
#include "aggregator/services/messages.h"
#include "aggregator/services/paging.h"
#include "proto/contract/request_checks.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

using Selectors = std::vector<std::vector<storage::Matcher>>;

template <typename Request>
absl::StatusOr<Selectors> ParseSelectors(const Request& request) {
  Selectors selectors;
  for (int i = 0; i < request.selectors_size(); ++i) {
    absl::StatusOr<std::vector<storage::Matcher>> matchers =
        promql::ParseSelector(request.selectors(i));
    if (!matchers.ok()) return Annotate(matchers.status(), absl::StrCat("selectors[", i, "]"));
    selectors.push_back(*std::move(matchers));
  }
  return selectors;
}

// The strings that `read` gives for any of the selectors, or for all series if there is none.
template <typename ReadFn>
absl::StatusOr<Page<std::string>> StringPage(const Selectors& selectors, int32_t page_size,
                                             const std::string& token, const ReadFn& read) {
  std::set<std::string> found;
  const Selectors all = {{}};
  for (const std::vector<storage::Matcher>& matchers : selectors.empty() ? all : selectors) {
    ORA_ASSIGN_OR_RETURN(const std::vector<std::string> strings, read(matchers));
    found.insert(strings.begin(), strings.end());
  }
  ORA_ASSIGN_OR_RETURN(const int32_t size, contract::PageSize(page_size));
  return PageOf(std::vector<std::string>(found.begin(), found.end()), static_cast<size_t>(size),
                token, [](const std::string& text) { return text; });
}

// Labels as a page's key: the message, whose bytes are not in the order of the labels.
absl::StatusOr<storage::Labels> LabelsOfToken(const std::string& token) {
  ORA_ASSIGN_OR_RETURN(const std::string key, PageKey(token));
  v1::LabelSet labels;
  if (!labels.ParseFromString(key)) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token: is `", token, "`; send the next_page_token of the page before"));
  }
  return FromMessage(labels);
}

}  // namespace

absl::StatusOr<std::vector<storage::Labels>> SeriesListing::Select(
    const v1::ListSeriesRequest& request, const std::vector<storage::Matcher>& matchers,
    const storage::Labels& after, size_t count_max) {
  storage::SelectRequest select;
  select.matchers = matchers;
  select.range.start_millis = request.has_start() ? Millis(request.start()) : INT64_MIN;
  select.range.end_millis = request.has_end() ? Millis(request.end()) : INT64_MAX;
  select.series_max = series_max_;
  const bool in_range_only = request.has_start() || request.has_end();
  select.hints.by_labels_only = !in_range_only;
  ORA_ASSIGN_OR_RETURN(const std::unique_ptr<storage::SeriesCursor> cursor, reader_.Select(select));
  std::vector<storage::Labels> found;
  storage::SampleColumns columns;
  while (found.size() < count_max && cursor->Next()) {
    if (cursor->labels() <= after) continue;
    if (in_range_only) {
      ORA_RETURN_IF_ERROR(check_alive_());
      ORA_RETURN_IF_ERROR(cursor->ReadSamples(columns));
      if (columns.size() == 0) continue;
    }
    found.push_back(cursor->labels());
  }
  return found;
}

absl::StatusOr<v1::ListSeriesResponse> SeriesListing::List(const v1::ListSeriesRequest& request) {
  ORA_ASSIGN_OR_RETURN(const Selectors selectors, ParseSelectors(request));
  ORA_ASSIGN_OR_RETURN(const storage::Labels after, LabelsOfToken(request.page_token()));
  ORA_ASSIGN_OR_RETURN(const int32_t page_size, contract::PageSize(request.page_size()));
  const auto count = static_cast<size_t>(page_size);
  std::set<storage::Labels> found;
  for (const std::vector<storage::Matcher>& matchers : selectors) {
    ORA_RETURN_IF_ERROR(check_alive_());
    // One more than a page, so that it is known whether another follows.
    ORA_ASSIGN_OR_RETURN(std::vector<storage::Labels> series,
                         Select(request, matchers, after, count + 1));
    found.insert(std::make_move_iterator(series.begin()), std::make_move_iterator(series.end()));
  }
  v1::ListSeriesResponse response;
  for (const storage::Labels& labels : found) {
    if (static_cast<size_t>(response.series_size()) == count) {
      response.set_next_page_token(
          PageToken(response.series(response.series_size() - 1).SerializeAsString()));
      break;
    }
    *response.add_series() = ToMessage(labels);
  }
  return response;
}

absl::StatusOr<v1::ListLabelNamesResponse> SeriesListing::ListNames(
    const v1::ListLabelNamesRequest& request) {
  ORA_ASSIGN_OR_RETURN(const Selectors selectors, ParseSelectors(request));
  ORA_ASSIGN_OR_RETURN(
      Page<std::string> page,
      StringPage(selectors, request.page_size(), request.page_token(),
                 [this](const auto& matchers) { return reader_.LabelNames(matchers); }));
  v1::ListLabelNamesResponse response;
  for (std::string& name : page.items) response.add_names(std::move(name));
  response.set_next_page_token(page.next_page_token);
  return response;
}

absl::StatusOr<v1::ListLabelValuesResponse> SeriesListing::ListValues(
    const v1::ListLabelValuesRequest& request) {
  ORA_ASSIGN_OR_RETURN(const Selectors selectors, ParseSelectors(request));
  ORA_ASSIGN_OR_RETURN(Page<std::string> page,
                       StringPage(selectors, request.page_size(), request.page_token(),
                                  [this, &request](const auto& matchers) {
                                    return reader_.LabelValues(request.label(), matchers);
                                  }));
  v1::ListLabelValuesResponse response;
  for (std::string& value : page.items) response.add_values(std::move(value));
  response.set_next_page_token(page.next_page_token);
  return response;
}

}  // namespace ora::aggregator
