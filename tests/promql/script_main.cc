// promql-script [OPTIONS] FILE...: runs scripts and tells what failed; exit status 0 only without
// failures, 2 if a file or an option is not understood.
#include <fstream>
#include <iostream>
#include <sstream>

#include "CLI/CLI.hpp"
#include "aggregator/promql/parser/literals.h"
#include "storage/env/real_clock.h"
#include "tests/promql/script_runner.h"

namespace ora::promql {
namespace {

// Durations as PromQL writes them: `5m`.
struct SettingTexts {
  std::string lookback = "5m";
  std::string subquery_step = "1m";
  std::string timeout = "100s";
  std::string names = "delayed";
};

bool ReadMillis(const char* option, const std::string& text, int64_t* millis) {
  const absl::StatusOr<int64_t> parsed = ParseDurationMillis(text);
  if (!parsed.ok() || *parsed <= 0) {
    std::cerr << "promql-script: " << option << " is " << text << ", expected a duration such as "
              << "5m\n";
    return false;
  }
  *millis = *parsed;
  return true;
}

bool ReadSettings(const SettingTexts& texts, ScriptSettings* settings) {
  int64_t timeout_millis = 0;
  if (!ReadMillis("--lookback", texts.lookback, &settings->lookback_millis) ||
      !ReadMillis("--subquery-step", texts.subquery_step, &settings->subquery_step_millis) ||
      !ReadMillis("--timeout", texts.timeout, &timeout_millis)) {
    return false;
  }
  settings->timeout = absl::Milliseconds(timeout_millis);
  settings->name_removal = texts.names == "delayed" ? NameRemoval::kDelayed : NameRemoval::kAtOnce;
  return true;
}

int RunFiles(const std::vector<std::string>& files, const ScriptSettings& settings) {
  storage::RealClock clock;
  size_t passed = 0;
  size_t failed = 0;
  std::map<std::string, size_t> skipped;
  for (const std::string& name : files) {
    std::ifstream file(name);
    if (!file) {
      std::cerr << name << ": cannot be read\n";
      return 2;
    }
    std::ostringstream text;
    text << file.rdbuf();
    const ScriptOutcome outcome = RunScript(text.str(), settings, clock);
    passed += outcome.passed;
    failed += outcome.failures.size();
    for (const auto& [reason, count] : outcome.skipped) skipped[reason] += count;
    for (const ScriptFailure& failure : outcome.failures) {
      std::cout << name << ":" << failure.line << ": " << failure.reason << "\n";
    }
  }
  size_t skipped_in_all = 0;
  for (const auto& [reason, count] : skipped) {
    std::cout << "skipped " << count << ": " << reason << "\n";
    skipped_in_all += count;
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped_in_all << " skipped\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ora::promql

int main(int argc, char** argv) {
  ora::promql::SettingTexts texts;
  ora::promql::ScriptSettings settings;
  std::vector<std::string> files;
  CLI::App app("Runs scripts in the form of Prometheus's tests: load, eval, expect.");
  app.add_option("FILE", files, "Scripts")->required();
  app.add_option("--lookback", texts.lookback, "How old a sample may be")->capture_default_str();
  app.add_option("--subquery-step", texts.subquery_step, "The step of subqueries that name none")
      ->capture_default_str();
  app.add_option("--timeout", texts.timeout, "Of one query")->capture_default_str();
  app.add_option("--samples-max", settings.samples_max, "Samples that one query may read")
      ->capture_default_str();
  app.add_option("--names", texts.names, "When names go from results")
      ->check(CLI::IsMember({"delayed", "at-once"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!ora::promql::ReadSettings(texts, &settings)) return 2;
  return ora::promql::RunFiles(files, settings);
}
