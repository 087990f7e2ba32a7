#include "cli/run.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/arguments.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "proto/contract/limits.h"

namespace ora::cli {
namespace {

// Of gRPC's `failed to connect to all addresses; last error: ...: Connection refused` what a person
// needs: `connection refused`. A server's own words are left as they are.
std::string UnreachableReason(absl::string_view message) {
  if (!absl::StartsWith(message, "failed to connect") &&
      !absl::StartsWith(message, "DNS resolution failed")) {
    return std::string(message);
  }
  const size_t colon = message.rfind(": ");
  std::string reason(colon == absl::string_view::npos ? message : message.substr(colon + 2));
  if (!reason.empty()) reason[0] = absl::ascii_tolower(static_cast<unsigned char>(reason[0]));
  return reason;
}

std::string ErrorText(const absl::Status& status, const std::string& address,
                      absl::Duration timeout) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return absl::StrCat("cannot reach the aggregator at ", address, ": ",
                          UnreachableReason(status.message()),
                          "; is ora-aggregator running? set --aggregator or ORA_AGGREGATOR");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("the aggregator at ", address, " did not answer within ",
                          HumanDuration(timeout),
                          "; check the address, or raise --timeout for a heavy request");
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the aggregator at ", address,
                          " does not know this request; is it older than this ora? see "
                          "`ora version`");
    default:
      return status.message().empty() ? absl::StatusCodeToString(status.code())
                                      : std::string(status.message());
  }
}

ExitStatus StatusOfError(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return ExitStatus::kWrongUse;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitStatus::kUnreachable;
    default:
      return ExitStatus::kBadNews;
  }
}

TableStyle StyleFor(const Arguments& arguments, const Surroundings& surroundings) {
  TableStyle style;
  style.width = arguments.width;
  if (!surroundings.terminal_width.has_value()) return style;
  int columns = 0;
  if (!absl::SimpleAtoi(surroundings.variable("COLUMNS"), &columns) || columns < 1) {
    columns = *surroundings.terminal_width;
  }
  if (!style.width.has_value()) style.width = columns;
  const bool wants_none =
      !surroundings.variable("NO_COLOR").empty() || surroundings.variable("TERM") == "dumb";
  style.colors = wants_none ? Colors::kOff : Colors::kOn;
  return style;
}

std::string AddressFor(const Arguments& arguments, const Surroundings& surroundings) {
  if (!arguments.aggregator.empty()) return arguments.aggregator;
  const std::string variable = surroundings.variable("ORA_AGGREGATOR");
  return variable.empty() ? absl::StrCat("127.0.0.1:", contract::kDefaultPort) : variable;
}

void PrintError(const Surroundings& surroundings, absl::string_view text) {
  surroundings.err << "ora: " << Printable(text) << "\n";
}

}  // namespace

ExitStatus Run(const std::vector<std::string>& words, const Surroundings& surroundings) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(words);
  if (!arguments.ok()) {
    PrintError(surroundings, arguments.status().message());
    return ExitStatus::kWrongUse;
  }
  if (!arguments->help.empty()) {
    surroundings.out << arguments->help << std::flush;
    return ExitStatus::kDone;
  }
  const std::string address = AddressFor(*arguments, surroundings);
  const absl::StatusOr<std::unique_ptr<AggregatorClient>> client =
      surroundings.connect(address, surroundings.now + arguments->timeout);
  if (!client.ok()) {
    PrintError(surroundings, client.status().message());
    return ExitStatus::kWrongUse;
  }
  Session session{.client = **client,
                  .format = arguments->format,
                  .style = StyleFor(*arguments, surroundings),
                  .now = surroundings.now,
                  .address = address,
                  .out = surroundings.out,
                  .err = surroundings.err,
                  .files = surroundings.files};
  const absl::StatusOr<ExitStatus> result = arguments->command(session);
  if (!result.ok()) {
    PrintError(surroundings, ErrorText(result.status(), address, arguments->timeout));
    return StatusOfError(result.status().code());
  }
  surroundings.out.flush();
  if (!surroundings.out) {
    PrintError(surroundings, "cannot write the output; is the disk full?");
    return ExitStatus::kBadNews;
  }
  return *result;
}

}  // namespace ora::cli
