#include "collector/tail/archive/archive_file.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/unit/collector/tail/compressed_text.h"

namespace ora::collector {
namespace {

using End = ArchiveFile::End;
constexpr uint64_t kToTheEnd = std::numeric_limits<uint64_t>::max();

// Long enough for many pieces, and hardly compressible.
std::string Text(size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) absl::StrAppend(&text, random(), "\n");
  text.resize(size);
  return text;
}

class ArchiveFileTest : public ::testing::TestWithParam<std::string (*)(absl::string_view)> {
 protected:
  std::string Packed(absl::string_view text) { return GetParam()(text); }

  void Open(absl::string_view bytes) {
    ASSERT_EQ(files_.CreateDirectories("/logs"), absl::OkStatus());
    ASSERT_EQ(files_.ReplaceWhole("/logs/archive", bytes), absl::OkStatus());
    auto file = files_.OpenForRead("/logs/archive");
    ASSERT_EQ(file.status(), absl::OkStatus());
    auto archive = ArchiveFile::Make(*std::move(file), open_);
    ASSERT_EQ(archive.status(), absl::OkStatus());
    archive_ = *std::move(archive);
  }

  void Survey() {
    for (int i = 0; i < 10'000 && archive_->end() == End::kNotSeen; ++i) {
      const auto made = archive_->Advance(kToTheEnd, 1000);
      ASSERT_EQ(made.status(), absl::OkStatus());
    }
  }

  std::string Read(uint64_t offset, size_t size) {
    std::string bytes(size, '\0');
    const auto got = archive_->ReadAt(offset, absl::MakeSpan(bytes));
    EXPECT_EQ(got.status(), absl::OkStatus());
    bytes.resize(got.value_or(0));
    return bytes;
  }

  fakes::MemoryFileSystem files_;
  size_t open_ = 0;
  std::unique_ptr<ArchiveFile> archive_;
};

TEST_P(ArchiveFileTest, TellsLengthAndBothEnds) {
  const std::string text = Text(1'000'000);
  Open(Packed(text));
  EXPECT_EQ(open_, 1u);
  Survey();
  EXPECT_EQ(archive_->end(), End::kWhole);
  EXPECT_EQ(archive_->length(), text.size());
  EXPECT_EQ(archive_->head(), text.substr(0, ArchiveFile::kPrintBytes));
  EXPECT_EQ(archive_->tail(), text.substr(text.size() - ArchiveFile::kPrintBytes));
  EXPECT_EQ(archive_->Status()->size_bytes, text.size());
  archive_.reset();
  EXPECT_EQ(open_, 0u);
}

TEST_P(ArchiveFileTest, ReadsAnywhere) {
  const std::string text = Text(1'000'000);
  Open(Packed(text));
  for (const size_t offset : {0, 999'000, 10, 500'000, 500'100, 499'000, 999'999, 1'000'000}) {
    EXPECT_EQ(Read(offset, 300), text.substr(offset, 300)) << offset;
  }
  EXPECT_EQ(Read(2'000'000, 10), "");
}

TEST_P(ArchiveFileTest, ReadsForwardWithinABudget) {
  const std::string text = Text(1'000'000);
  Open(Packed(text));
  size_t steps = 0;
  while (true) {
    const auto made = archive_->Advance(700'000, 1);
    ASSERT_EQ(made.status(), absl::OkStatus());
    if (*made == 0) break;
    ++steps;
  }
  EXPECT_GT(steps, 3u);
  EXPECT_EQ(Read(700'000, 100), text.substr(700'000, 100));
}

TEST_P(ArchiveFileTest, TakesMembersThatFollowEachOtherForOneText) {
  Open(Packed("one\n") + Packed("") + Packed("two\n"));
  Survey();
  EXPECT_EQ(archive_->end(), End::kWhole);
  EXPECT_EQ(Read(0, 100), "one\ntwo\n");
}

TEST_P(ArchiveFileTest, TellsThatItIsCut) {
  const std::string text = Text(1'000'000);
  const std::string packed = Packed(text);
  Open(packed.substr(0, packed.size() / 2));
  Survey();
  EXPECT_EQ(archive_->end(), End::kCut);
  EXPECT_GT(archive_->length(), 0u);
  EXPECT_LT(archive_->length(), text.size());
  EXPECT_EQ(Read(0, text.size()), text.substr(0, archive_->length()));
}

TEST_P(ArchiveFileTest, TellsThatItIsDamaged) {
  std::string packed = Packed(Text(1'000'000));
  for (size_t i = packed.size() / 2; i < packed.size() / 2 + 64; ++i) packed[i] = '\xff';
  Open(packed);
  Survey();
  EXPECT_EQ(archive_->end(), End::kDamaged);
}

TEST_P(ArchiveFileTest, HoldsAnEmptyText) {
  Open(Packed(""));
  Survey();
  EXPECT_EQ(archive_->end(), End::kWhole);
  EXPECT_EQ(archive_->length(), 0u);
  EXPECT_EQ(Read(0, 10), "");
}

INSTANTIATE_TEST_SUITE_P(Formats, ArchiveFileTest, ::testing::Values(&GzipOf, &ZstdOf));

TEST(ArchiveFormatTest, IsToldByTheFirstBytes) {
  EXPECT_EQ(ArchiveFormatOf(GzipOf("x")), ArchiveFormat::kGzip);
  EXPECT_EQ(ArchiveFormatOf(ZstdOf("x")), ArchiveFormat::kZstd);
  EXPECT_EQ(ArchiveFormatOf("BZh91AY"), ArchiveFormat::kUnknown);
  EXPECT_EQ(ArchiveFormatOf("\x1f\x8b"), ArchiveFormat::kUnknown);  // Too few bytes to be sure.
}

}  // namespace
}  // namespace ora::collector
