#include "storage/env/file_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/memory_file_system.h"

namespace ora::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(FilePatternTest, MeansTheFilesOfAFolderOrItself) {
  fakes::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("/r").ok());
  for (const char* name : {"/r/b.yml", "/r/a.yml", "/r/a.txt", "/r/.c.yml"}) {
    ASSERT_TRUE(files.ReplaceWhole(name, "x").ok());
  }
  EXPECT_THAT(*FilesOf("/r/*.yml", files), ElementsAre("/r/a.yml", "/r/b.yml"));
  EXPECT_THAT(*FilesOf("/r/?.txt", files), ElementsAre("/r/a.txt"));
  EXPECT_THAT(*FilesOf("/r/none*", files), IsEmpty());
  EXPECT_THAT(*FilesOf("/absent.yml", files), ElementsAre("/absent.yml"));
  EXPECT_FALSE(FilesOf("/absent/*.yml", files).ok());
}

}  // namespace
}  // namespace ora::storage
