// When series were allotted, told by their ids alone, since those ascend.
#pragma once

#include <cstdint>
#include <deque>

namespace ora::storage {

// Minutes are counted from any moment on and never go back. Not thread-safe; const calls may run
// side by side.
class CreationTimes {
 public:
  static constexpr uint32_t kMinutesKept = 60;

  // `id` is given away now; it is higher than all before.
  void Note(uint32_t minute, uint32_t id) {
    if (!firsts_.empty() && firsts_.back().minute == minute) return;
    firsts_.push_back({minute, id});
    while (firsts_.front().minute + kMinutesKept < minute) firsts_.pop_front();
  }

  // Ids from this on were given away in the last kMinutesKept minutes; `id_next` if none was.
  uint32_t FirstOfLastHour(uint32_t minute_now, uint32_t id_next) const {
    for (const First& first : firsts_) {
      if (first.minute + kMinutesKept >= minute_now) return first.id;
    }
    return id_next;
  }

 private:
  struct First {
    uint32_t minute;
    uint32_t id;  // The first of that minute.
  };
  std::deque<First> firsts_;
};

}  // namespace ora::storage
