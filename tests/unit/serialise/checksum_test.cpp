#include "serialise/checksum.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <string>

#include "kernad/error.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"

namespace kernad::checksum_test {
namespace {

StateDict sample(std::size_t bytes = 11) {
  StateDict state;
  state.metadata = {{"format", "kernad"}, {"seed", "7"}};
  state.tensors["b"] = Tensor::from(std::vector<float>{1, -2, 3, 4, 5, 6}, {2, 3});
  state.tensors["a"] = Tensor{DType::u8, {bytes}, std::vector<std::byte>(bytes, std::byte{0xa5})};
  state.tensors["scalar"] = Tensor{DType::i16, {}, {std::byte{1}, std::byte{2}}};
  return state;
}

/// zlib's of what docs/formats.md says is summed.
std::string by_zlib(const StateDict& state) {
  std::string all;
  const auto text = [&](std::string_view value) { all += std::string(value) + '\0'; };
  for (const auto& [key, value] : state.metadata) {
    text(key);
    text(value);
  }
  for (const auto& [name, tensor] : state.tensors) {
    text(name);
    text(to_string(tensor.dtype));
    std::string shape;
    for (const std::size_t size : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(size);
    text(shape);
    all.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  }
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08lx",
                ::crc32(0, reinterpret_cast<const Bytef*>(all.data()), static_cast<uInt>(all.size())));
  return digits;
}

TEST(ChecksumTest, IsZlibsForEveryLength) {
  for (std::size_t bytes = 0; bytes < 400; ++bytes) {
    EXPECT_EQ(serialise::checksum_of(sample(bytes)), by_zlib(sample(bytes))) << bytes;
  }
  EXPECT_EQ(serialise::checksum_of({}), "00000000");
}

TEST(ChecksumTest, IsWrittenAndTakenOutAgain) {
  const auto bytes = to_safetensors(sample());
  const std::string file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  EXPECT_NE(file.find("\"kernad_crc32\":\"" + by_zlib(sample()) + "\""), std::string::npos) << file;
  EXPECT_EQ(from_safetensors(bytes).metadata, sample().metadata);
}

TEST(ChecksumTest, EveryFlippedBitIsFound) {
  const auto whole = to_safetensors(sample());
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto damaged = whole;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    StateDict loaded;
    try {
      loaded = from_safetensors(damaged);
    } catch (const ReadError&) {
      continue;
    }
    // What still loads has lost nothing but the name of the checksum, or differs in no more than the JSON's form.
    std::erase_if(loaded.metadata, [](const auto& entry) { return entry.second == by_zlib(sample()); });
    EXPECT_EQ(loaded.metadata, sample().metadata) << "bit " << bit;
    for (const auto& [name, tensor] : sample().tensors) {
      ASSERT_TRUE(loaded.tensors.contains(name)) << "bit " << bit;
      EXPECT_EQ(loaded.tensors[name].bytes, tensor.bytes) << "bit " << bit;
      EXPECT_EQ(loaded.tensors[name].shape, tensor.shape) << "bit " << bit;
    }
  }
}

TEST(ChecksumTest, TheMessageSaysWhatToDo) {
  auto bytes = to_safetensors(sample());
  bytes.back() ^= std::byte{1};
  const testing::TemporaryFolder folder;
  folder.write("m", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  StateDict other = sample();
  other.tensors["a"].bytes.back() ^= std::byte{1};
  EXPECT_EQ(testing::message_of<ReadError>([&] { (void)read_safetensors(folder.path("m")); }),
            folder.path("m") + ": damaged, or changed by another program: its checksum is " + by_zlib(other) +
                ", but metadata 'kernad_crc32' is '" + by_zlib(sample()) +
                "'; a program that changes a model has to leave out that key");
}

TEST(ChecksumTest, AFileWithoutOneLoads) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  const std::string file = testing::safetensors(header, "x");
  EXPECT_EQ(from_safetensors(testing::as_bytes(file)).tensors.size(), 1u);
}

}  // namespace
}  // namespace kernad::checksum_test
