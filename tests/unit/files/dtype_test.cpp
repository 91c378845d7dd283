#include "files/dtype.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "support/bytes.hpp"

namespace kernad::dtype_test {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

std::vector<double> decoded(const std::string& bytes, files::NumberFormat format) {
  std::vector<double> out(bytes.size() / size_of(format.dtype));
  files::decode(testing::as_bytes(bytes), format, out);
  return out;
}

template <typename T>
void expect_both_orders(DType dtype, const std::vector<T>& values) {
  const std::vector<double> wanted(values.begin(), values.end());
  EXPECT_EQ(decoded(testing::raw(values), {dtype, files::ByteOrder::little}), wanted) << to_string(dtype);
  EXPECT_EQ(decoded(testing::raw(values, true), {dtype, files::ByteOrder::big}), wanted) << to_string(dtype);
}

TEST(DTypeTest, EveryTypeInBothByteOrders) {
  expect_both_orders<std::uint8_t>(DType::u8, {0, 1, 255});
  expect_both_orders<std::int8_t>(DType::i8, {-128, -1, 127});
  expect_both_orders<std::uint16_t>(DType::u16, {0, 258, 65535});
  expect_both_orders<std::int16_t>(DType::i16, {-32768, 258, 32767});
  expect_both_orders<std::uint32_t>(DType::u32, {0, 16909060, 4294967295u});
  expect_both_orders<std::int32_t>(DType::i32, {std::numeric_limits<std::int32_t>::min(), 16909060});
  expect_both_orders<std::uint64_t>(DType::u64, {0, 1ull << 63, (1ull << 53) + 1});
  expect_both_orders<std::int64_t>(DType::i64, {std::numeric_limits<std::int64_t>::min(), -1, 1ll << 40});
  expect_both_orders<float>(DType::f32, {-1.5f, 0x1p-149f, std::numeric_limits<float>::max(), inf});
  expect_both_orders<double>(DType::f64, {-1.5, 0x1p-1074, std::numeric_limits<double>::max(), -inf});
}

TEST(DTypeTest, AnyByteButZeroIsTrue) {
  EXPECT_EQ(decoded(std::string("\0\1\2\xff", 4), {DType::boolean, files::ByteOrder::little}),
            (std::vector<double>{0, 1, 1, 1}));
}

TEST(DTypeTest, HalfPrecisionAgainstTheStandardsTable) {
  struct Row {
    std::uint16_t bits;
    float value;
  };
  for (const auto& [bits, value] : {Row{0x0000, 0.0f}, Row{0x0001, 0x1p-24f}, Row{0x03ff, 0x1.ff8p-15f},
                                    Row{0x0400, 0x1p-14f}, Row{0x3555, 0.333251953125f}, Row{0x3c00, 1.0f},
                                    Row{0x3c01, 1.0009765625f}, Row{0x7bff, 65504.0f}, Row{0x7c00, inf}}) {
    EXPECT_EQ(files::float_from_half(bits), value) << bits;
    EXPECT_EQ(files::float_from_half(static_cast<std::uint16_t>(bits | 0x8000)), -value) << bits;
  }
  EXPECT_TRUE(std::signbit(files::float_from_half(0x8000)));
  EXPECT_TRUE(std::isnan(files::float_from_half(0x7c01)));
  EXPECT_TRUE(std::isnan(files::float_from_half(0xfe00)));
}

TEST(DTypeTest, EveryFiniteHalfIsSignFractionAndExponent) {
  for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const int exponent = static_cast<int>(bits >> 10);
    const double fraction = bits & 0x3ff;
    const double wanted = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 15 - 10);
    ASSERT_EQ(files::float_from_half(static_cast<std::uint16_t>(bits)), wanted) << bits;
  }
}

