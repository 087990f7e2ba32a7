// What every answer of Prometheus's API is wrapped in:
// {"status":"success","data":...,"warnings":[...],"infos":[...]} or
// {"status":"error","errorType":"bad_data","error":"..."}.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "aggregator/http/http_server.h"

namespace ora::aggregator {

struct AnswerNotes {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

// `data` is JSON.
HttpResponse Success(absl::string_view data, const AnswerNotes& notes = {});

// The same with data that is made while it is sent: `begin` is its start, then `more` appends to it
// until it returns false.
HttpResponse SuccessInParts(absl::string_view begin, std::function<bool(std::string& block)> more,
                            const AnswerNotes& notes);

// The error type and the HTTP status by the code:
//   INVALID_ARGUMENT      bad_data   400
//   NOT_FOUND             not_found  404
//   DEADLINE_EXCEEDED     timeout    503
//   CANCELLED             canceled   503
//   UNAVAILABLE           unavailable 503
//   INTERNAL, DATA_LOSS   internal   500
//   all others            execution  422
HttpResponse Failure(const absl::Status& status);

// An error of an evaluation whose text and parameters were good: INVALID_ARGUMENT becomes a code
// that Failure calls `execution`.
absl::Status AsExecutionError(const absl::Status& status);

// `invalid parameter "time": MESSAGE`.
absl::Status InvalidParameter(absl::string_view name, absl::string_view message);

}  // namespace ora::aggregator
