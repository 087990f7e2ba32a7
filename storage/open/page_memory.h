// Memory straight from the system, in whole pages.
#pragma once

#include <cstddef>
#include <utility>

namespace ora::storage {

// Zeroes. Takes address space at once, memory only where it is touched, and gives all of it back
// when it goes: what the allocator would keep for later is a good part of a store's memory. Aborts
// when there is no address space, as `new` does. A value type that moves; not thread-safe.
class PageMemory {
 public:
  PageMemory() = default;
  explicit PageMemory(size_t bytes);
  PageMemory(PageMemory&& other) noexcept
      : bytes_(std::exchange(other.bytes_, 0)), begin_(std::exchange(other.begin_, nullptr)) {}
  PageMemory& operator=(PageMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(begin_, other.begin_);
    return *this;
  }
  ~PageMemory();

  void* get() const { return begin_; }

 private:
  size_t bytes_ = 0;
  void* begin_ = nullptr;
};

}  // namespace ora::storage
