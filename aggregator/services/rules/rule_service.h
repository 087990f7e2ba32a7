// ora.v1.RuleService over the rule book and the readers of rule files.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregator/admission/query_slots.h"
#include "aggregator/rules/rule_book.h"
#include "aggregator/server/call.h"
#include "ora/v1/rule_service.pb.h"

namespace ora::aggregator {

// Thread-safe.
class RuleService final {
 public:
  // The references must outlive the service. `tests`: where tests run, as queries do. `interval`:
  // of groups that say none.
  RuleService(const CallEnvironment& environment, const CallEnvironment& tests,
              const RuleBook& rules, QuerySlots& slots, absl::Duration interval)
      : environment_(environment),
        tests_(tests),
        rules_(rules),
        slots_(slots),
        interval_(interval) {}

  // Adds the service's methods; it must outlive the table.
  void AddTo(MethodTable& methods) const;

 private:
  absl::StatusOr<v1::ListRulesResponse> ListRules(const CallLife& life,
                                                  const v1::ListRulesRequest& request) const;
  absl::StatusOr<v1::CheckRulesResponse> CheckRules(const CallLife& life,
                                                    const v1::CheckRulesRequest& request) const;
  absl::StatusOr<v1::TestRulesResponse> TestRules(const CallLife& life,
                                                  const v1::TestRulesRequest& request) const;

  const CallEnvironment environment_;
  const CallEnvironment tests_;
  const RuleBook& rules_;
  QuerySlots& slots_;
  const absl::Duration interval_;
};

}  // namespace ora::aggregator
