// SPDX-License-Identifier: Apache-2.0
//
// Replays the checked-in corpus of a fuzz target, and simple mutations of it, as a plain test.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

// The suite is named after the target: decode_capture_fuzz.SurvivesItsCorpus...
TEST(LEAKTRACK_TARGET, SurvivesItsCorpusAndMutationsOfIt) {
  std::mt19937 random(1);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LEAKTRACK_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
    ++files;
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    for (int i = 0; i < LEAKTRACK_MUTANTS && !bytes.empty(); ++i) {
      std::vector<uint8_t> mutant = bytes;
      for (int k = 0; k < 40; ++k)
        mutant[random() % mutant.size()] = static_cast<uint8_t>(random());
      LLVMFuzzerTestOneInput(mutant.data(), mutant.size());
    }
  }
  EXPECT_GE(files, 2u);
}

}  // namespace
