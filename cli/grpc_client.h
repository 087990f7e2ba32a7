// The aggregator over gRPC.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/aggregator_client.h"

namespace ora::cli {

// A client of the aggregator at `address` (HOST:PORT). Every call ends at `deadline`. It connects
// at the first call. INVALID_ARGUMENT: `address` is no HOST:PORT.
absl::StatusOr<std::unique_ptr<AggregatorClient>> MakeGrpcClient(absl::string_view address,
                                                                 absl::Time deadline);

}  // namespace ora::cli
