#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands/commands.h"
#include "cli/time_words.h"
#include "proto/contract/limits.h"
#include "proto/status/annotate.h"
#include "proto/status/status_macros.h"

namespace ora::cli {
namespace {

constexpr int kWidthMin = 20;
constexpr int kWidthMax = 10'000;

// A word further than this from what was typed is not what was meant.
constexpr size_t kTyposMax = 2;

// Where the descriptions of a help text begin; lines fit 80 columns with it.
constexpr size_t kHelpColumn = 25;

constexpr char kSharedFooter[] =
    "Everywhere: -o table|json|csv, --aggregator HOST:PORT, --timeout 10s, --width N.";

// The number of letters to insert, remove, replace or swap to get from `a` to `b`.
size_t Typos(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// `; did you mean WORD` for the known word that is nearest to `typed`, or nothing.
std::string Suggestion(absl::string_view typed, const std::vector<std::string>& known) {
  const std::string* nearest = nullptr;
  size_t typos = std::min(kTyposMax, typed.size() / 2) + 1;
  for (const std::string& word : known) {
    const bool is_beginning = typed.size() >= 2 && absl::StartsWith(word, typed);
    const size_t distance = is_beginning ? 0 : Typos(typed, word);
    if (distance < typos) {
      typos = distance;
      nearest = &word;
    }
  }
  return nearest == nullptr ? "" : absl::StrCat("; did you mean `", *nearest, "`?");
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// The command of this name, or null.
const CLI::App* FindCommand(const CLI::App& app, absl::string_view name) {
  const std::vector<const CLI::App*> commands = app.get_subcommands(nullptr);
  const auto found =
      std::find_if(commands.begin(), commands.end(),
                   [name](const CLI::App* command) { return command->get_name() == name; });
  return found == commands.end() ? nullptr : *found;
}

// `ora logs list`.
std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr
             ? app.get_name()
             : absl::StrCat(FullName(*app.get_parent()), " ", app.get_name());
}

// The commands that `ora` knows, and the variables that parsing fills.
class Grammar {
 public:
  Grammar() : root_("Asks an Ora aggregator about hosts, logs, series and alerts.", "ora") {
    root_.fallthrough();
    root_.get_formatter()->column_width(kHelpColumn);
    root_.require_subcommand(1);
    root_.set_version_flag("--version", std::string("ora " ORA_VERSION));
    root_.add_option("-o,--output", output_, "table, json or csv")->type_name("FORMAT");
    root_.add_option("--aggregator", aggregator_, "default: $ORA_AGGREGATOR, else 127.0.0.1:7460")
        ->type_name("HOST:PORT");
    root_.add_option("--timeout", timeout_, "for the whole command: 5s, 1m; default 10s")
        ->type_name("DURATION");
    root_.add_option("--width", width_, "columns that tables fit; default the terminal's")
        ->type_name("N")
        ->check(CLI::Range(kWidthMin, kWidthMax, "columns"));
    root_.footer(
        "Example: ora hosts list -o json\n"
        "Exit status: 0 done, 1 bad news or a failed call, 2 wrong use, 3 unreachable.");
    AddHosts();
    AddLogs();
    AddQueries();
    AddAlerts();
    AddRules();
    AddAdmin();
    AddCommand(root_, "version", "Shows the versions of this program and the aggregator",
               "ora version --aggregator db1:7460", ShowVersion);
  }

  absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) {
    ORA_RETURN_IF_ERROR(CheckCommandWords(words));
    try {
      root_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::CallForHelp&) {
      Arguments arguments;
      arguments.help = root_.help();
      return arguments;
    } catch (const CLI::CallForVersion& version) {
      Arguments arguments;
      arguments.help = absl::StrCat(version.what(), "\n");
      return arguments;
    } catch (const CLI::ParseError& error) {
      // Said first: a value may be missing only because the word for it looks like a flag.
      if (!root_.remaining(true).empty()) return ExtraWord(words);
      return WrongUse(error.what());
    }
    return Collect();
  }

 private:
  CLI::App* AddGroup(const char* name, const char* description) {
    CLI::App* group = root_.add_subcommand(name, description);
    group->require_subcommand(1);
    group->footer(absl::StrCat("`ora ", name, " COMMAND --help` says more."));
    return group;
  }

  CLI::App* AddCommand(CLI::App& parent, const char* name, const char* description,
                       const char* example, Command command) {
    CLI::App* leaf = parent.add_subcommand(name, description);
    leaf->footer(absl::StrCat("Example: ", example, "\n", kSharedFooter));
    leaf->callback([this, command = std::move(command)] { command_ = command; });
    return leaf;
  }

  void AddHosts() {
    CLI::App* group = AddGroup("hosts", "Hosts, and whether they are heard");
    CLI::App* list = AddCommand(*group, "list", "Lists every host whose collector ever connected",
                                "ora hosts list --state silent",
                                [this](Session& session) { return ListHosts(hosts_, session); });
    list->add_option("--state", hosts_.state, "only live or only silent hosts")->type_name("STATE");
    CLI::App* show = AddCommand(*group, "show", "Shows all about one host", "ora hosts show web1",
                                [this](Session& session) { return ShowHost(host_, session); });
    show->add_option("HOST", host_, "the host's name")->required()->type_name("");
  }

  void AddLogs() {
    CLI::App* group = AddGroup("logs", "Logs, each with its rotated backups");
    CLI::App* list = AddCommand(*group, "list", "Lists the logs that collectors follow",
                                "ora logs list --host web1 --component scheduler",
                                [this](Session& session) { return ListLogs(logs_, session); });
    list->add_option("--host", logs_.instance, "only logs of this host")->type_name("HOST");
    list->add_option("--component", logs_.component, "only logs of this component")
        ->type_name("NAME");
    CLI::App* analyze =
        AddCommand(*group, "analyze",
                   "Growth, levels, error types and response times over a window that ends now",
                   "ora logs analyze web1:/var/log/app/scheduler.log --window 1h",
                   [this](Session& session) { return AnalyzeLogs(analysis_, session); });
    analyze->add_option("LOG", analysis_.log, "HOST:PATH, a path, its last part or a component")
        ->type_name("");
    analyze->add_option("--window", analysis_.window, "10s to 30d; default 10m")
        ->type_name("DURATION");
    analyze->add_option("--limit", analysis_.log_count_max, "at most so many logs; default 100")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000, "logs"));
  }

