#include "io/npy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "support/bytes.hpp"

namespace kernad::npy_test {
namespace {

using testing::message_of;
using testing::npy;
using testing::npy_with_header;
using testing::raw;

Embeddings features(const std::string& file) {
  auto source = std::make_unique<files::MemorySource>("a.npy", testing::as_bytes(file));
  return io::read_all(*io::npy_rows(std::move(source))).features;
}

std::vector<std::uint8_t> labels(const std::string& file) {
  files::MemorySource source("a.npy", testing::as_bytes(file));
  return io::read_npy_labels(source);
}

std::string refusal(const std::string& file) {
  return message_of<ReadError>([&] { (void)features(file); });
}

std::vector<float> values_of(const Embeddings& table) { return {table.values().begin(), table.values().end()}; }

TEST(NpyTest, RowMajor) {
  const Embeddings table = features(npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6})));
  EXPECT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.cols(), 3u);
  EXPECT_EQ(values_of(table), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(NpyTest, FortranOrderIsTransposed) {
  const Embeddings table = features(npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6}), true));
  EXPECT_EQ(values_of(table), (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

TEST(NpyTest, BothOrdersAcrossManyBlocks) {
  // 300 x 401 numbers are more than are converted at once, and not a multiple of that.
  constexpr std::size_t rows = 300;
  constexpr std::size_t cols = 401;
  std::vector<std::int32_t> numbers(rows * cols);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int32_t>(i);
  const Embeddings c = features(npy("<i4", "(300, 401)", raw(numbers)));
  const Embeddings f = features(npy("<i4", "(300, 401)", raw(numbers), true));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      ASSERT_EQ(c(i, j), static_cast<float>(i * cols + j));
      ASSERT_EQ(f(i, j), static_cast<float>(j * rows + i));
    }
  }
}

TEST(NpyTest, EveryTypeAndBigEndian) {
  const std::vector<float> wanted = {1, 0};
  EXPECT_EQ(values_of(features(npy("|b1", "(1, 2)", raw<std::uint8_t>({1, 0})))), wanted);
  EXPECT_EQ(values_of(features(npy("|i1", "(1, 2)", raw<std::int8_t>({1, 0})))), wanted);
  EXPECT_EQ(values_of(features(npy(">u2", "(1, 2)", raw<std::uint16_t>({1, 0}, true)))), wanted);
  EXPECT_EQ(values_of(features(npy(">i8", "(1, 2)", raw<std::int64_t>({1, 0}, true)))), wanted);
  EXPECT_EQ(values_of(features(npy(">f8", "(1, 2)", raw<double>({1, 0}, true)))), wanted);
  EXPECT_EQ(values_of(features(npy("=f4", "(1, 2)", raw<float>({1, 0})))), wanted);
  EXPECT_EQ(values_of(features(npy("<f2", "(1, 2)", raw<std::uint16_t>({0x3c00, 0})))), wanted);
}

TEST(NpyTest, VersionsTwoAndThreeHaveWiderLengths) {
  for (const char major : {'\2', '\3'}) {
    EXPECT_EQ(values_of(features(npy("<f4", "(1, 2)", raw<float>({1, 2}), false, major))), (std::vector<float>{1, 2}));
  }
  EXPECT_EQ(refusal(npy("<f4", "(1,)", raw<float>({1}), false, '\4')),
            "a.npy: byte 6: unknown .npy version 4.0; valid: 1.0, 2.0, 3.0");
}

TEST(NpyTest, OneDimensionIsOneRow) {
  const Embeddings table = features(npy("<f4", "(3,)", raw<float>({1, 2, 3})));
  EXPECT_EQ(table.rows(), 1u);
  EXPECT_EQ(table.cols(), 3u);
}

TEST(NpyTest, EmptyArraysKeepTheirShape) {
  EXPECT_EQ(features(npy("<f4", "(0, 5)", "")).cols(), 5u);
  EXPECT_EQ(features(npy("<f4", "(5, 0)", "", true)).rows(), 5u);
}

// They take no byte of the file and no memory, but whoever goes through the rows would not come to an end.
TEST(NpyTest, RowsWithoutColumnsAreFew) {
  EXPECT_EQ(refusal(npy("<f4", "(1000000000000, 0)", "")),
            "a.npy: the array is 1000000000000 x 0; rows have at least one column");
}

