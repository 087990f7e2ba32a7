#include "storage/series_writer.h"

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ora::storage {
namespace {

struct Reply {
  absl::Mutex mutex;
  bool arrived ABSL_GUARDED_BY(mutex) = false;
  absl::StatusOr<WriteOutcome> outcome ABSL_GUARDED_BY(mutex) = WriteOutcome();
};

}  // namespace

absl::StatusOr<WriteOutcome> WriteAndWait(SeriesWriter& writer, WriteBatch batch) {
  // Shared: the writer's thread may still hold the mutex when the waiter returns.
  auto reply = std::make_shared<Reply>();
  const absl::Status queued =
      writer.Write(std::move(batch), [reply](const absl::StatusOr<WriteOutcome>& outcome) {
        absl::MutexLock lock(&reply->mutex);
        reply->outcome = outcome;
        reply->arrived = true;
      });
  if (!queued.ok()) return queued;
  absl::MutexLock lock(&reply->mutex);
  reply->mutex.Await(absl::Condition(&reply->arrived));
  return absl::StatusOr<WriteOutcome>(reply->outcome);
}

}  // namespace ora::storage
