#include "storage/series_writer.h"

#include <memory>
#include <utility>

#include "absl/synchronization/notification.h"

namespace ora::storage {
namespace {

struct Reply {
  absl::Notification arrived;
  absl::StatusOr<WriteOutcome> outcome = absl::UnknownError("no outcome yet");
};

}  // namespace

absl::StatusOr<WriteOutcome> WriteAndWait(SeriesWriter& writer, WriteBatch batch) {
  // Shared: the writer's thread may still be inside Notify when the waiter returns.
  auto reply = std::make_shared<Reply>();
  const absl::Status queued =
      writer.Write(std::move(batch), [reply](const absl::StatusOr<WriteOutcome>& outcome) {
        reply->outcome = outcome;
        reply->arrived.Notify();
      });
  if (!queued.ok()) return queued;
  reply->arrived.WaitForNotification();
  return reply->outcome;
}

}  // namespace ora::storage
