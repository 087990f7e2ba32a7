#include "collector/classify/log_accounts.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collector/classify/line_classifier.h"
#include "collector/classify/samples/log_samples.h"
#include "collector/classify/samples/series_slot.h"
#include "ora/state/v1/collector_state.pb.h"
#include "proto/contract/limits.h"

namespace ora::collector {
namespace {

constexpr absl::string_view kKeyPrefix = "account/";
constexpr absl::string_view kOtherType = "other";

bool IsError(Level level) { return level == Level::kError || level == Level::kCritical; }

struct NamedCount {
  uint64_t count = 0;
  SeriesSlot slot;
};

using NamedCounts = absl::btree_map<std::string, NamedCount, std::less<>>;

}  // namespace

struct LogAccounts::Account {
  LogDescription description;
  LogId id = 0;
  LineClassifier classifier;
  std::unique_ptr<LogSamples> samples;  // Null without rules.

  std::array<uint64_t, kLevelCount> lines{};
  uint64_t appended_bytes = 0;
  NamedCounts errors;
  std::array<uint64_t, kResponseBounds.size() + 1> buckets{};
  uint64_t responses = 0;
  double response_seconds_sum = 0;
  NamedCounts lost;
  LogFiles files;

  bool error_open = false;     // The last line was an error; a trace that follows is a part of it.
  bool error_pending = false;  // The last error's type is not known yet.
  bool pending_at_tick = false;

  bool gone = false;
  bool changed = false;
  bool told = false;             // Changes told it since it changed.
  bool births_from_now = false;  // A series that begins now begins within a known log.

  std::array<SeriesSlot, kLevelCount> line_slots;
  std::array<SeriesSlot, kResponseBounds.size() + 3> response_slots;  // Buckets, sum, count.
  SeriesSlot appended_slot;
  std::array<SeriesSlot, 3> file_slots;

  void Restore(const state::v1::LogAccountState& state);
  std::string Serialize() const;
  void TakeLines(absl::string_view lines, TextIndex& index, SampleRules* rules);
  void TakeLine(absl::string_view line, const TextIndex* index);
  void TakeError(absl::string_view type);
  void TakeType(absl::string_view type);
  void CountError(absl::string_view type);
  void TakeResponse(double seconds);
  void ResolveAtTick();
  NamedCount& Named(NamedCounts& counts, absl::string_view name) const;
  void Emit(SampleSink& sink);
  void EmitResponses(SampleSink& sink);
  void EmitFiles(SampleSink& sink);
  void Tell(SampleSink& sink, SeriesSlot& slot, double value, absl::string_view metric,
            LabelPair label) const;

