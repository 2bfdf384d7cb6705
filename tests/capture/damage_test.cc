// SPDX-License-Identifier: Apache-2.0
//
// Any bytes are legal input. Wherever a file is cut or a byte flipped, the rest is read and the
// loss is reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "libtrack/capture/crc32c.h"
#include "libtrack/capture/read/decoder.h"
#include "tests/capture/run_fixture.h"

namespace leaktrack::capture {
namespace {

using leaktrack::testing::SmallProgram;
using leaktrack::testing::TestRun;

// A capture of a few epochs in which every segment is short, so most of the file is holes.
struct SmallCapture {
  SmallCapture() {
    SmallProgram program(&run, 7);
    if (!run.Create(nullptr)) abort();
    run.recorder.AddNote(NoteKind::kPhase, "phase", 8000, 0);
    run.recorder.AddNote(NoteKind::kPool, "pool", 8000, 8000, 1);
    run.sample.work_units = 300;
    for (uint64_t second = 8; second <= 11; ++second) {
      program.Second(1000 * second);
      if (second == 11) run.recorder.header()->state = static_cast<uint32_t>(RunState::kExited);
      if (!run.Epoch(1000 * second, second == 11 ? EpochKind::kFinal : EpochKind::kPeriodic))
        abort();
    }
    bytes = run.file.bytes();
    whole = run.DecodeFile().capture;
  }
  // Offsets that are neither in a hole nor behind the end mark of a segment.
  std::vector<size_t> Used() const {
    std::vector<size_t> used;
    for (size_t at = 0; at < bytes.size(); ++at) {
      const size_t near = std::min(bytes.size(), at + 32);
      const bool zeros =
          std::all_of(bytes.begin() + static_cast<long>(at > 32 ? at - 32 : 0),
                      bytes.begin() + static_cast<long>(near), [](uint8_t b) { return b == 0; });
      if (!zeros) used.push_back(at);
    }
    return used;
  }
  static leaktrack::testing::RecorderSizes Sizes() {
    leaktrack::testing::RecorderSizes sizes;
    sizes.cells = 512;
    sizes.live_slots = 64;
    sizes.arena_bytes = 4096;
    return sizes;
  }
  TestRun run{Sizes()};
  std::vector<uint8_t> bytes;
  Capture whole;
};

size_t Points(const Capture& capture) {
  size_t points = 0;
  for (const CellSeries& series : capture.cells) points += series.points.size();
  return points;
}

bool SameContents(const Capture& a, const Capture& b) {
  return Points(a) == Points(b) && a.survivors.size() == b.survivors.size() &&
         a.stacks.size() == b.stacks.size() && a.modules.size() == b.modules.size() &&
         a.hooks == b.hooks && a.kept_deaths.size() == b.kept_deaths.size() &&
         a.memory.size() == b.memory.size() && a.end_state == b.end_state &&
         a.duration_ms == b.duration_ms && a.epochs_lost == b.epochs_lost &&
         a.phases.size() == b.phases.size() && a.pools == b.pools;
}

// How many kinds of content differ. One damaged segment may affect only its own kind.
int KindsLost(const Capture& a, const Capture& b) {
  return (Points(a) != Points(b) || a.memory.size() != b.memory.size()) +
         (a.stacks.size() != b.stacks.size() || a.modules.size() != b.modules.size() ||
          a.hooks != b.hooks || a.phases.size() != b.phases.size() || a.pools != b.pools) +
         (a.survivors.size() != b.survivors.size()) +
         (a.kept_deaths.size() != b.kept_deaths.size()) +
         (a.duration_ms != b.duration_ms || a.epochs_lost != b.epochs_lost);
}

TEST(DamageTest, TheCaptureUsedHereIsSound) {
  const SmallCapture small;
  EXPECT_TRUE(small.whole.damage.empty());
  EXPECT_GT(Points(small.whole), 20u);
  EXPECT_GT(small.whole.kept_deaths.size(), 5u);
  EXPECT_GT(small.whole.survivors.size(), 10u);
}

TEST(DamageTest, CutAnywhereTheLossIsReported) {
  const SmallCapture small;
  std::vector<size_t> cuts = small.Used();
  for (const size_t cut : cuts) {
    const std::vector<uint8_t> file(small.bytes.begin(),
                                    small.bytes.begin() + static_cast<long>(cut));
    const DecodeResult result = DecodeCaptureBytes("cut", file, nullptr);
    if (result.failure != DecodeFailure::kNone) {
      ASSERT_FALSE(result.message.empty());
      ASSERT_LT(cut, kHeaderBytes + sizeof(SegmentHeader))
          << "only without header page is there no capture";
    } else {
      ASSERT_FALSE(result.capture.damage.empty()) << "cut at " << cut;
    }
  }
}

TEST(DamageTest, AFlippedByteLosesAtMostItsSegmentAndIsReported) {
  const SmallCapture small;
  std::vector<uint8_t> file = small.bytes;
  for (const size_t at : small.Used()) {
    file[at] ^= 0x41;
    const DecodeResult result = DecodeCaptureBytes("flipped", file, nullptr);
    ASSERT_EQ(result.failure, DecodeFailure::kNone) << at;
    const bool same = SameContents(small.whole, result.capture);
    if (at < kHeaderBytes) {
      ASSERT_TRUE(same) << at;
    }
    ASSERT_TRUE(same || !result.capture.damage.empty()) << at;
    ASSERT_LE(KindsLost(small.whole, result.capture), 1) << at;
    file[at] ^= 0x41;
  }
}

TEST(DamageTest, GarbageIsNoCapture) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    std::vector<uint8_t> file(random() % 9000);
    for (uint8_t& byte : file) byte = static_cast<uint8_t>(random());
    EXPECT_EQ(DecodeCaptureBytes("garbage", file, nullptr).failure, DecodeFailure::kNotACapture);
  }
}

