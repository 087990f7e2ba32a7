#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/render/csv.h"
#include "cli/render/json.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "ora/config/v1/rule_file.pb.h"
#include "proto/contract/limits.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"
#include "proto/yaml/yaml_reader.h"
#include "storage/env/file_pattern.h"

namespace ora::cli {
namespace {

// What came of one file: a count of what is good in it, and what is wrong.
struct FileVerdict {
  std::string file;
  size_t good = 0;
  std::string summary;  // For people: `good: 5 rules in 2 groups`.
  std::vector<std::string> errors;
};

// `good_name`: what is counted, for JSON and CSV.
ExitStatus Print(const std::vector<FileVerdict>& verdicts, const std::string& good_name,
                 Session& session) {
  bool all_good = true;
  std::string json = "[";
  std::string csv = CsvLine({"file", good_name, "error"});
  for (const FileVerdict& verdict : verdicts) {
    all_good = all_good && verdict.errors.empty();
    absl::StrAppend(&json, json.size() > 1 ? ",\n  {" : "\n  {",
                    "\"file\": ", JsonText(verdict.file), ", ", JsonText(good_name), ": ",
                    verdict.good, ", \"errors\": [");
    for (size_t i = 0; i < verdict.errors.size(); ++i) {
      absl::StrAppend(&json, i > 0 ? ", " : "", JsonText(verdict.errors[i]));
      csv += CsvLine({verdict.file, absl::StrCat(verdict.good), verdict.errors[i]});
    }
    json += "]}";
    if (verdict.errors.empty()) csv += CsvLine({verdict.file, absl::StrCat(verdict.good), ""});
    if (session.format != OutputFormat::kTable) continue;
    session.out << Printable(verdict.file) << ": " << verdict.summary << "\n";
    for (const std::string& error : verdict.errors) {
      session.out << "  " << PrintableLines(error) << "\n";
    }
  }
  if (session.format == OutputFormat::kJson) session.out << json << "\n]\n";
  if (session.format == OutputFormat::kCsv) PrintCsv(session, csv);
  return all_good ? ExitStatus::kDone : ExitStatus::kBadNews;
}

std::string Plural(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

absl::StatusOr<v1::TextFile> ReadFile(const std::string& path, storage::FileSystem& files) {
  ORA_ASSIGN_OR_RETURN(std::string text, files.ReadWhole(path, contract::kCheckedTextBytesMax));
  v1::TextFile file;
  file.set_name(path);
  file.set_text(std::move(text));
  return file;
}

// A file that the command line names: one that cannot be read is wrong use.
absl::StatusOr<v1::TextFile> ReadArgument(const std::string& path, Session& session) {
  absl::StatusOr<v1::TextFile> file = ReadFile(path, *session.files);
  if (file.ok()) return file;
  return absl::InvalidArgumentError(file.status().message());
}

// Reads the rule files of an entry of `rule_files`, which is meant from the folder of the tests.
absl::StatusOr<v1::NamedRuleFiles> ReadRuleFiles(const std::string& test_file,
                                                 const std::string& pattern,
                                                 storage::FileSystem& files) {
  v1::NamedRuleFiles named;
  named.set_pattern(pattern);
  const size_t folder = test_file.rfind('/');
  std::string path = pattern;
  if (!pattern.empty() && pattern[0] != '/' && folder != std::string::npos) {
    path = absl::StrCat(test_file.substr(0, folder + 1), pattern);
  }
  ORA_ASSIGN_OR_RETURN(const std::vector<std::string> paths, storage::FilesOf(path, files));
  for (const std::string& one : paths) {
    ORA_ASSIGN_OR_RETURN(*named.add_files(), ReadFile(one, files));
  }
  return named;
}

// What the aggregator needs to run a file of tests. NOT_FOUND, PERMISSION_DENIED,
// RESOURCE_EXHAUSTED: a rule file that the tests name.
absl::StatusOr<v1::TestRulesRequest> RequestFor(v1::TextFile file, storage::FileSystem& files) {
  v1::TestRulesRequest request;
  config::v1::RuleTestFile tests;
  // The aggregator says what is wrong with a file that names its rule files in no way.
  if (yaml::ReadYaml(file.name(), file.text(), tests).ok()) {
    for (const std::string& pattern : tests.rule_files()) {
      ORA_ASSIGN_OR_RETURN(*request.add_rule_files(), ReadRuleFiles(file.name(), pattern, files));
    }
  }
  *request.mutable_tests() = std::move(file);
  return request;
}

absl::StatusOr<FileVerdict> TestFile(const std::string& path, Session& session) {
  FileVerdict verdict;
  verdict.file = path;
  ORA_ASSIGN_OR_RETURN(v1::TextFile file, ReadArgument(path, session));
  const absl::StatusOr<v1::TestRulesRequest> request = RequestFor(std::move(file), *session.files);
  if (request.ok()) {
    ORA_RETURN_IF_ERROR(contract::Validate(*request));
    ORA_ASSIGN_OR_RETURN(const v1::TestRulesResponse response, session.client.Call(*request));
    verdict.good = response.passed();
    verdict.errors.assign(response.failures().begin(), response.failures().end());
  } else {
    verdict.errors.push_back(absl::StrCat(path, ": rule_files: ", request.status().message()));
  }
  verdict.summary = absl::StrCat(Plural(verdict.good, "test"), " passed",
                                 verdict.errors.empty() ? "" : ", these failed");
  return verdict;
}

std::string KindText(v1::RuleKind kind) {
  if (kind == v1::RULE_KIND_ALERTING) return "alerting";
  if (kind == v1::RULE_KIND_RECORDING) return "recording";
  return "";
}

Cell StateCell(v1::RuleState state) {
  if (state == v1::RULE_STATE_INACTIVE) return {"inactive", Tone::kGood};
  if (state == v1::RULE_STATE_PENDING) return {"pending", Tone::kWarning};
  if (state == v1::RULE_STATE_UNKNOWN) return {"unknown", Tone::kWarning};
  if (state == v1::RULE_STATE_FIRING) return {"firing", Tone::kBad};
  return "";
}

Cell HealthCell(v1::RuleHealth health) {
  if (health == v1::RULE_HEALTH_GOOD) return {"good", Tone::kGood};
  if (health == v1::RULE_HEALTH_FAILING) return {"failing", Tone::kBad};
  return "not yet";
}

Table RuleTable(const v1::ListRulesResponse& response, absl::Time now) {
  Table table;
  table.columns = {{.title = "RULE", .cut = Cut::kMiddle},
                   {.title = "KIND", .rank = 4},
                   {.title = "GROUP", .rank = 2, .cut = Cut::kMiddle, .width_min = 8},
                   {.title = "FILE", .rank = 5, .cut = Cut::kMiddle, .width_min = 8},
                   {.title = "STATE"},
                   {.title = "ALERTS", .align = Align::kRight, .rank = 3},
                   {.title = "HEALTH"},
                   {.title = "EVALUATED", .rank = 1},
                   {.title = "ERROR", .cut = Cut::kMiddle, .width_min = 10}};
  for (const v1::Rule& rule : response.rules()) {
    const uint32_t alerts = rule.alerts_pending() + rule.alerts_firing() + rule.alerts_unknown();
    table.rows.push_back(
        {rule.name(), KindText(rule.kind()), rule.group(), rule.file(), StateCell(rule.state()),
         rule.kind() == v1::RULE_KIND_ALERTING ? absl::StrCat(alerts) : "",
         HealthCell(rule.health()), HumanInstant(rule.evaluation_time(), now), rule.last_error()});
  }
  return table;
}

}  // namespace

absl::StatusOr<ExitStatus> ListRules(const RulesListOptions& options, Session& session) {
  v1::ListRulesRequest request;
  for (const v1::RuleKind kind : {v1::RULE_KIND_ALERTING, v1::RULE_KIND_RECORDING}) {
    if (options.kind == KindText(kind)) request.set_kind(kind);
  }
  if (!options.kind.empty() && request.kind() == v1::RULE_KIND_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        absl::StrCat("--kind: `", options.kind, "` is no kind of rule; say alerting or recording"));
  }
  request.set_group(options.group);
  ORA_ASSIGN_OR_RETURN(
      const v1::ListRulesResponse response,
      CallForAllPages<v1::ListRulesResponse>(session.client, request,
                                             [](auto& page) { return page.mutable_rules(); }));
  const bool asked_for_all = options.kind.empty() && options.group.empty();
  PrintList(session, RuleTable(response, session.now), PointersTo(response.rules()),
            *v1::Rule::descriptor(), asked_for_all ? "no rule is in force" : "no rule matches");
  const bool fails =
      std::any_of(response.rules().begin(), response.rules().end(),
                  [](const v1::Rule& rule) { return rule.health() == v1::RULE_HEALTH_FAILING; });
  return options.judge && fails ? ExitStatus::kBadNews : ExitStatus::kDone;
}

absl::StatusOr<ExitStatus> CheckRules(const std::vector<std::string>& paths, Session& session) {
  std::vector<FileVerdict> verdicts;
  for (const std::string& path : paths) {
    v1::CheckRulesRequest request;
    ORA_ASSIGN_OR_RETURN(*request.add_files(), ReadArgument(path, session));
    ORA_RETURN_IF_ERROR(contract::Validate(request));
    ORA_ASSIGN_OR_RETURN(const v1::CheckRulesResponse response, session.client.Call(request));
    if (response.files_size() != 1) {
      return absl::InternalError(absl::StrCat("the aggregator tells of ", response.files_size(),
                                              " files, though one was sent; this is a bug"));
    }
    const v1::RuleFileCheck& check = response.files(0);
    FileVerdict& verdict = verdicts.emplace_back();
    verdict.file = path;
    verdict.good = check.rules();
    verdict.errors.assign(check.mistakes().begin(), check.mistakes().end());
    verdict.summary = verdict.errors.empty() ? absl::StrCat("good: ", Plural(verdict.good, "rule"),
                                                            " in ", Plural(check.groups(), "group"))
                                             : Plural(verdict.errors.size(), "mistake");
  }
  return Print(verdicts, "rules", session);
}

absl::StatusOr<ExitStatus> TestRules(const std::vector<std::string>& paths, Session& session) {
  std::vector<FileVerdict> verdicts;
  for (const std::string& path : paths) {
    ORA_ASSIGN_OR_RETURN(verdicts.emplace_back(), TestFile(path, session));
  }
  return Print(verdicts, "passed", session);
}

}  // namespace ora::cli
