// query-load: asks an aggregator that holds workload W1 the nine queries, or prints them for
// others.
//
//   query-load --aggregator HOST:PORT --pid PID --start-millis N --end-millis N
//   query-load --list --start-millis N --end-millis N
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "tests/bench/query/query_load.h"

namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitWrongUse = 2;

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// One JSON object a line, in the order in which they are asked.
void PrintQueries(const ora::bench::QueryLoadOptions& options) {
  for (const absl::string_view name : ora::bench::W1QueryNames()) {
    for (uint32_t turn = 0; turn < options.warm_up + options.turns; ++turn) {
      const auto query = ora::bench::MakeW1Query(name, turn, options.stored);
      absl::PrintF("{\"name\":%s,\"query\":%s,\"start\":%d,\"end\":%d,\"step\":%d}\n",
                   Quoted(std::string(name)), Quoted(query.expression), query.start_millis,
                   query.end_millis, query.step_millis);
    }
  }
}

void PrintFigures(const ora::bench::QueryFigures& one) {
  absl::PrintF(
      "{\"name\":%s,\"cpu_ms\":%.4f,\"wall_ms\":%.4f,\"samples_read\":%d,\"series_selected\":%d,"
      "\"series_returned\":%d}\n",
      Quoted(one.name), one.cpu_ms, one.wall_ms, one.samples_read, one.series_selected,
      one.series_returned);
}

}  // namespace

int main(int argc, char** argv) {
  ora::bench::QueryLoadOptions options;
  CLI::App app("Asks the nine queries over workload W1.", "query-load");
  bool list = false;
  app.add_flag("--list", list, "print the queries, in milliseconds, as JSON; ask nobody");
  app.add_option("--aggregator", options.aggregator, "HOST:PORT");
  app.add_option("--pid", options.pid, "the aggregator's process");
  app.add_option("--only", options.only, "the name of one query");
  app.add_option("--hosts", options.stored.hosts, "how many are stored");
  app.add_option("--start-millis", options.stored.start_millis, "of what is stored")->required();
  app.add_option("--end-millis", options.stored.end_millis, "of what is stored")->required();
  app.add_option("--turns", options.turns, "how often each query is measured")
      ->check(CLI::PositiveNumber);
  app.add_option("--warm-up", options.warm_up, "how often each query is asked before");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitWrongUse;
  }
  if (list) {
    PrintQueries(options);
    return kExitDone;
  }
  const auto figures = ora::bench::RunQueryLoad(options);
  if (!figures.ok()) {
    std::fprintf(stderr, "query-load: %s\n", std::string(figures.status().message()).c_str());
    return kExitFailed;
  }
  for (const ora::bench::QueryFigures& one : *figures) PrintFigures(one);
  return kExitDone;
}
