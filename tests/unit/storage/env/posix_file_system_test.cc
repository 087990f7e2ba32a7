#include "storage/env/posix_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ora::storage {
namespace {

using testing::HasSubstr;

class PosixFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = testing::TempDir() + "posix_" + test->name() + std::to_string(getpid());
    ASSERT_TRUE(files_.CreateDirectories(directory_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  void Append(const std::string& name, absl::string_view text) {
    auto file = files_.OpenForAppend(Path(name));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append(text).ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }

  std::string Read(const std::string& name) {
    auto text = files_.ReadWhole(Path(name), 1 << 20);
    return text.ok() ? *text : std::string(text.status().message());
  }

  PosixFileSystem files_;
  std::string directory_;
};

TEST_F(PosixFileSystemTest, AppendsAtTheEnd) {
  Append("a", "one\n");
  Append("a", "two\n");
  EXPECT_EQ(Read("a"), "one\ntwo\n");
}

TEST_F(PosixFileSystemTest, ReadsOnThroughRenameAndDeletion) {
  Append("a", "one");
  auto file = files_.OpenForRead(Path("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(files_.Rename(Path("a"), Path("b")).ok());
  ASSERT_TRUE(files_.Delete(Path("b")).ok());
  char text[8];
  auto got = (*file)->ReadAt(1, absl::MakeSpan(text));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(absl::string_view(text, *got), "ne");
  EXPECT_EQ((*file)->Status()->link_count, 0u);
}

TEST_F(PosixFileSystemTest, NamesThePathAndTheReasonOfAnError) {
  auto file = files_.OpenForRead(Path("absent"));
  EXPECT_EQ(file.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(file.status().message()), HasSubstr(Path("absent")));
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("No such file"));
}

TEST_F(PosixFileSystemTest, ReadsWholeUpToTheLimitAndNotOnePast) {
  Append("a", "12345");
  EXPECT_EQ(*files_.ReadWhole(Path("a"), 5), "12345");
  EXPECT_EQ(files_.ReadWhole(Path("a"), 4).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(PosixFileSystemTest, ReadsFilesThatTellNoSize) {
  EXPECT_THAT(*files_.ReadWhole("/proc/self/status", 1 << 20), HasSubstr("VmRSS"));
}

TEST_F(PosixFileSystemTest, ReplacesAtOnce) {
  ASSERT_TRUE(files_.ReplaceWhole(Path("a"), "old").ok());
  ASSERT_TRUE(files_.ReplaceWhole(Path("a"), "new").ok());
  EXPECT_EQ(Read("a"), "new");
  EXPECT_EQ(files_.List(directory_)->size(), 1u);
}

TEST_F(PosixFileSystemTest, DoesNotWaitForTheWriterOfAFifo) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  ASSERT_TRUE(files_.OpenForRead(Path("pipe")).ok());
  EXPECT_EQ(files_.Stat(Path("pipe"))->type, FileType::kFifo);
}

TEST_F(PosixFileSystemTest, ListsWithTypes) {
  Append("a", "x");
  ASSERT_TRUE(files_.CreateDirectories(Path("d/e")).ok());
  ASSERT_EQ(symlink("a", Path("l").c_str()), 0);
  int regular = 0, directories = 0, links = 0;
  const std::vector<DirectoryEntry> entries = *files_.List(directory_);
  for (const DirectoryEntry& entry : entries) {
    regular += entry.type == FileType::kRegular;
    directories += entry.type == FileType::kDirectory;
    links += entry.type == FileType::kSymlink;
  }
  EXPECT_EQ(regular, 1);
  EXPECT_EQ(directories, 1);
  EXPECT_EQ(links, 1);
  EXPECT_EQ(*files_.ReadLink(Path("l")), "a");
}

TEST_F(PosixFileSystemTest, CutsAFile) {
  Append("a", "12345");
  ASSERT_TRUE(files_.Truncate(Path("a"), 2).ok());
  EXPECT_EQ(Read("a"), "12");
}

TEST_F(PosixFileSystemTest, TellsWhatIsFree) { EXPECT_GT(*files_.FreeBytes(directory_), 0u); }

TEST_F(PosixFileSystemTest, GivesALockToOneHolderAtATime) {
  auto lock = files_.Lock(Path("lock"));
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(files_.Lock(Path("lock")).status().code(), absl::StatusCode::kFailedPrecondition);
  lock->reset();
  EXPECT_TRUE(files_.Lock(Path("lock")).ok());
}

TEST_F(PosixFileSystemTest, RefusesADirectoryInAFilesPlace) {
  Append("a", "x");
  EXPECT_EQ(files_.CreateDirectories(Path("a")).code(), absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace ora::storage
