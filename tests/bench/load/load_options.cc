#include "tests/bench/load/load_options.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"

namespace ora::bench {
namespace {

constexpr uint32_t kHostsMax = 100'000;
constexpr uint32_t kSeriesMax = 100'000;
constexpr uint32_t kWindowMax = 4'096;
constexpr uint32_t kPackMax = 256;
constexpr uint32_t kThreadsMax = 64;
constexpr absl::Duration kLateBy = absl::Hours(48);

// What is written as text and read afterwards.
struct TimeFlags {
  std::string step = "10s";
  std::string duration;
  std::string start;
  std::string warm_up = "0s";
  std::string settle_min = "70s";
  bool late = false;
  bool settle = false;
  bool json = false;
};

void AddLoadFlags(CLI::App& app, LoadOptions& options, TimeFlags& times) {
  auto* aggregator =
      app.add_option("--aggregator", options.aggregator, "HOST:PORT of one that runs");
  app.add_option("--binary", options.binary, "ora-aggregator to start in a scratch directory")
      ->excludes(aggregator);
  app.add_option("--config", options.config, "configuration file of the started aggregator");
  app.add_option("--pid", options.pid, "of the running aggregator, to read its /proc");
  app.add_option("--hosts", options.hosts, "how many")->check(CLI::Range(1U, kHostsMax));
  app.add_option("--host-prefix", options.workload.host_prefix, "hosts are PREFIX-NUMBER");
  app.add_option("--hosts-per-connection", options.hosts_per_connection, "1 as collectors do")
      ->check(CLI::Range(1U, kHostsMax));
  app.add_option("--series", options.workload.series_per_host, "of each host")
      ->check(CLI::Range(1U, kSeriesMax));
  app.add_option("--step", times.step, "between samples of a series");
  auto* duration = app.add_option("--duration", times.duration, "of data, such as 4h");
  app.add_option("--batches", options.batches, "of each host, one a step")->excludes(duration);
  app.add_option("--start", times.start, "time of the first samples, RFC 3339; data ends now");
  app.add_flag("--late", times.late, "the data ends two days ago");
  app.add_option("--rate", options.rate, "batches a second of each host; 0: as acknowledged")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--warm-up", times.warm_up, "with --rate: not measured at the begin");
  app.add_option("--window", options.window, "batches of a host that may be unacknowledged")
      ->check(CLI::Range(1U, kWindowMax));
  app.add_option("--pack", options.pack, "batches that go in a message when several are ready")
      ->check(CLI::Range(1U, kPackMax));
  app.add_option("--in-flight", options.in_flight, "batches of all hosts that may be; 0: no bound");
  app.add_option("--churn", options.workload.churn_an_hour, "share of series renamed an hour")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--seed", options.workload.seed, "of the values");
  app.add_option("--threads", options.threads, "of the client")->check(CLI::Range(1U, kThreadsMax));
  app.add_option("--verify", options.verified_series, "series to read back and compare");
  app.add_flag("--settle", times.settle, "with --binary: restart, wait for merging, measure bytes");
  app.add_option("--settle-min", times.settle_min, "how long merging may take to begin");
  app.add_flag("--json", times.json, "one JSON object instead of lines");
}

absl::StatusOr<absl::Duration> ReadDuration(absl::string_view flag, const std::string& text,
                                            absl::Duration min) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < min) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": is `", text, "`; say a duration of ",
                                                   absl::FormatDuration(min),
                                                   " or more, such as 10s or 4h"));
  }
  return duration;
}

absl::Status ApplyTimes(const TimeFlags& times, absl::Time now, LoadOptions& options) {
  const auto step = ReadDuration("--step", times.step, absl::Milliseconds(1));
  if (!step.ok()) return step.status();
  options.workload.step_millis = absl::ToInt64Milliseconds(*step);
  if (!times.duration.empty()) {
    const auto duration = ReadDuration("--duration", times.duration, *step);
    if (!duration.ok()) return duration.status();
    options.batches = static_cast<uint64_t>(*duration / *step);
  }
  if (options.batches == 0) return absl::InvalidArgumentError("--batches: is 0; say 1 or more");
  const auto warm_up = ReadDuration("--warm-up", times.warm_up, absl::ZeroDuration());
  if (!warm_up.ok()) return warm_up.status();
  options.warm_up = *warm_up;
  const auto settle_min = ReadDuration("--settle-min", times.settle_min, absl::ZeroDuration());
  if (!settle_min.ok()) return settle_min.status();
  options.settle_min = *settle_min;
  options.settling = times.settle ? Settling::kYes : Settling::kNo;
  options.form = times.json ? ReportForm::kJson : ReportForm::kLines;

  const absl::Duration length = static_cast<int64_t>(options.batches) * *step;
  // A steady load sends while time goes on, so its last sample is not ahead of the clock.
  options.start = now - length - (times.late ? kLateBy : absl::ZeroDuration());
  std::string error;
  if (!times.start.empty() &&
      !absl::ParseTime(absl::RFC3339_full, times.start, &options.start, &error)) {
    return absl::InvalidArgumentError(absl::StrCat("--start: is `", times.start, "`: ", error));
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const LoadOptions& options) {
  if (options.aggregator.empty() == options.binary.empty()) {
    return absl::InvalidArgumentError("say --binary PATH or --aggregator HOST:PORT");
  }
  if (options.settling == Settling::kYes && options.binary.empty()) {
    return absl::InvalidArgumentError(
        "--settle restarts the aggregator: it goes with --binary, not with --aggregator");
  }
  if (options.warm_up > absl::ZeroDuration() && options.rate == 0) {
    return absl::InvalidArgumentError("--warm-up goes with --rate");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> ParseLoadOptions(int argc, char** argv, absl::Time now) {
  CommandLine line;
  TimeFlags times;
  CLI::App app("Loads an Ora aggregator as a fleet of collectors does, and says what that costs.",
               "ora-load");
  AddLoadFlags(app, line.options, times);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    line.help = app.help();
    return line;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (absl::Status status = ApplyTimes(times, now, line.options); !status.ok()) return status;
  if (absl::Status status = CheckTogether(line.options); !status.ok()) return status;
  return line;
}

}  // namespace ora::bench
