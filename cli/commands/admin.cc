#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/csv.h"
#include "cli/render/json.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

constexpr char kVersion[] = ORA_VERSION;

std::string Bytes(uint64_t bytes) { return HumanBytes(static_cast<double>(bytes)); }

std::string HostsText(const v1::GetStatusResponse& status) {
  return absl::StrCat(status.hosts_live(), " live, ", status.hosts_silent(), " silent, ",
                      status.streams_open(), " streams open");
}

std::vector<Property> StatusProperties(const v1::GetStatusResponse& status, absl::Time now) {
  const v1::StorageStatus& storage = status.storage();
  const v1::ProcessStatus& process = status.process();
  const Tone hosts_tone = status.hosts_silent() > 0 ? Tone::kBad : Tone::kPlain;
  const Tone alerts_tone = status.alerts_firing() > 0 ? Tone::kBad : Tone::kPlain;
  const Tone damage_tone = storage.damaged_records() > 0 ? Tone::kBad : Tone::kPlain;
  const Cell writes = storage.refusal().empty()
                          ? Cell("accepted", Tone::kGood)
                          : Cell(absl::StrCat("refused: ", storage.refusal()), Tone::kBad);
  std::vector<Property> properties = {
      {"version", status.version()},
      {"started", HumanInstant(status.start_time(), now)},
      {"hosts", {HostsText(status), hosts_tone}},
      {"alerts firing", {HumanCount(status.alerts_firing()), alerts_tone}},
      {"storage", status.storage_uri()},
      {"writes", writes},
      {"series", HumanCount(storage.series())},
      {"samples", absl::StrCat(HumanCount(storage.samples_ingested()),
                               " ingested since the start, ", HumanCount(storage.samples_open()),
                               " open, ", HumanCount(storage.samples_sealed()), " sealed")},
      {"chunks",
       absl::StrCat(Bytes(storage.chunk_bytes()), " in ", HumanCount(storage.partitions()),
                    " partitions, ", HumanCount(storage.young_chunks()), " chunks not merged yet")},
      {"disk",
       absl::StrCat(Bytes(storage.disk_bytes()), " used, ", Bytes(storage.free_bytes()), " free")},
      {"damaged records", {HumanCount(storage.damaged_records()), damage_tone}},
      {"process", absl::StrCat(HumanSeconds(process.cpu_seconds()), " CPU, ",
                               Bytes(process.resident_bytes()), " resident, ", process.threads(),
                               " threads, ", process.open_fds(), " open files")}};
  for (const v1::NamedCounter& counter : status.counters()) {
    properties.push_back({counter.name(), HumanCount(counter.value())});
  }
  return properties;
}

}  // namespace

absl::StatusOr<ExitStatus> ShowStatus(Session& session) {
  ORA_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                       session.client.Call(v1::GetStatusRequest()));
  PrintOne(session, StatusProperties(status, session.now), status);
  return ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> MakeSnapshot(const std::string& name, Session& session) {
  v1::CreateSnapshotRequest request;
  request.set_name(
      !name.empty() ? name : absl::FormatTime("%Y%m%dT%H%M%SZ", session.now, absl::UTCTimeZone()));
  ORA_ASSIGN_OR_RETURN(const v1::CreateSnapshotResponse snapshot, session.client.Call(request));
  PrintOne(session, {{"snapshot", snapshot.uri()}, {"size", Bytes(snapshot.bytes())}}, snapshot);
  return ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> ShowVersion(Session& session) {
  const absl::StatusOr<v1::GetStatusResponse> status = session.client.Call(v1::GetStatusRequest());
  const std::string theirs = status.ok() ? status->version() : "";
  if (session.format == OutputFormat::kJson) {
    session.out << "{\n  \"client\": " << JsonText(kVersion)
                << ",\n  \"aggregator\": " << (status.ok() ? JsonText(theirs) : "null") << "\n}\n";
  } else if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, CsvLine({"client", "aggregator"}) + CsvLine({kVersion, theirs}));
  } else {
    session.out << "ora " << kVersion << "\n";
    if (status.ok()) {
      session.out << "ora-aggregator " << Printable(theirs) << " at " << Printable(session.address)
                  << "\n";
    } else {
      session.out << "no aggregator answers at " << Printable(session.address) << "\n";
    }
  }
  return ExitStatus::kDone;
}

}  // namespace ora::cli