  template <typename Visit>
  void VisitCounters(Visit visit) {
    for (SeriesSlot& slot : line_slots) visit(slot);
    for (SeriesSlot& slot : response_slots) visit(slot);
    for (auto& [name, error] : errors) visit(error.slot);
    for (auto& [name, loss] : lost) visit(loss.slot);
    visit(appended_slot);
  }
};

void LogAccounts::Account::Restore(const state::v1::LogAccountState& state) {
  for (int i = 0; i < std::min(state.lines_by_level_size(), kLevelCount); ++i) {
    lines[i] = state.lines_by_level(i);
  }
  appended_bytes = state.appended_bytes();
  for (const auto& [type, count] : state.errors_by_type()) errors[type].count = count;
  const int buckets_size = static_cast<int>(buckets.size());
  for (int i = 0; i < std::min(state.response_buckets_size(), buckets_size); ++i) {
    buckets[i] = state.response_buckets(i);
    responses += buckets[i];
  }
  response_seconds_sum = state.response_seconds_sum();
  for (const auto& [reason, bytes] : state.lost_bytes_by_reason()) lost[reason].count = bytes;
  error_pending = state.error_pending();
  error_open = state.error_open();
  classifier = LineClassifier(state.trace());
  if (samples != nullptr) samples->Restore(state);
}

std::string LogAccounts::Account::Serialize() const {
  state::v1::LogAccountState state;
  for (const uint64_t count : lines) state.add_lines_by_level(count);
  state.set_appended_bytes(appended_bytes);
  for (const auto& [type, error] : errors) (*state.mutable_errors_by_type())[type] = error.count;
  if (responses > 0) {
    for (const uint64_t count : buckets) state.add_response_buckets(count);
  }
  state.set_response_seconds_sum(response_seconds_sum);
  for (const auto& [reason, loss] : lost) {
    (*state.mutable_lost_bytes_by_reason())[reason] = loss.count;
  }
  state.set_error_pending(error_pending);
  state.set_error_open(error_open);
  state.set_trace(classifier.trace());
  if (samples != nullptr) samples->Serialize(state);
  return state.SerializeAsString();
}

// The lines are taken in pieces that have an index; one that is longer than an index goes without.
void LogAccounts::Account::TakeLines(absl::string_view lines, TextIndex& index,
                                     SampleRules* rules) {
  const char* at = lines.data();
  const char* const end = at + lines.size();
  while (at < end) {
    const auto size = std::min<size_t>(TextIndex::kBytesMax, end - at);
    const char* const piece_end = at + size;
    index.Build({at, size});
    if (rules != nullptr) rules->Scan({at, size});
    const char* const begin = at;
    while (at < piece_end) {
      const char* const line_end = index.Newline(at, piece_end);
      if (line_end == piece_end && piece_end != end) break;
      TakeLine({at, static_cast<size_t>(line_end - at)}, &index);
      at = line_end + 1;
    }
    if (at == begin) {
      const void* found = memchr(piece_end, '\n', static_cast<size_t>(end - piece_end));
      const char* const line_end = found == nullptr ? end : static_cast<const char*>(found);
      if (rules != nullptr) rules->Scan({at, static_cast<size_t>(line_end - at)});
      TakeLine({at, static_cast<size_t>(line_end - at)}, nullptr);
      at = line_end + 1;
    }
  }
}

void LogAccounts::Account::TakeLine(absl::string_view line, const TextIndex* index) {
  const LineClass result = classifier.Classify(line, index);
  Level level = result.level;
  if (result.response_seconds.has_value()) TakeResponse(*result.response_seconds);
  if (result.begins_trace) {
    if (error_open) {
      TakeType(result.error_type);
    } else {
      level = Level::kError;
      TakeError(result.error_type);
    }
    error_open = false;
  } else if (result.continuation) {
    TakeType(result.error_type);
  } else if (IsError(level)) {
    TakeError(result.error_type);
    error_open = true;
  } else if (!line.empty()) {  // A blank line may stand between an error and its trace.
    if (error_pending) CountError(kOtherType);
    error_open = false;
  }
  ++lines[static_cast<size_t>(level)];
  if (samples != nullptr) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    samples->TakeLine(
        {line, LevelName(level), description.component, description.category, description.path},
        births_from_now ? SampleBirth::kWithin : SampleBirth::kBaseline);
  }
}

void LogAccounts::Account::TakeError(absl::string_view type) {
  if (error_pending) CountError(kOtherType);
  error_pending = true;
  pending_at_tick = false;
  TakeType(type);
}

void LogAccounts::Account::TakeType(absl::string_view type) {
  if (error_pending && !type.empty()) CountError(type);
}

void LogAccounts::Account::CountError(absl::string_view type) {
  error_pending = false;
  auto found = errors.find(type);
  if (found == errors.end() && errors.size() >= contract::kErrorTypesMax) type = kOtherType;
  ++Named(errors, type).count;
}

NamedCount& LogAccounts::Account::Named(NamedCounts& counts, absl::string_view name) const {
  const auto found = counts.find(name);
  if (found != counts.end()) return found->second;
  NamedCount& made = counts[std::string(name)];
  made.slot.needs_birth = births_from_now;
  return made;
}

