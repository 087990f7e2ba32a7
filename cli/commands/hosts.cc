#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/units.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

absl::StatusOr<v1::HostState> ParseState(const std::string& state) {
  if (state.empty()) return v1::HOST_STATE_UNSPECIFIED;
  if (state == "live") return v1::HOST_STATE_LIVE;
  if (state == "silent") return v1::HOST_STATE_SILENT;
  return absl::InvalidArgumentError(
      absl::StrCat("--state: `", state, "` is no state of a host; say live or silent"));
}

Cell StateCell(v1::HostState state) {
  if (state == v1::HOST_STATE_LIVE) return {"live", Tone::kGood};
  if (state == v1::HOST_STATE_SILENT) return {"silent", Tone::kBad};
  return "";
}

// Zero is what a host that has not said its memory has.
std::string MemoryText(const v1::Host& host) {
  const uint64_t bytes = host.description().memory_bytes();
  return bytes == 0 ? "" : HumanBytes(static_cast<double>(bytes));
}

std::string CpuText(const v1::Host& host) {
  const uint32_t count = host.description().cpu_count();
  return count == 0 ? "" : absl::StrCat(count);
}

std::string HeardText(const v1::Host& host, absl::Time now) {
  return host.has_last_heard_time() ? HumanAge(ToTime(host.last_heard_time()), now) : "never";
}

Table HostTable(const v1::ListHostsResponse& response, absl::Time now) {
  Table table;
  table.columns = {{.title = "HOST", .cut = Cut::kMiddle},
                   {.title = "STATE"},
                   {.title = "HEARD", .align = Align::kRight, .rank = 1},
                   {.title = "CPUS", .align = Align::kRight, .rank = 4},
                   {.title = "MEMORY", .align = Align::kRight, .rank = 3},
                   {.title = "SPOOL", .align = Align::kRight, .rank = 2},
                   {.title = "VERSION", .rank = 5, .cut = Cut::kEnd},
                   {.title = "SYSTEM", .rank = 6, .cut = Cut::kEnd}};
  for (const v1::Host& host : response.hosts()) {
    table.rows.push_back({host.instance(), StateCell(host.state()), HeardText(host, now),
                          CpuText(host), MemoryText(host),
                          HumanBytes(static_cast<double>(host.spool_bytes())), host.version(),
                          host.description().operating_system()});
  }
  return table;
}

std::vector<Property> HostProperties(const v1::Host& host, absl::Time now) {
  const v1::HostDescription& description = host.description();
  return {
      {"host", host.instance()},
      {"state", StateCell(host.state())},
      {"heard", HumanInstant(host.last_heard_time(), now)},
      {"connected", HumanInstant(host.connect_time(), now)},
      {"newest batch", HumanInstant(host.last_batch_time(), now)},
      {"collector", host.collector_id()},
      {"version", host.version()},
      {"collector start", HumanInstant(host.collector_start_time(), now)},
      {"system", description.operating_system()},
      {"kernel", description.kernel()},
      {"cpus", CpuText(host)},
      {"memory", MemoryText(host)},
      {"booted", HumanInstant(description.boot_time(), now)},
      {"spool", HumanBytes(static_cast<double>(host.spool_bytes()))},
      {"clock skew", host.has_clock_skew() ? HumanDuration(ToDuration(host.clock_skew())) : ""},
      {"durable sequence", HumanCount(host.durable_sequence())},
      {"batches stored", HumanCount(host.batches_stored())},
      {"samples stored", HumanCount(host.samples_stored())},
      {"samples rejected",
       {HumanCount(host.samples_rejected()),
        host.samples_rejected() > 0 ? Tone::kWarning : Tone::kPlain}},
  };
}

}  // namespace

absl::StatusOr<ExitStatus> ListHosts(const HostsListOptions& options, Session& session) {
  v1::ListHostsRequest request;
  ORA_ASSIGN_OR_RETURN(const v1::HostState state, ParseState(options.state));
  request.set_state(state);
  ORA_ASSIGN_OR_RETURN(
      const v1::ListHostsResponse response,
      CallForAllPages<v1::ListHostsResponse>(session.client, request,
                                             [](auto& page) { return page.mutable_hosts(); }));
  PrintList(session, HostTable(response, session.now), PointersTo(response.hosts()),
            *v1::Host::descriptor(),
            options.state.empty() ? "no host has connected yet; start ora-collector on one"
                                  : absl::StrCat("no host is ", options.state));
  return ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> ShowHost(const std::string& instance, Session& session) {
  v1::GetHostRequest request;
  request.set_instance(instance);
  ORA_ASSIGN_OR_RETURN(const v1::Host host, session.client.Call(request));
  PrintOne(session, HostProperties(host, session.now), host);
  return ExitStatus::kDone;
}

}  // namespace ora::cli
