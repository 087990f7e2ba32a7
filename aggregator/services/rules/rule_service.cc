#include "aggregator/services/rules/rule_service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregator/rules/files/rule_file.h"
#include "aggregator/rules/files/rule_test.h"
#include "aggregator/services/rules/rule_listing.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::aggregator {
namespace {

// The files that were sent for an entry of `rule_files`.
absl::StatusOr<std::vector<NamedText>> FilesSent(const v1::TestRulesRequest& request,
                                                 const std::string& pattern) {
  const auto& sent = request.rule_files();
  const auto named = std::find_if(sent.begin(), sent.end(),
                                  [&pattern](const auto& one) { return one.pattern() == pattern; });
  if (named == sent.end()) {
    return absl::NotFoundError(
        absl::StrCat(request.tests().name(), ": rule_files: `", pattern, "` was not sent along"));
  }
  std::vector<NamedText> files;
  for (const v1::TextFile& file : named->files()) files.push_back({file.name(), file.text()});
  return files;
}

}  // namespace

void RuleService::AddTo(MethodTable& methods) const {
  ServiceMethods<const RuleService> service(methods, "ora.v1.RuleService", environment_, *this);
  service.AddUnary("ListRules", &RuleService::ListRules);
  service.AddUnary("CheckRules", &RuleService::CheckRules);
  ServiceMethods<const RuleService> tests(methods, "ora.v1.RuleService", tests_, *this);
  tests.AddUnary("TestRules", &RuleService::TestRules);
}

absl::StatusOr<v1::ListRulesResponse> RuleService::ListRules(
    const CallLife&, const v1::ListRulesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  return SelectRules(rules_.Status(), request);
}

absl::StatusOr<v1::CheckRulesResponse> RuleService::CheckRules(
    const CallLife& life, const v1::CheckRulesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  v1::CheckRulesResponse response;
  for (const v1::TextFile& file : request.files()) {
    ORA_RETURN_IF_ERROR(life.Check());
    RuleFileReading reading = ReadRuleFile(file.name(), file.text(), interval_);
    v1::RuleFileCheck& check = *response.add_files();
    check.set_name(file.name());
    check.set_groups(static_cast<uint32_t>(reading.groups.size()));
    check.set_rules(static_cast<uint32_t>(RuleCount(reading)));
    for (std::string& error : reading.errors) check.add_mistakes(std::move(error));
  }
  return response;
}

absl::StatusOr<v1::TestRulesResponse> RuleService::TestRules(
    const CallLife& life, const v1::TestRulesRequest& request) const {
  ORA_RETURN_IF_ERROR(contract::Validate(request));
  ORA_ASSIGN_OR_RETURN(const QuerySlots::Slot slot,
                       slots_.Enter(life.client(), absl::ZeroDuration()));
  ORA_ASSIGN_OR_RETURN(RuleTestReport report, RunRuleTests(
                                                  request.tests().name(), request.tests().text(),
                                                  [&request](const std::string& pattern) {
                                                    return FilesSent(request, pattern);
                                                  },
                                                  [&life] { return life.Check(); }));
  v1::TestRulesResponse response;
  response.set_passed(static_cast<uint32_t>(report.passed));
  for (std::string& failure : report.failures) response.add_failures(std::move(failure));
  return response;
}

}  // namespace ora::aggregator