void LogAccounts::Account::TakeResponse(double seconds) {
  if (responses == 0) {
    for (SeriesSlot& slot : response_slots) slot.needs_birth = births_from_now;
  }
  // A search in steps that the processor need not guess.
  size_t bucket = 0;
  for (size_t step = std::bit_floor(kResponseBounds.size()); step > 0; step /= 2) {
    const size_t next = std::min(bucket + step, kResponseBounds.size());
    bucket = kResponseBounds[next - 1] < seconds ? next : bucket;
  }
  ++buckets[bucket];
  ++responses;
  response_seconds_sum += seconds;
}

void LogAccounts::Account::ResolveAtTick() {
  if (!error_pending) return;
  if (pending_at_tick || gone) {
    CountError(kOtherType);
    changed = true;
    told = false;
  }
  pending_at_tick = true;
}

void LogAccounts::Account::Tell(SampleSink& sink, SeriesSlot& slot, double value,
                                absl::string_view metric, LabelPair label) const {
  slot.Tell(sink, metric,
            {{"job", "log"},
             {"component", description.component},
             {"category", description.category},
             {"log", description.path},
             label},
            value);
}

void LogAccounts::Account::Emit(SampleSink& sink) {
  constexpr LabelPair kNoLabel = {};
  Tell(sink, appended_slot, static_cast<double>(appended_bytes), "ora_log_appended_bytes_total",
       kNoLabel);
  for (int i = 0; i < kLevelCount; ++i) {
    Tell(sink, line_slots[i], static_cast<double>(lines[i]), "ora_log_lines_total",
         {"level", LevelName(static_cast<Level>(i))});
  }
  for (auto& [type, error] : errors) {
    Tell(sink, error.slot, static_cast<double>(error.count), "ora_log_errors_total",
         {"type", type});
  }
  for (auto& [reason, loss] : lost) {
    Tell(sink, loss.slot, static_cast<double>(loss.count), "ora_log_lost_bytes_total",
         {"reason", reason});
  }
  if (responses > 0) EmitResponses(sink);
  if (!gone) EmitFiles(sink);
  if (samples != nullptr) {
    samples->EmitTo(sink, {{"job", "log"},
                           {"component", description.component},
                           {"category", description.category},
                           {"log", description.path}});
  }
}

void LogAccounts::Account::EmitResponses(SampleSink& sink) {
  uint64_t below = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    below += buckets[i];
    const std::string bound =
        i < kResponseBounds.size() ? absl::StrCat(kResponseBounds[i]) : "+Inf";
    Tell(sink, response_slots[i], static_cast<double>(below), "ora_log_response_seconds_bucket",
         {"le", bound});
  }
  Tell(sink, response_slots[buckets.size()], response_seconds_sum, "ora_log_response_seconds_sum",
       {});
  Tell(sink, response_slots[buckets.size() + 1], static_cast<double>(responses),
       "ora_log_response_seconds_count", {});
}

void LogAccounts::Account::EmitFiles(SampleSink& sink) {
  Tell(sink, file_slots[0], static_cast<double>(files.size_bytes), "ora_log_size_bytes", {});
  Tell(sink, file_slots[1], static_cast<double>(files.files), "ora_log_files", {});
  Tell(sink, file_slots[2], static_cast<double>(files.storage_bytes), "ora_log_storage_bytes", {});
}

LogAccounts::LogAccounts(const std::map<std::string, std::string>& state,
                         std::unique_ptr<SampleRules> rules)
    : rules_(rules == nullptr || rules->empty() ? nullptr : std::move(rules)) {
  for (const auto& [key, value] : state) {
    absl::string_view path = key;
    if (absl::ConsumePrefix(&path, kKeyPrefix)) restored_.emplace(path, value);
  }
}

LogAccounts::~LogAccounts() = default;

