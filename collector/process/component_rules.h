// Which component a process is of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "ora/config/v1/collector_config.pb.h"
#include "re2/re2.h"

namespace ora::collector {

// The rules of a ProcessConfig, ready to be asked. One thread.
class ComponentRules {
 public:
  // INVALID_ARGUMENT: a rule's regular expression is none; its place is named.
  static absl::StatusOr<ComponentRules> Make(const config::v1::ProcessConfig& config);

  // Whether any rule looks at command lines; without one they need not be read.
  bool wants_command_line() const { return wants_command_line_; }

  // The component by the first rule that matches, else none. `command_line` is the arguments joined
  // by blanks.
  absl::optional<std::string> Match(absl::string_view name, absl::string_view command_line) const;

 private:
  struct Rule {
    std::string component;
    std::string name;
    std::unique_ptr<RE2> command_line;  // None: any.
  };

  std::vector<Rule> rules_;
  bool wants_command_line_ = false;
};

}  // namespace ora::collector
