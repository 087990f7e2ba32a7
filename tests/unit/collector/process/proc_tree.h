// A /proc of a test's own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace ora::collector {

class ProcTree {
 public:
  explicit ProcTree(const std::string& name)
      : root_(testing::TempDir() + "/" + name + "_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~ProcTree() { std::filesystem::remove_all(root_); }

  const std::string& root() const { return root_; }

  // In place of what the file held, and a new file: open handles keep the old one.
  void Write(const std::string& path, const std::string& text) const {
    const std::string whole = root_ + "/" + path;
    std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
    std::filesystem::remove(whole);
    std::ofstream(whole, std::ios::binary) << text;
  }

  // In place, so that an open handle sees it, as it does in the real one.
  void Overwrite(const std::string& path, const std::string& text) const {
    std::ofstream(root_ + "/" + path, std::ios::binary) << text;
  }

  void Remove(const std::string& path) const { std::filesystem::remove_all(root_ + "/" + path); }

 private:
  const std::string root_;
};

struct FakeProcess {
  int pid = 0;
  std::string comm;
  uint64_t cpu_ticks = 0;
  uint64_t start_ticks = 100;
  uint64_t flags = 0;
};

inline std::string StatOf(const FakeProcess& process) {
  return absl::StrCat(process.pid, " (", process.comm, ") S 1 1 1 0 -1 ", process.flags,
                      " 5 0 3 0 ", process.cpu_ticks, " 10 0 0 20 0 2 0 ", process.start_ticks,
                      " 4096000 100 18446744073709551615 1 1\n");
}

}  // namespace ora::collector
