#include "aggregator/http/envelope.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/http/json_text.h"

namespace ora::aggregator {
namespace {

constexpr absl::string_view kBegin = "{\"status\":\"success\",\"data\":";

std::string Notes(const AnswerNotes& notes) {
  std::string text;
  if (!notes.warnings.empty()) {
    text += ",\"warnings\":";
    AppendJsonTexts(notes.warnings, text);
  }
  if (!notes.infos.empty()) {
    text += ",\"infos\":";
    AppendJsonTexts(notes.infos, text);
  }
  return text;
}

struct ErrorKind {
  int http_status;
  absl::string_view type;
};

ErrorKind KindOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return {400, "bad_data"};
    case absl::StatusCode::kNotFound:
      return {404, "not_found"};
    case absl::StatusCode::kDeadlineExceeded:
      return {503, "timeout"};
    case absl::StatusCode::kCancelled:
      return {503, "canceled"};
    case absl::StatusCode::kUnavailable:
      return {503, "unavailable"};
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return {500, "internal"};
    default:
      return {422, "execution"};
  }
}

}  // namespace

HttpResponse Success(absl::string_view data, const AnswerNotes& notes) {
  HttpResponse response;
  response.body = absl::StrCat(kBegin, data, Notes(notes), "}");
  return response;
}

HttpResponse SuccessInParts(absl::string_view begin, std::function<bool(std::string& block)> more,
                            const AnswerNotes& notes) {
  HttpResponse response;
  response.body = absl::StrCat(kBegin, begin);
  response.more = [more = std::move(more),
                   end = absl::StrCat(Notes(notes), "}")](std::string& block) {
    if (more(block)) return true;
    absl::StrAppend(&block, end);
    return false;
  };
  return response;
}

HttpResponse Failure(const absl::Status& status) {
  const ErrorKind kind = KindOf(status.code());
  HttpResponse response;
  response.status = kind.http_status;
  response.body =
      absl::StrCat("{\"status\":\"error\",\"errorType\":\"", kind.type, "\",\"error\":");
  AppendJsonText({status.message().data(), status.message().size()}, response.body);
  response.body += '}';
  return response;
}

absl::Status AsExecutionError(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  return absl::FailedPreconditionError(status.message());
}

absl::Status InvalidParameter(absl::string_view name, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("invalid parameter \"", name, "\": ", message));
}

}  // namespace ora::aggregator