  void AddQueries() {
    CLI::App* query = AddCommand(root_, "query", "Evaluates PromQL, now or over a range of time",
                                 "ora query 'rate(ora_log_lines_total[5m])' --start -1h --step 1m",
                                 [this](Session& session) { return Query(query_, session); });
    query->add_option("EXPR", query_.expression, "PromQL; after -- if it begins with a dash")
        ->required()
        ->type_name("");
    const char* times = "RFC 3339, unix seconds, now-1h or -1h";
    query->add_option("--time", query_.time, absl::StrCat("the instant: ", times))
        ->type_name("TIME");
    query->add_option("--start", query_.start, "makes it a range query")->type_name("TIME");
    query->add_option("--end", query_.end, "default now")->type_name("TIME");
    query->add_option("--step", query_.step, "default a 60th of the range")->type_name("DURATION");
    query->add_flag("--plot", query_.plot, "draw a range query's series");
    query->add_flag("--explain", query_.explain, "the expression's tree, and what each node cost");
    CLI::App* series = AddCommand(
        root_, "series", "Lists the series that selectors match", "ora series 'up{job=\"node\"}'",
        [this](Session& session) { return ListSeries(series_, session); });
    series->add_option("SELECTOR", series_.selectors, "such as 'up{job=\"node\"}'; 1 to 16")
        ->required()
        ->type_name("");
    series->add_option("--start", series_.start, "only with samples since then")->type_name("TIME");
    series->add_option("--end", series_.end, "only with samples until then")->type_name("TIME");
    CLI::App* labels =
        AddCommand(root_, "labels", "Lists the names of labels, or one's values",
                   "ora labels component --match 'ora_log_lines_total'",
                   [this](Session& session) { return ListLabels(labels_, session); });
    labels->add_option("NAME", labels_.name, "list the values of this label")->type_name("");
    labels->add_option("--match", labels_.selectors, "only of series that this selector matches")
        ->type_name("SELECTOR")
        ->allow_extra_args(false);
  }