TEST(NpyTest, OtherDimensionsAreRefused) {
  EXPECT_EQ(refusal(npy("<f4", "()", raw<float>({1}))),
            "a.npy: the array is a scalar; one or two dimensions are needed");
  EXPECT_EQ(refusal(npy("<f4", "(1, 2, 1)", raw<float>({1, 2}))),
            "a.npy: the array is 1 x 2 x 1; features are rows x columns, or one row");
}

TEST(NpyTest, HeaderInAnyOrderAndSpacing) {
  const std::string dict = "{ \"shape\" :(1,2) ,'fortran_order':False,\n'descr':\"<f4\"}   \n";
  EXPECT_EQ(values_of(features(npy_with_header(dict, raw<float>({1, 2})))), (std::vector<float>{1, 2}));
  EXPECT_EQ(features(npy("<f4", "(1L, 2L)", raw<float>({1, 2}))).cols(), 2u);
}

TEST(NpyTest, TypesThatAreNoRealNumbersAreNamed) {
  EXPECT_NE(refusal(npy("|O", "(1,)", "x")).find("'|O' is Python objects, which kernad never unpickles"),
            std::string::npos);
  EXPECT_NE(refusal(npy("<U5", "(1,)", "x")).find("text"), std::string::npos);
  EXPECT_NE(refusal(npy("<c8", "(1,)", "x")).find("complex"), std::string::npos);
  EXPECT_NE(refusal(npy("<M8[ns]", "(1,)", "x")).find("dates"), std::string::npos);
  EXPECT_NE(refusal(npy("<f16", "(1,)", "x")).find("valid: bool, integers, float16, float32, float64"),
            std::string::npos);
  const std::string record = "{'descr': [('a]', '<f4'), ('b', [('c', '<i4')])], 'fortran_order': False, 'shape': (1,)}";
  EXPECT_NE(refusal(npy_with_header(record, "12345678")).find("a record of fields"), std::string::npos);
}

