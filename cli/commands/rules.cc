#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/files/file_pattern.h"
#include "aggregator/rules/files/rule_file.h"
#include "aggregator/rules/files/rule_test.h"
#include "cli/commands/commands.h"
#include "cli/render/csv.h"
#include "cli/render/json.h"
#include "cli/render/text.h"
#include "proto/contract/limits.h"
#include "proto/status/status_macros.h"

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

// The rule files of a path in a file of tests, which is meant from that file's folder.
absl::StatusOr<std::vector<aggregator::NamedText>> RuleFiles(const std::string& test_file,
                                                             const std::string& pattern,
                                                             storage::FileSystem& files) {
  const size_t folder = test_file.rfind('/');
  std::string path = pattern;
  if (!pattern.empty() && pattern[0] != '/' && folder != std::string::npos) {
    path = absl::StrCat(test_file.substr(0, folder + 1), pattern);
  }
  ORA_ASSIGN_OR_RETURN(const std::vector<std::string> paths, aggregator::FilesOf(path, files));
  std::vector<aggregator::NamedText> texts;
  for (const std::string& one : paths) {
    ORA_ASSIGN_OR_RETURN(std::string text, files.ReadWhole(one, contract::kConfigBytesMax));
    texts.push_back({one, std::move(text)});
  }
  return texts;
}

}  // namespace

absl::StatusOr<ExitStatus> CheckRules(const std::vector<std::string>& paths, Session& session) {
  std::vector<FileVerdict> verdicts;
  for (const std::string& path : paths) {
    ORA_ASSIGN_OR_RETURN(const std::string text,
                         session.files->ReadWhole(path, contract::kConfigBytesMax));
    aggregator::RuleFileReading reading = aggregator::ReadRuleFile(path, text, absl::Minutes(1));
    FileVerdict& verdict = verdicts.emplace_back();
    verdict.file = path;
    verdict.good = aggregator::RuleCount(reading);
    verdict.errors = std::move(reading.errors);
    verdict.summary = verdict.errors.empty()
                          ? absl::StrCat("good: ", Plural(verdict.good, "rule"), " in ",
                                         Plural(reading.groups.size(), "group"))
                          : Plural(verdict.errors.size(), "mistake");
  }
  return Print(verdicts, "rules", session);
}

absl::StatusOr<ExitStatus> TestRules(const std::vector<std::string>& paths, Session& session) {
  std::vector<FileVerdict> verdicts;
  for (const std::string& path : paths) {
    ORA_ASSIGN_OR_RETURN(const std::string text,
                         session.files->ReadWhole(path, contract::kConfigBytesMax));
    aggregator::RuleTestReport report = aggregator::RunRuleTests(
        path, text,
        [&](const std::string& pattern) { return RuleFiles(path, pattern, *session.files); });
    FileVerdict& verdict = verdicts.emplace_back();
    verdict.file = path;
    verdict.good = report.passed;
    verdict.errors = std::move(report.failures);
    verdict.summary = absl::StrCat(Plural(report.passed, "test"), " passed",
                                   verdict.errors.empty() ? "" : ", these failed");
  }
  return Print(verdicts, "passed", session);
}

}  // namespace ora::cli