  void AddAlerts() {
    CLI::App* group = AddGroup("alerts", "Alerts: pending, firing, unknown or resolved");
    CLI::App* list =
        AddCommand(*group, "list", "Lists alerts, the worst first; resolved ones only if asked for",
                   "ora alerts list --state firing --exit-code",
                   [this](Session& session) { return ListAlerts(alerts_, session); });
    list->add_option("--state", alerts_.states, "pending, firing, unknown, resolved, all")
        ->type_name("STATE")
        ->delimiter(',')
        ->allow_extra_args(false);
    list->add_option("--host", alerts_.instance, "only alerts about this host")->type_name("HOST");
    list->add_option("--component", alerts_.component, "only alerts about this component")
        ->type_name("NAME");
    list->add_flag("--exit-code", alerts_.judge, "exit status 1 if an alert of the list fires");
    CLI::App* show =
        AddCommand(*group, "show", "Shows all about one alert", "ora alerts show 3f2a",
                   [this](Session& session) { return ShowAlert(alert_shown_, session); });
    show->add_option("ID", alert_shown_, "the alert's id, or a beginning that is its alone")
        ->required()
        ->type_name("");
    CLI::App* report =
        AddCommand(*group, "report", "Prints alerts as reports in Markdown", "ora alerts report",
                   [this](Session& session) { return ReportAlerts(alert_reported_, session); });
    report->add_option("ID", alert_reported_, "one alert; every firing or unknown one without")
        ->type_name("");
  }

  void AddRules() {
    CLI::App* group = AddGroup("rules", "Alerting and recording rules, and files of them");
    CLI::App* list = AddCommand(*group, "list", "Lists the rules in force, and how each fares",
                                "ora rules list --kind recording --exit-code",
                                [this](Session& session) { return ListRules(rules_, session); });
    list->add_option("--kind", rules_.kind, "only alerting or only recording rules")
        ->type_name("KIND");
    list->add_option("--group", rules_.group, "only rules of this group")->type_name("NAME");
    list->add_flag("--exit-code", rules_.judge, "exit status 1 if a rule cannot be evaluated");
    CLI::App* check =
        AddCommand(*group, "check", "Says what is wrong with rule files, with line and column",
                   "ora rules check /etc/ora/rules/shop.yml",
                   [this](Session& session) { return CheckRules(rule_files_, session); });
    check->add_option("FILE", rule_files_, "a rule file")->required()->type_name("");
    CLI::App* test =
        AddCommand(*group, "test", "Runs unit tests of rules, files in promtool's form",
                   "ora rules test shop_test.yml",
                   [this](Session& session) { return TestRules(rule_files_, session); });
    test->add_option("FILE", rule_files_, "a file of unit tests")->required()->type_name("");
  }

  void AddAdmin() {
    CLI::App* group = AddGroup("admin", "The aggregator itself");
    AddCommand(*group, "status", "Shows what the aggregator holds and uses", "ora admin status",
               ShowStatus);
    CLI::App* snapshot =
        AddCommand(*group, "snapshot", "Copies all that is stored, for an aggregator to start from",
                   "ora admin snapshot --name before-upgrade",
                   [this](Session& session) { return MakeSnapshot(snapshot_, session); });
    snapshot->add_option("--name", snapshot_, "default: now, such as 20261123T101500Z")
        ->type_name("NAME");
    CLI::App* cardinality =
        AddCommand(*group, "cardinality", "Shows which metrics, labels and hosts make many series",
                   "ora admin cardinality --top 5",
                   [this](Session& session) { return ShowCardinality(top_, session); });
    cardinality->add_option("--top", top_, "so many of each; default 20")
        ->type_name("N")
        ->check(CLI::Range(1, static_cast<int>(contract::kCardinalityTopMax), "entries"));
    CLI::App* deletion = AddCommand(
        *group, "delete", "Deletes series with all their samples; shows which ones without --apply",
        "ora admin delete 'up{instance=\"web1\"}' --apply",
        [this](Session& session) { return DeleteSeries(deletion_, session); });
    deletion->add_option("SELECTOR", deletion_.selector, "such as 'up{instance=\"web1\"}'")
        ->required()
        ->type_name("");
    deletion->add_flag("--apply", deletion_.apply, "delete them; they do not come back");
  }

