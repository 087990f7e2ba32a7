// grpc.reflection.v1alpha.ServerReflection: what the server serves, as descriptors.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "aggregator/server/method_table.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace ora::aggregator {

// Thread-safe. Never changes.
class Reflection {
 public:
  static constexpr absl::string_view kService = "grpc.reflection.v1alpha.ServerReflection";

  // `services`: full names, whose descriptors are in the program.
  explicit Reflection(std::vector<std::string> services);

  // Adds the service's methods; it must outlive the table and the calls.
  void AddTo(MethodTable& methods) const;

  grpc::reflection::v1alpha::ServerReflectionResponse Answer(
      const grpc::reflection::v1alpha::ServerReflectionRequest& request) const;

 private:
  const std::vector<std::string> services_;
};

}  // namespace ora::aggregator
