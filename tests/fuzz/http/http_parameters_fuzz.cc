// Any bytes as a form and as the parameters of the HTTP API: an answer or an error, never a crash;
// JSON text that is made of them is bounded and quoted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "aggregator/http/json_text.h"
#include "aggregator/http/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<ora::aggregator::HttpParameter> list;
  const bool parsed = ora::aggregator::ParseForm(text, list).ok();
  if (list.size() > ora::aggregator::kParametersMax) std::abort();
  if (!parsed) return 0;
  const ora::aggregator::Parameters parameters(list);
  (void)parameters.TimeMillis("t").ok();
  (void)parameters.DurationMillis("d").ok();
  (void)parameters.Limit("l").ok();
  (void)parameters.Selectors().ok();
  std::string json;
  ora::aggregator::AppendJsonText(text, json);
  if (json.size() < 2 || json.size() > 6 * size + 2) std::abort();
  return 0;
}
