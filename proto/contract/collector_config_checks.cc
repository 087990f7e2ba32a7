#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/contract/config_checks.h"
#include "proto/contract/config_ranges.h"
#include "proto/contract/limits.h"
#include "proto/contract/sample_rule_checks.h"
#include "proto/status/status_macros.h"
#include "re2/re2.h"

namespace ora::contract {
namespace {

using config::v1::CollectorConfig;
using config::v1::LogSource;
using config::v1::ProcessRule;

constexpr absl::string_view kStateDirectoryDefault = "/var/lib/ora/collector";
constexpr uint32_t kOpenFilesDefault = 512;
constexpr uint32_t kProcessComponentsDefault = 200;
constexpr uint64_t kSpoolBytesDefault = uint64_t{1} << 30;

// The text logs that a Linux host writes of its own accord.
constexpr const char* kIncludeDefault[] = {
    "/var/log/**/*.log", "/var/log/syslog",     "/var/log/messages", "/var/log/auth.log",
    "/var/log/kern.log", "/var/log/daemon.log", "/var/log/user.log", "/var/log/mail.log",
};

// Binary files. Compressed backups are read, and are no logs of their own.
constexpr const char* kExcludeDefault[] = {
    "/var/log/journal/**", "/var/log/**/wtmp",    "/var/log/**/btmp",
    "/var/log/**/lastlog", "/var/log/**/faillog", "/var/log/sysstat/**",
};

absl::Status CheckRegex(absl::string_view field, const std::string& text) {
  const RE2 regex(text, RE2::Quiet);
  if (regex.ok()) return absl::OkStatus();
  return FieldError(field, absl::StrCat("`", text, "` is no RE2: ", regex.error()));
}

// `$1` to `$9` in a component must be groups of its regex.
absl::Status CheckGroups(absl::string_view field, const std::string& component,
                         const std::string& regex_text) {
  const RE2 regex(regex_text, RE2::Quiet);
  const int groups = regex_text.empty() ? 0 : regex.NumberOfCapturingGroups();
  for (size_t i = 0; i + 1 < component.size(); ++i) {
    if (component[i] != '$' || !absl::ascii_isdigit(component[i + 1])) continue;
    const int group = component[i + 1] - '0';
    if (group >= 1 && group <= groups) continue;
    return FieldError(field, absl::StrCat("names group $", group, " but its regex has ", groups));
  }
  if (component.size() > kLabelValueBytesMax) {
    return FieldError(
        field, absl::StrCat("has ", component.size(), " bytes; at most ", kLabelValueBytesMax));
  }
  return absl::OkStatus();
}

absl::Status CheckGlobs(absl::string_view field,
                        const google::protobuf::RepeatedPtrField<std::string>& globs) {
  ORA_RETURN_IF_ERROR(CheckCount(field, globs.size(), kGlobsMax));
  for (int i = 0; i < globs.size(); ++i) {
    if (absl::StartsWith(globs[i], "/") && !absl::EndsWith(globs[i], "/")) continue;
    return FieldError(absl::StrCat(field, "[", i, "]"),
                      absl::StrCat("is `", globs[i], "`; write an absolute glob of files"));
  }
  return absl::OkStatus();
}

absl::Status CheckLogSource(const std::string& path, const LogSource& source) {
  if (source.include().empty()) {
    return FieldError(absl::StrCat(path, ".include"), "is empty; write at least one glob");
  }
  ORA_RETURN_IF_ERROR(CheckGlobs(absl::StrCat(path, ".include"), source.include()));
  ORA_RETURN_IF_ERROR(CheckGlobs(absl::StrCat(path, ".exclude"), source.exclude()));
  ORA_RETURN_IF_ERROR(CheckRegex(absl::StrCat(path, ".component_regex"), source.component_regex()));
  return CheckGroups(absl::StrCat(path, ".component"), source.component(),
                     source.component_regex());
}

absl::Status CheckProcessRule(const std::string& path, const ProcessRule& rule) {
  if (rule.component().empty()) {
    return FieldError(absl::StrCat(path, ".component"),
                      "is empty; name the component that the processes make up");
  }
  ORA_RETURN_IF_ERROR(
      CheckRegex(absl::StrCat(path, ".command_line_regex"), rule.command_line_regex()));
  return CheckGroups(absl::StrCat(path, ".component"), rule.component(), rule.command_line_regex());
}

absl::Status CheckIdentity(const CollectorConfig& config) {
  const std::string& id = config.collector_id();
  const bool plain =
      id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!plain || id.size() > kCollectorIdBytesMax) {
    return FieldError("collector_id",
                      absl::StrCat("is `", id, "`; write 1 to ", kCollectorIdBytesMax,
                                   " characters of [a-z0-9-]"));
  }
  if (config.instance().size() > kInstanceBytesMax) {
    return FieldError("instance", absl::StrCat("has ", config.instance().size(), " bytes; at most ",
                                               kInstanceBytesMax));
  }
  if (!config.state_directory().empty() && !absl::StartsWith(config.state_directory(), "/")) {
    return FieldError("state_directory",
                      absl::StrCat("is `", config.state_directory(), "`; write an absolute path"));
  }
  return absl::OkStatus();
}

absl::Status CheckJournal(const config::v1::JournalConfig& journal) {
  const std::string& directory = journal.directory();
  if (directory.empty() || absl::StartsWith(directory, "/")) return absl::OkStatus();
  return FieldError("journal.directory",
                    absl::StrCat("is `", directory, "`; write an absolute path"));
}

absl::Status CheckIntervals(const CollectorConfig& config) {
  if (config.has_sample_interval()) {
    ORA_RETURN_IF_ERROR(CheckDuration("sample_interval", config.sample_interval(),
                                      {absl::Milliseconds(100), absl::Minutes(5)}));
  }
  if (config.has_poll_interval()) {
    ORA_RETURN_IF_ERROR(CheckDuration("poll_interval", config.poll_interval(),
                                      {absl::Milliseconds(10), absl::Minutes(1)}));
  }
  if (config.has_discovery_interval()) {
    ORA_RETURN_IF_ERROR(CheckDuration("discovery_interval", config.discovery_interval(),
                                      {absl::Milliseconds(100), absl::Hours(1)}));
  }
  if (config.has_unfinished_line_timeout()) {
    ORA_RETURN_IF_ERROR(CheckDuration("unfinished_line_timeout", config.unfinished_line_timeout(),
                                      {absl::Milliseconds(100), absl::Hours(1)}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const CollectorConfig& config) {
  if (!config.aggregator().empty()) {
    ORA_RETURN_IF_ERROR(CheckAddress("aggregator", config.aggregator(), PortZero::kRefused));
  }
  ORA_RETURN_IF_ERROR(CheckIdentity(config));
  ORA_RETURN_IF_ERROR(CheckIntervals(config));
  ORA_RETURN_IF_ERROR(CheckJournal(config.journal()));
  ORA_RETURN_IF_ERROR(CheckCount("logs", config.logs_size(), kLogSourcesMax));
  for (int i = 0; i < config.logs_size(); ++i) {
    ORA_RETURN_IF_ERROR(CheckLogSource(absl::StrCat("logs[", i, "]"), config.logs(i)));
  }
  ORA_RETURN_IF_ERROR(
      CheckNumber("open_files_max", config.open_files_max(), {kOpenFilesMin, kOpenFilesMax}));
  const config::v1::ProcessConfig& processes = config.processes();
  ORA_RETURN_IF_ERROR(CheckCount("processes.rules", processes.rules_size(), kProcessRulesMax));
  for (int i = 0; i < processes.rules_size(); ++i) {
    ORA_RETURN_IF_ERROR(
        CheckProcessRule(absl::StrCat("processes.rules[", i, "]"), processes.rules(i)));
  }
  ORA_RETURN_IF_ERROR(CheckNumber("processes.components_max", processes.components_max(),
                                  {1, kProcessComponentsMax}));
  ORA_RETURN_IF_ERROR(CheckSampleRules(config.sample_rules()));
  return CheckNumber("spool.size_bytes_max", config.spool().size_bytes_max(),
                     {uint64_t{1} << 20, uint64_t{1} << 40});
}

void FillDefaults(CollectorConfig& config) {
  for (config::v1::SampleRule& rule : *config.mutable_sample_rules()) {
    if (rule.series_max() == 0) rule.set_series_max(kSampleSeriesDefault);
  }
  if (config.aggregator().empty()) {
    config.set_aggregator(absl::StrCat("127.0.0.1:", kDefaultPort));
  }
  if (config.state_directory().empty()) {
    config.set_state_directory(std::string(kStateDirectoryDefault));
  }
  if (!config.has_sample_interval()) {
    *config.mutable_sample_interval() = ToProto(absl::Seconds(10));
  }
  if (!config.has_poll_interval()) {
    *config.mutable_poll_interval() = ToProto(absl::Milliseconds(500));
  }
  if (!config.has_discovery_interval()) {
    *config.mutable_discovery_interval() = ToProto(absl::Seconds(5));
  }
  if (!config.has_unfinished_line_timeout()) {
    *config.mutable_unfinished_line_timeout() = ToProto(absl::Seconds(5));
  }
  if (config.open_files_max() == 0) config.set_open_files_max(kOpenFilesDefault);
  if (config.logs().empty()) {
    LogSource& source = *config.add_logs();
    for (const char* glob : kIncludeDefault) source.add_include(glob);
    for (const char* glob : kExcludeDefault) source.add_exclude(glob);
  }
  for (LogSource& source : *config.mutable_logs()) {
    if (source.start() == config::v1::START_POSITION_UNSPECIFIED) {
      source.set_start(config::v1::START_POSITION_BEGINNING);
    }
  }
  if (config.processes().components_max() == 0) {
    config.mutable_processes()->set_components_max(kProcessComponentsDefault);
  }
  config::v1::SpoolConfig& spool = *config.mutable_spool();
  if (spool.size_bytes_max() == 0) spool.set_size_bytes_max(kSpoolBytesDefault);
  if (spool.when_full() == config::v1::SPOOL_FULL_POLICY_UNSPECIFIED) {
    spool.set_when_full(config::v1::SPOOL_FULL_POLICY_STOP_READING);
  }
}

}  // namespace ora::contract
