// Checksums by carry-less multiplication, on every target that has it, against a division bit by bit.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "kernels/kernels.hpp"

namespace kernad::kernels::crc32_test {
namespace {

std::uint32_t bit_by_bit(const std::byte* data, std::size_t count, std::uint32_t rest) {
  for (std::size_t i = 0; i < count; ++i) {
    rest ^= std::to_integer<std::uint32_t>(data[i]);
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return rest;
}

class Crc32OnEachTarget : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, Crc32OnEachTarget, ::testing::ValuesIn(available_targets()),
                         [](const auto& each) { return each.param; });

TEST_P(Crc32OnEachTarget, WhatIsFoldedHasTheSameRemainder) {
  const auto fold = for_target(GetParam()).fold_crc32;
  if (fold == nullptr) GTEST_SKIP() << "no carry-less multiplication";
  std::vector<std::byte> message(10 * kCrcMultiple + 1);
  std::uint32_t state = 1;
  for (std::byte& byte : message) byte = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24U);
  for (std::size_t count = kCrcMultiple; count < message.size(); count += kCrcMultiple) {
    for (const std::uint32_t rest : {0U, 1U, 0xffffffffU, 0x80000000U}) {
      for (const std::size_t offset : {0, 1}) {  // wherever it begins
        std::array<std::byte, 16> folded{};
        const std::byte* data = message.data() + offset;
        fold(data, count, rest, folded.data());
        EXPECT_EQ(bit_by_bit(folded.data(), folded.size(), 0), bit_by_bit(data, count, rest)) << count << ' ' << rest;
      }
    }
  }
}

}  // namespace
}  // namespace kernad::kernels::crc32_test