TEST(DTypeTest, HalvesInBothOrdersAndBFloat16) {
  EXPECT_EQ(decoded(std::string("\x00\x3c\x00\xc0", 4), {DType::f16, files::ByteOrder::little}),
            (std::vector<double>{1, -2}));
  EXPECT_EQ(decoded(std::string("\x3c\x00\xc0\x00", 4), {DType::f16, files::ByteOrder::big}),
            (std::vector<double>{1, -2}));
  EXPECT_EQ(decoded(std::string("\x80\x3f\x20\xc0", 4), {DType::bf16, files::ByteOrder::little}),
            (std::vector<double>{1, -2.5}));
}

TEST(DTypeTest, FloatsStopAtTheFirstFiniteValueBeyondFloat32) {
  constexpr double largest = std::numeric_limits<float>::max();
  const auto first_beyond = [](const std::vector<double>& values) {
    std::vector<float> out(values.size());
    const std::string bytes = testing::raw(values);
    return files::decode(testing::as_bytes(bytes), {DType::f64, files::ByteOrder::little}, std::span(out));
  };
  EXPECT_EQ(first_beyond({0, largest, -largest, inf, std::nan(""), 1e-300}), 6u);
  EXPECT_EQ(first_beyond({0, std::nextafter(largest, inf), 1}), 1u);
  EXPECT_EQ(first_beyond({0, 1, -1e300}), 2u);
}

TEST(DTypeTest, IntegersRoundToFloatOnce) {
  // Through double this would round twice: 2^60 + 2^36 is a tie in float that the 1 below breaks upwards.
  const std::string bytes = testing::raw(std::vector<std::uint64_t>{(1ull << 60) + (1ull << 36) + 1});
  std::vector<float> out(1);
  ASSERT_EQ(files::decode(testing::as_bytes(bytes), {DType::u64, files::ByteOrder::little}, std::span(out)), 1u);
  EXPECT_EQ(out[0], 0x1p60f + 0x1p37f);
}

TEST(DTypeTest, NamesOfBothFormats) {
  EXPECT_EQ(to_string(DType::boolean), "BOOL");
  EXPECT_EQ(to_string(DType::f64), "F64");
  EXPECT_EQ(files::dtype_from_safetensors("BF16"), DType::bf16);
  EXPECT_EQ(files::dtype_from_safetensors("F8_E4M3"), std::nullopt);
  EXPECT_EQ(files::dtype_from_safetensors(""), std::nullopt);
  for (const char* descr : {"<f4", "=f4", "|f4"}) {
    const auto format = files::format_from_numpy(descr);
    ASSERT_TRUE(format) << descr;
    EXPECT_EQ(format->dtype, DType::f32);
    EXPECT_EQ(format->order, files::ByteOrder::little);
  }
  EXPECT_EQ(files::format_from_numpy(">u8")->order, files::ByteOrder::big);
  for (const char* descr : {"", "<", "f4", "<f16", "<c8", "|O", "<U3", "|V2", "<M8[ns]", "!f4", "<f3", "<b2"}) {
    EXPECT_FALSE(files::format_from_numpy(descr)) << descr;
  }
}

TEST(TensorTest, KeepsShapeAndValues) {
  const Tensor tensor = Tensor::from(std::vector<std::int64_t>{-1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(tensor.dtype, DType::i64);
  EXPECT_EQ(tensor.size(), 6u);
  EXPECT_EQ(tensor.bytes.size(), 48u);
  EXPECT_EQ(tensor.to_f64(), (std::vector<double>{-1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(Tensor::from(std::vector<double>{0.1}, {}).to_f64(), std::vector<double>{0.1});
  EXPECT_EQ(Tensor::from(std::vector<float>{}, {0, 3}).size(), 0u);
}

TEST(TensorTest, RefusesValuesThatDoNotFillItsShape) {
  EXPECT_EQ(testing::message_of<InvalidParameter>([] {
              (void)Tensor::from(std::vector<float>{1, 2}, {3});
            }),
            "2 values do not fill a tensor of shape 3");
  Tensor tensor = Tensor::from(std::vector<float>{1, 2}, {2});
  tensor.bytes.pop_back();
  (void)testing::message_of<InvalidParameter>([&] { (void)tensor.to_f64(); });
}

}  // namespace
}  // namespace kernad::dtype_test
