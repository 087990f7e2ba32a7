#include "tests/system/store/opened_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ora::storage {
namespace {

constexpr size_t kLogLinesShown = 6;
constexpr unsigned kBitsOfAByte = 8;

}  // namespace

OpenedStore::OpenedStore(const std::filesystem::path& directory, fakes::ManualClock& clock,
                         const Retention& retention) {
  TimeSeriesStoreOptions options;
  options.uri = absl::StrCat("file://", directory.string());
  options.free_bytes_floor = 0;
  options.out_of_order_window = absl::Hours(24 * 45);
  options.retention = retention;
  auto store = TimeSeriesStore::Open(options, clock, files_, log_, counters_);
  status_ = store.status();
  if (store.ok()) store_ = *std::move(store);
}

std::string OpenedStore::Log() const {
  const std::vector<std::string> lines = log_.Lines();
  std::string first;
  for (size_t i = 0; i < std::min(lines.size(), kLogLinesShown); ++i) {
    absl::StrAppend(&first, "  ", lines[i], "\n");
  }
  return first;
}

std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) {
      files.push_back(std::filesystem::relative(entry.path(), directory));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string FlipABit(const std::filesystem::path& path, std::mt19937_64& random) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  while (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
  if (bytes.empty()) return "";
  const size_t at = random() % bytes.size();
  const auto bit = static_cast<unsigned>(random() % kBitsOfAByte);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(bytes[at] ^ static_cast<char>(1u << bit)));
  EXPECT_TRUE(file.good());
  return absl::StrCat(path.filename().string(), " byte ", at, " of ", bytes.size(), ", bit ", bit);
}

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  uint64_t number = otherwise;
  if (const char* text = std::getenv(variable); text != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  }
  return number;
}

}  // namespace ora::storage
