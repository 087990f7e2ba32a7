#include "storage/tsdb/damage_log.h"

#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr size_t kReportedMax = 10'000;  // Past it a record may be counted more than once.

}  // namespace

DamageLog::DamageLog(LogSink& log, Counters& counters)
    : log_(log), counter_(counters.Get("ora_storage_damaged_records_total")) {}

void DamageLog::Report(absl::string_view object, absl::string_view reason) {
  {
    absl::MutexLock lock(&mutex_);
    if (reported_.contains(object)) return;
    if (reported_.size() < kReportedMax) reported_.emplace(object);
    ++records_;
  }
  counter_.Increment();
  log_.Error(absl::StrCat("storage: ", object, " is damaged and skipped: ", reason));
}

void DamageLog::ReportMissing(absl::string_view object, uint64_t records) {
  {
    absl::MutexLock lock(&mutex_);
    records_ += records;
  }
  counter_.Add(records);
  log_.Error(absl::StrCat("storage: ", records, " ", object, " are missing"));
}

uint64_t DamageLog::records() const {
  absl::MutexLock lock(&mutex_);
  return records_;
}

}  // namespace ora::storage