void LogAccounts::OnLog(LogId log, const LogDescription& description, LogOrigin origin) {
  if (const auto open = by_path_.find(description.path); open != by_path_.end()) {
    // It came back before its end was told: the same counters go on.
    Account& account = *open->second;
    by_id_.erase(account.id);
    account.gone = false;
    account.id = log;
    by_id_[log] = &account;
    return;
  }
  auto account = std::make_unique<Account>();
  account->description = description;
  account->id = log;
  if (rules_ != nullptr) account->samples = std::make_unique<LogSamples>(*rules_);
  account->changed = true;
  state::v1::LogAccountState state;
  const auto restored = restored_.find(description.path);
  if (restored != restored_.end() && state.ParseFromString(restored->second)) {
    account->Restore(state);
    account->births_from_now = true;
    account->changed = false;
  } else if (origin == LogOrigin::kAppeared) {
    account->births_from_now = true;
    account->VisitCounters([](SeriesSlot& slot) { slot.needs_birth = true; });
  }
  if (restored != restored_.end()) restored_.erase(restored);
  by_id_[log] = account.get();
  by_path_[description.path] = account.get();
  accounts_.push_back(std::move(account));
}

void LogAccounts::OnLines(LogId log, absl::string_view lines) {
  const auto found = by_id_.find(log);
  if (found == by_id_.end()) return;
  Account& account = *found->second;
  account.appended_bytes += lines.size();
  account.changed = true;
  account.told = false;
  account.TakeLines(lines, index_, rules_.get());
}

void LogAccounts::OnRest(LogId log, absl::string_view rest) {
  const auto found = by_id_.find(log);
  if (found == by_id_.end()) return;
  found->second->appended_bytes += rest.size();
  found->second->changed = true;
  found->second->told = false;
}

void LogAccounts::OnFiles(LogId log, const LogFiles& files) {
  const auto found = by_id_.find(log);
  if (found != by_id_.end()) found->second->files = files;
}

void LogAccounts::OnLost(LogId log, uint64_t bytes, absl::string_view reason) {
  const auto found = by_id_.find(log);
  if (found == by_id_.end()) return;
  Account& account = *found->second;
  account.Named(account.lost, reason).count += bytes;
  account.changed = true;
  account.told = false;
}

void LogAccounts::OnGone(LogId log) {
  const auto found = by_id_.find(log);
  if (found == by_id_.end()) return;
  found->second->gone = true;
  found->second->told = false;
}

void LogAccounts::EmitTo(SampleSink& sink) {
  for (const std::unique_ptr<Account>& account : accounts_) {
    account->ResolveAtTick();
    account->Emit(sink);
  }
  if (rules_ != nullptr) rules_->EmitTo(sink);
}

std::vector<AccountChange> LogAccounts::Changes() {
  std::vector<AccountChange> changes;
  for (const std::unique_ptr<Account>& account : accounts_) {
    if (!account->changed && !account->gone) continue;
    account->told = true;
    changes.push_back({.key = absl::StrCat(kKeyPrefix, account->description.path),
                       .deleted = account->gone,
                       .value = account->gone ? std::string() : account->Serialize()});
  }
  return changes;
}

void LogAccounts::Commit() {
  for (const std::unique_ptr<Account>& account : accounts_) {
    if (account->told) account->changed = false;
    if (account->samples != nullptr && account->samples->Commit()) account->births_from_now = true;
    account->VisitCounters([&account](SeriesSlot& slot) {
      if (!slot.emitted) return;
      slot.needs_birth = false;
      slot.emitted = false;
      account->births_from_now = true;
    });
  }
  const auto ended = std::remove_if(accounts_.begin(), accounts_.end(),
                                    [this](const std::unique_ptr<Account>& account) {
                                      if (!account->gone || !account->told) return false;
                                      by_id_.erase(account->id);
                                      by_path_.erase(account->description.path);
                                      return true;
                                    });
  accounts_.erase(ended, accounts_.end());
}

size_t LogAccounts::size() const { return accounts_.size(); }

}  // namespace ora::collector