TEST(NpyTest, MalformedHeadersAreRefusedWithTheByte) {
  const std::string rest = "'fortran_order': False, 'shape': (1,)";
  for (const std::string& dict : std::vector<std::string>{
           std::string(""),
           std::string("{"),
           std::string("{}"),
           "{" + rest + "}",                                         // no descr
           "{'descr': '<f4', " + rest + ", 'more': 1}",              // an extra key
           "{'descr': '<f4', 'descr': '<f4', " + rest + "}",         // a key twice
           "{'descr': '<f4', " + rest + "} x",                       // text after it
           "{'descr': '<f4', " + rest + "}" + std::string(1, '\0'),  // a zero byte after it
           "{'descr': '<f4' " + rest + "}",                          // no comma
           "{'descr': <f4, " + rest + "}",                           // no quotes
           "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)",  // a quote left open
           std::string("{'descr': [('a', '<f4')"),                   // a bracket left open
           std::string("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (1)}"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': 1}"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,)}"),
       }) {
    const std::string message = refusal(npy_with_header(dict, raw<float>({1})));
    EXPECT_TRUE(message.starts_with("a.npy: byte ")) << dict << ": " << message;
  }
}

TEST(NpyTest, EveryTruncationIsRefused) {
  const std::string file = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
  (void)features(file);
  testing::refuse_every_truncation(file, [](const std::string& part) { (void)features(part); });
  EXPECT_EQ(refusal(file.substr(0, 40)), "a.npy: byte 10: the header is 60 bytes but the file ends after 30");
  EXPECT_EQ(refusal(file.substr(0, file.size() - 4)),
            "a.npy: byte 70: 2 x 2 numbers of 4 bytes are 16 bytes but 12 follow");
}

TEST(NpyTest, BytesBehindTheArrayAreRefused) {
  EXPECT_NE(refusal(npy("<f4", "(1,)", raw<float>({1, 2}))).find("are 4 bytes but 8 follow"), std::string::npos);
}

TEST(NpyTest, FlippedBitsNeverDoWorse) {
  const std::string file = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
  const std::size_t refused = testing::flip_every_bit(file, [](const std::string& part) { (void)features(part); });
  EXPECT_GT(refused, 400u);
}

TEST(NpyTest, ShapesWhoseProductOverflowsAreRefused) {
  EXPECT_NE(refusal(npy("<f4", "(9223372036854775808, 2)", "")).find("beyond any file's size"), std::string::npos);
  EXPECT_NE(refusal(npy("<f4", "(4611686018427387904, 4611686018427387905)", "1234")).find("beyond any file's size"),
            std::string::npos);
  EXPECT_NE(refusal(npy("<f4", "(4294967296, 4294967296)", "")).find("beyond any file's size"), std::string::npos);
  // 2^61 bytes of one each: the file's size is fine as a number, four bytes each in memory are not.
  EXPECT_NE(refusal(npy("|u1", "(9223372036854775808,)", "")).find("but 0 follow"), std::string::npos);
}

// Claims any size and has no bytes.
class BoastingSource final : public files::Source {
 public:
  BoastingSource(std::string head, std::uint64_t size) : Source("big.npy", size), head_(std::move(head)) {}

 private:
  std::size_t read_some(std::span<std::byte> out) override {
    const std::size_t count = std::min(out.size(), head_.size());
    std::memcpy(out.data(), head_.data(), count);
    head_.erase(0, count);
    return count;
  }
  std::string head_;
};

TEST(NpyTest, MoreThanThisMachinesMemoryIsNotReadAsAWhole) {
  const std::string head = npy("|u1", "(1099511627776, 64)", "");
  auto source = std::make_unique<BoastingSource>(head, head.size() + (std::uint64_t{64} << 40));
  const auto rows = io::npy_rows(std::move(source));
  const std::string message = message_of<ReadError>([&] { (void)io::read_all(*rows); });
  EXPECT_NE(message.find("the data need 281474976710656 bytes of memory; "), std::string::npos) << message;
}

TEST(NpyTest, AFileThatShrinksWhileItIsReadIsRefused) {
  const std::string head = npy("<f4", "(2,)", "");
  const auto rows = io::npy_rows(std::make_unique<BoastingSource>(head + "1234", head.size() + 8));
  const std::string message = message_of<ReadError>([&] { (void)io::read_all(*rows); });
  EXPECT_NE(message.find("is 8 bytes but only 4 follow"), std::string::npos) << message;
}

TEST(NpyTest, ValuesBeyondFloat32NameRowAndColumn) {
  const std::string data = raw<double>({0, 1, 2, 3, -1e39, 5});
  EXPECT_EQ(message_of<InvalidInput>([&] { (void)features(npy("<f8", "(2, 3)", data)); }),
            "a.npy: row 1, column 1: -1e+39 is beyond float32, whose largest value is 3.4028235e+38");
  EXPECT_TRUE(message_of<InvalidInput>([&] {
                (void)features(npy("<f8", "(2, 3)", data, true));
              }).starts_with("a.npy: row 0, column 2: "));
}

TEST(NpyTest, NanAndInfinityPass) {
  const double inf = std::numeric_limits<double>::infinity();
  const Embeddings table = features(npy("<f8", "(3,)", raw<double>({std::nan(""), inf, -inf})));
  EXPECT_TRUE(std::isnan(table(0, 0)));
  EXPECT_EQ(table(0, 1), inf);
  EXPECT_EQ(table(0, 2), -inf);
}

TEST(NpyTest, Labels) {
  const std::vector<std::uint8_t> wanted = {0, 1, 1};
  EXPECT_EQ(labels(npy("<i8", "(3,)", raw<std::int64_t>({0, 1, 1}))), wanted);
  EXPECT_EQ(labels(npy("|b1", "(3,)", raw<std::uint8_t>({0, 1, 2}))), wanted);
  EXPECT_EQ(labels(npy("<f4", "(3, 1)", raw<float>({0, 1, 1}))), wanted);
  EXPECT_EQ(labels(npy("<i8", "(3,)", raw<std::int64_t>({1, -1, -1}))), wanted) << "as scikit-learn has it";
  EXPECT_TRUE(message_of<InvalidInput>([] {
                (void)labels(npy("<i8", "(3,)", raw<std::int64_t>({0, 1, -1})));
              }).starts_with("a.npy: row 2: '-1' is not a label; valid: 0, false, no,"));
  (void)message_of<InvalidInput>([] { (void)labels(npy("<f4", "(1,)", raw<float>({std::nanf("")}))); });
  EXPECT_EQ(message_of<ReadError>([] {
              (void)labels(npy("<i8", "(1, 2)", raw<std::int64_t>({0, 1})));
            }),
            "a.npy: the array is 1 x 2; labels are one-dimensional, or one column");
}

}  // namespace
}  // namespace kernad::npy_test