  // A word in the place of a command must be one; CLI11 would only say that it did not expect it.
  absl::Status CheckCommandWords(const std::vector<std::string>& words) const {
    const CLI::App* app = &root_;
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (word == "-h" || word == "--help" || word == "--version") return absl::OkStatus();
      if (absl::StartsWith(word, "-")) {
        const CLI::Option* option = root_.get_option_no_throw(word);
        if (option != nullptr && option->get_items_expected_min() > 0) ++i;
        continue;
      }
      if (CommandNames(*app).empty()) return absl::OkStatus();
      const CLI::App* next = FindCommand(*app, word);
      if (next == nullptr) {
        return absl::InvalidArgumentError(
            absl::StrCat("unknown command `", FullName(*app), " ", word, "`",
                         SuggestionOrHelp(*app, Suggestion(word, CommandNames(*app)))));
      }
      app = next;
    }
    if (CommandNames(*app).empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "`", FullName(*app), "` wants a command: ", absl::StrJoin(CommandNames(*app), ", "),
        "; see `", FullName(*app), " --help`"));
  }

  static std::string SuggestionOrHelp(const CLI::App& app, const std::string& suggestion) {
    if (!suggestion.empty()) return suggestion;
    return absl::StrCat("; see `", FullName(app), " --help`");
  }

  // The command that the words chose, as far as they did.
  const CLI::App& Chosen() const {
    const CLI::App* app = &root_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return *app;
  }

  absl::Status WrongUse(std::string what) const {
    // A sentence of CLI11's begins in upper case; a name such as EXPR stays as it is.
    const bool is_sentence =
        what.size() > 1 && absl::ascii_islower(static_cast<unsigned char>(what[1]));
    if (is_sentence) what[0] = absl::ascii_tolower(static_cast<unsigned char>(what[0]));
    return absl::InvalidArgumentError(
        absl::StrCat(what, "; see `", FullName(Chosen()), " --help`"));
  }

  absl::Status ExtraWord(const std::vector<std::string>& words) const {
    const std::vector<std::string> extras = root_.remaining(true);
    const auto extra = std::find_if(words.begin(), words.end(), [&extras](const std::string& word) {
      return std::find(extras.begin(), extras.end(), word) != extras.end();
    });
    if (extra == words.end()) return WrongUse("there are more words than expected");
    if (!absl::StartsWith(*extra, "-")) {
      return WrongUse(absl::StrCat("unexpected word `", *extra, "`; quote what belongs together"));
    }
    const std::string flag = extra->substr(0, extra->find('='));
    std::vector<std::string> known;
    for (const CLI::App* app = &Chosen(); app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown flag `", flag, "`", SuggestionOrHelp(Chosen(), Suggestion(flag, known))));
  }

  absl::StatusOr<Arguments> Collect() {
    Arguments arguments;
    arguments.aggregator = aggregator_;
    arguments.command = command_;
    if (width_ != 0) arguments.width = width_;
    const absl::StatusOr<absl::Duration> timeout = ParseDuration(timeout_);
    if (!timeout.ok()) return Annotate(timeout.status(), "--timeout");
    if (*timeout < absl::Milliseconds(1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--timeout: `", timeout_, "` leaves no time; say for example 10s"));
    }
    arguments.timeout = *timeout;
    if (output_ == "json") {
      arguments.format = OutputFormat::kJson;
    } else if (output_ == "csv") {
      arguments.format = OutputFormat::kCsv;
    } else if (output_ != "table") {
      return absl::InvalidArgumentError(
          absl::StrCat("--output: `", output_, "` is no format; say table, json or csv"));
    }
    return arguments;
  }

  CLI::App root_;
  std::string output_ = "table";
  std::string aggregator_;
  std::string timeout_ = "10s";
  int width_ = 0;  // 0 if not said.
  Command command_;
  HostsListOptions hosts_;
  std::string host_;
  LogsListOptions logs_;
  LogsAnalyzeOptions analysis_;
  QueryOptions query_;
  SeriesOptions series_;
  LabelsOptions labels_;
  AlertsListOptions alerts_;
  std::string alert_shown_;
  std::string alert_reported_;
  RulesListOptions rules_;
  std::vector<std::string> rule_files_;
  std::string snapshot_;
  int top_ = static_cast<int>(contract::kCardinalityTopDefault);
  DeleteOptions deletion_;
};

}  // namespace

absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& words) {
  // The commands refer to the options that the grammar holds, so the command keeps it.
  // shared_ptr: std::function must be copyable.
  const auto grammar = std::make_shared<Grammar>();
  ORA_ASSIGN_OR_RETURN(Arguments arguments, grammar->Parse(words));
  arguments.command = [grammar, command = std::move(arguments.command)](Session& session) {
    return command(session);
  };
  return arguments;
}

}  // namespace ora::cli