TEST(DamageTest, ANewerMajorVersionIsRefusedByName) {
  SmallCapture small;
  FileHeader header;
  memcpy(&header, small.bytes.data(), sizeof(header));
  header.major = kMajor + 1;
  header.crc = Crc32c(&header, offsetof(FileHeader, crc));
  memcpy(small.bytes.data(), &header, sizeof(header));
  const DecodeResult result = DecodeCaptureBytes("new", small.bytes, nullptr);
  EXPECT_EQ(result.failure, DecodeFailure::kTooNew);
  EXPECT_THAT(result.message,
              ::testing::HasSubstr(std::to_string(kMajor + 1) + "." + std::to_string(kMinor)));
}

TEST(DamageTest, ARecorderFlippedAnywhereIsReadOrRefused) {
  const SmallCapture small;
  const size_t size = small.run.recorder.bytes();
  std::vector<uint8_t> image(small.run.recorder.image(), small.run.recorder.image() + size);
  std::string why;
  for (size_t at = 0; at < size; at += at < sizeof(RecorderHeader) ? 1 : 13) {
    if (at < sizeof(RecorderHeader) || image[at] != 0) {
      const uint8_t flip = static_cast<uint8_t>(at % 3 == 0 ? 0x80 : at % 3 == 1 ? 0x01 : 0xff);
      image[at] ^= flip;
      RecorderImage copy;
      if (copy.LoadBytes(image.data(), image.size(), &why)) {
        ASSERT_EQ(DecodeRecorderImage("x", copy).failure, DecodeFailure::kNone);
      }
      image[at] ^= flip;
    }
  }
}

TEST(DamageTest, ARecorderCutAnywhereIsReadOrRefused) {
  const SmallCapture small;
  std::string why;
  for (size_t size = 0; size < small.run.recorder.bytes(); size += 509) {
    const std::vector<uint8_t> image(small.run.recorder.image(), small.run.recorder.image() + size);
    RecorderImage copy;
    if (copy.LoadBytes(image.data(), image.size(), &why)) DecodeRecorderImage("x", copy);
  }
}

}  // namespace
}  // namespace leaktrack::capture
