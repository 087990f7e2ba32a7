// Any bytes as a compressed file: it ends, and what is read twice is the same.
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/tail/archive/archive_file.h"
#include "tests/fakes/memory_file_system.h"

namespace ora::collector {
namespace {

constexpr size_t kTextMax = size_t{1} << 20;
constexpr size_t kStep = 4096;

void Run(absl::string_view bytes) {
  fakes::MemoryFileSystem files;
  if (!files.CreateDirectories("/logs").ok()) std::abort();
  if (!files.ReplaceWhole("/logs/archive", bytes).ok()) std::abort();
  auto file = files.OpenForRead("/logs/archive");
  if (!file.ok()) std::abort();
  size_t open = 0;
  auto archive = ArchiveFile::Make(*std::move(file), open);
  if (!archive.ok()) return;
  size_t decoded = 0;
  while ((*archive)->end() == ArchiveFile::End::kNotSeen && decoded < kTextMax) {
    const auto made = (*archive)->Advance(std::numeric_limits<uint64_t>::max(), kStep);
    if (!made.ok()) return;
    decoded += *made;
  }
  if ((*archive)->end() == ArchiveFile::End::kNotSeen) return;  // Too long to be read twice.
  const uint64_t length = (*archive)->length();
  if ((*archive)->head().size() > length || (*archive)->tail().size() > length) std::abort();
  std::string text(length, '\0');
  size_t have = 0;
  while (have < length) {
    const size_t count = std::min<uint64_t>(kStep, length - have);
    const auto got = (*archive)->ReadAt(have, absl::MakeSpan(&text[have], count));
    if (!got.ok() || *got == 0) std::abort();
    have += *got;
  }
  if (text.compare(0, (*archive)->head().size(), (*archive)->head()) != 0) std::abort();
  const std::string& tail = (*archive)->tail();
  if (text.compare(length - tail.size(), tail.size(), tail) != 0) std::abort();
}

}  // namespace
}  // namespace ora::collector

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ora::collector::Run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
