#include "storage/open/page_memory.h"

#include <sys/mman.h>

#include <cstdlib>

namespace ora::storage {

PageMemory::PageMemory(size_t bytes)
    : bytes_(bytes),
      begin_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
  if (begin_ == MAP_FAILED) std::abort();
}

PageMemory::~PageMemory() {
  if (begin_ != nullptr) (void)munmap(begin_, bytes_);
}

}  // namespace ora::storage
