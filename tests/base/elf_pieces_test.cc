// SPDX-License-Identifier: Apache-2.0
#include "tools/base/elf_pieces.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace leaktrack {
namespace {

class ElfPiecesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream self("/proc/self/exe", std::ios::binary);
    original_.assign(std::istreambuf_iterator<char>(self), {});
    Write(original_);
  }
  void TearDown() override {
    if (fd_ >= 0) close(fd_);
    unlink(path_.c_str());
  }
  void Write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  std::unique_ptr<ElfPieces> Read() {
    if (fd_ >= 0) close(fd_);
    fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    return ElfPieces::Read(fd_);
  }
  // Offset and size of a section, looked up by name.
  static std::pair<uint64_t, uint64_t> Find(ElfPieces& pieces, std::string_view name) {
    std::pair<uint64_t, uint64_t> found;
    pieces.Need([&](const ElfPieces::Section& section) {
      if (section.name == name) found = {section.offset, section.size};
      return false;
    });
    return found;
  }

  const std::string path_ = ::testing::TempDir() + "/elf_pieces." + std::to_string(getpid());
  std::string original_;
  int fd_ = -1;
};

TEST_F(ElfPiecesTest, WhatWasAskedForIsAsInTheFileAndTheRestIsEmpty) {
  const std::unique_ptr<ElfPieces> pieces = Read();
  ASSERT_NE(pieces, nullptr);
  ASSERT_EQ(pieces->size(), original_.size());
  EXPECT_EQ(memcmp(pieces->data(), original_.data(), sizeof(Elf64_Ehdr)), 0);
  const auto [text, text_size] = Find(*pieces, ".text");
  const auto [symbols, symbols_size] = Find(*pieces, ".symtab");
  ASSERT_GT(text_size, 200'000u);
  const std::string none(65'536, '\0');
  EXPECT_EQ(memcmp(pieces->data() + text + 65'536, none.data(), none.size()), 0) << "not asked for";
  pieces->NeedSymbols();
  EXPECT_EQ(memcmp(pieces->data() + symbols, original_.data() + symbols, symbols_size), 0);
  const auto [names, names_size] = Find(*pieces, ".strtab");
  EXPECT_EQ(memcmp(pieces->data() + names, original_.data() + names, names_size), 0)
      << "the table's link";
  EXPECT_FALSE(pieces->torn());
}

TEST_F(ElfPiecesTest, AFileThatIsCutMeanwhileIsEmptyFromThereOn) {
  const std::unique_ptr<ElfPieces> pieces = Read();
  const auto [symbols, symbols_size] = Find(*pieces, ".symtab");
  ASSERT_EQ(truncate(path_.c_str(), 4096), 0);
  pieces->NeedSymbols();
  EXPECT_TRUE(pieces->torn());
  for (uint64_t i = 65'536; i < symbols_size; i += 97) ASSERT_EQ(pieces->data()[symbols + i], 0);
}

TEST_F(ElfPiecesTest, AFileThatIsRewrittenMeanwhileStaysAsItWasRead) {
  const std::unique_ptr<ElfPieces> pieces = Read();
  pieces->NeedSymbols();
  const auto [symbols, symbols_size] = Find(*pieces, ".symtab");
  Write(std::string(original_.size(), 'x'));
  pieces->NeedSymbols();
  EXPECT_EQ(memcmp(pieces->data() + symbols, original_.data() + symbols, symbols_size), 0);
}

TEST_F(ElfPiecesTest, SectionsAsLargeAsASparseFileOfATerabyteCostNothing) {
  Elf64_Ehdr header{};
  memcpy(&header, original_.data(), sizeof header);
  const std::string table = original_.substr(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr));
  std::string bytes = original_;
  for (size_t i = 1; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    memcpy(&section, table.data() + i * sizeof section, sizeof section);
    if (section.sh_type != SHT_SYMTAB) continue;
    section.sh_size = (uint64_t{1} << 40) - section.sh_offset;
    memcpy(bytes.data() + header.e_shoff + i * sizeof section, &section, sizeof section);
  }
  Write(bytes);
  if (truncate(path_.c_str(), off_t{1} << 40) != 0) GTEST_SKIP() << "no such files here";
  const std::unique_ptr<ElfPieces> pieces = Read();
  ASSERT_NE(pieces, nullptr);
  pieces->NeedSymbols();
  EXPECT_FALSE(pieces->torn());
  EXPECT_GT(pieces->SectionBytes(), uint64_t{1} << 39);
}

TEST_F(ElfPiecesTest, WhatIsNoElfFileIsNone) {
  for (const std::string& bytes : {std::string(),
                                   std::string("\x7f"
                                               "ELF"),
                                   std::string(500, 'x')}) {
    Write(bytes);
    EXPECT_EQ(Read(), nullptr);
  }
  fd_ = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(ElfPieces::Read(fd_), nullptr);
}

TEST_F(ElfPiecesTest, MoreSectionsThanAnyFileHasAreRefused) {
  Elf64_Ehdr header{};
  memcpy(&header, original_.data(), sizeof header);
  header.e_shnum = 0;
  std::string bytes = original_;
  memcpy(bytes.data(), &header, sizeof header);
  Elf64_Shdr first{};
  first.sh_size = 2 << 20;
  memcpy(bytes.data() + header.e_shoff, &first, sizeof first);
  Write(bytes);
  EXPECT_EQ(Read(), nullptr);
}

}  // namespace
}  // namespace leaktrack
