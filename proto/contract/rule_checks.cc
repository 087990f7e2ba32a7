#include "absl/strings/str_cat.h"
#include "proto/contract/limits.h"
#include "proto/contract/request_checks.h"
#include "proto/status/status_macros.h"

namespace ora::contract {
namespace {

absl::Status Invalid(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

// The files of one request, counted together.
class FileBudget {
 public:
  absl::Status Add(absl::string_view field, const v1::TextFile& file) {
    ORA_RETURN_IF_ERROR(CheckName(absl::StrCat(field, ".name"), file.name()));
    if (++files_ > kCheckedFilesMax) {
      return Invalid(field, absl::StrCat("is one file more than the ", kCheckedFilesMax,
                                         " that a request may bring; send fewer at a time"));
    }
    bytes_ += file.text().size();
    if (bytes_ <= kCheckedTextBytesMax) return absl::OkStatus();
    return Invalid(
        absl::StrCat(field, ".text"),
        absl::StrCat("makes ", bytes_, " bytes of files with `", file.name(), "`; at most ",
                     kCheckedTextBytesMax, " are allowed in a request, split it"));
  }

  static absl::Status CheckName(absl::string_view field, const std::string& name) {
    if (!name.empty() && name.size() <= kFileNameBytesMax) return absl::OkStatus();
    return Invalid(field,
                   absl::StrCat("has ", name.size(), " bytes; send 1 to ", kFileNameBytesMax));
  }

 private:
  size_t files_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

absl::Status Validate(const v1::ListRulesRequest& request) {
  if (!v1::RuleKind_IsValid(request.kind())) {
    return Invalid("kind", absl::StrCat("is ", static_cast<int>(request.kind()),
                                        "; send a value of RuleKind"));
  }
  return PageSize(request.page_size()).status();
}

absl::Status Validate(const v1::CheckRulesRequest& request) {
  if (request.files().empty()) {
    return Invalid("files", absl::StrCat("is empty; send 1 to ", kCheckedFilesMax));
  }
  FileBudget budget;
  for (int i = 0; i < request.files_size(); ++i) {
    ORA_RETURN_IF_ERROR(budget.Add(absl::StrCat("files[", i, "]"), request.files(i)));
  }
  return absl::OkStatus();
}

absl::Status Validate(const v1::TestRulesRequest& request) {
  if (!request.has_tests()) return Invalid("tests", "is absent; send a file of unit tests");
  FileBudget budget;
  ORA_RETURN_IF_ERROR(budget.Add("tests", request.tests()));
  for (int i = 0; i < request.rule_files_size(); ++i) {
    const v1::NamedRuleFiles& named = request.rule_files(i);
    const std::string field = absl::StrCat("rule_files[", i, "]");
    ORA_RETURN_IF_ERROR(FileBudget::CheckName(absl::StrCat(field, ".pattern"), named.pattern()));
    for (int j = 0; j < named.files_size(); ++j) {
      ORA_RETURN_IF_ERROR(budget.Add(absl::StrCat(field, ".files[", j, "]"), named.files(j)));
    }
  }
  return absl::OkStatus();
}

}  // namespace ora::contract
