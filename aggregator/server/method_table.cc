#include "aggregator/server/method_table.h"

#include <google/protobuf/descriptor.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ora::aggregator {

void MethodTable::Add(absl::string_view service, absl::string_view method, MakeCall make) {
  services_[std::string(service)][std::string(method)] = std::move(make);
}

const MethodTable::MakeCall* MethodTable::Find(const std::string& path) const {
  const size_t slash = path.rfind('/');
  if (path.empty() || path[0] != '/' || slash == 0) return nullptr;
  const auto service = services_.find(path.substr(1, slash - 1));
  if (service == services_.end()) return nullptr;
  const auto method = service->second.find(path.substr(slash + 1));
  return method == service->second.end() ? nullptr : &method->second;
}

std::vector<std::string> MethodTable::Services() const {
  std::vector<std::string> names;
  for (const auto& [name, methods] : services_) names.push_back(name);
  return names;
}

absl::Status MethodTable::CheckComplete() const {
  for (const auto& [name, methods] : services_) {
    const auto* descriptor =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (descriptor == nullptr) {
      return absl::InternalError(absl::StrCat("service ", name, " has no descriptor"));
    }
    for (int i = 0; i < descriptor->method_count(); ++i) {
      if (methods.contains(descriptor->method(i)->name())) continue;
      return absl::InternalError(absl::StrCat("method ", descriptor->method(i)->full_name(),
                                              " is not served; add it to its service"));
    }
    for (const auto& [method, make] : methods) {
      if (descriptor->FindMethodByName(method) != nullptr) continue;
      return absl::InternalError(absl::StrCat("method ", name, ".", method, " has no descriptor"));
    }
  }
  return absl::OkStatus();
}

}  // namespace ora::aggregator
