#include "io/npz.hpp"

#include <gtest/gtest.h>

#include "io/npy.hpp"
#include "support/bytes.hpp"
#include "support/zip.hpp"

namespace kernad::npz_test {
namespace {

using testing::message_of;
using testing::npy;
using testing::raw;
using testing::zip_archive;

const std::string matrix = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
const std::string vector = npy("<i8", "(3,)", raw<std::int64_t>({0, 1, 1}));

Embeddings features(const std::string& file, const std::string& name = "") {
  const auto archive = io::NpzArchive::from_memory("a.npz", testing::as_bytes(file));
  return io::read_all(*io::npy_rows(archive.find(name, io::Role::features))).features;
}

std::vector<std::uint8_t> labels(const std::string& file, const std::string& name = "") {
  const auto archive = io::NpzArchive::from_memory("a.npz", testing::as_bytes(file));
  return io::read_npy_labels(*archive.find(name, io::Role::labels));
}

std::string refusal(const std::string& file, const std::string& name = "") {
  return message_of<ReadError>([&] { (void)features(file, name); });
}

// Replaces `size` little-endian bytes at `offset` behind the first central directory record's signature.
std::string with_directory_field(std::string file, std::size_t offset, std::size_t size, std::uint64_t value) {
  const std::size_t record = file.find("PK\1\2");
  for (std::size_t i = 0; i < size; ++i) file[record + offset + i] = static_cast<char>((value >> (8 * i)) & 0xff);
  return file;
}
constexpr std::size_t crc_field = 16;
constexpr std::size_t packed_size_field = 20;
constexpr std::size_t size_field = 24;

TEST(NpzTest, StoredAndDeflated) {
  for (const bool deflated : {false, true}) {
    const std::string file = zip_archive({{"X.npy", matrix}, {"y.npy", vector}}, deflated);
    EXPECT_EQ(features(file)(1, 0), 3);
    EXPECT_EQ(labels(file), (std::vector<std::uint8_t>{0, 1, 1}));
  }
}

TEST(NpzTest, ArraysByName) {
  const std::string file = zip_archive({{"a.npy", matrix}, {"b.npy", npy("|u1", "(1, 1)", "\7")}, {"b", "text"}});
  EXPECT_EQ(features(file, "a").cols(), 2u);
  EXPECT_EQ(features(file, "b")(0, 0), 7);
  EXPECT_EQ(features(file, "b.npy")(0, 0), 7);
  EXPECT_EQ(refusal(file, "c"), "a.npz: has no array 'c'; it holds 'a' (2 x 2), 'b' (1 x 1)");
}

TEST(NpzTest, WithoutANameTheOnlyOneThatFitsOrX) {
  EXPECT_EQ(features(zip_archive({{"v.npy", vector}, {"only.npy", matrix}}))(0, 1), 2);
  EXPECT_EQ(features(zip_archive({{"other.npy", npy("<f4", "(0, 9)", "")}, {"X.npy", matrix}})).cols(), 2u);
  EXPECT_EQ(refusal(zip_archive({{"a.npy", matrix}, {"b.npy", matrix}})),
            "a.npz: which array? Name one as a.npz:NAME. The file holds 'a' (2 x 2), 'b' (2 x 2)");
  EXPECT_EQ(refusal(zip_archive({{"v.npy", vector}})),
            "a.npz: which array? Name one as a.npz:NAME. The file holds 'v' (3)");
  EXPECT_EQ(refusal(zip_archive({{"readme.txt", "x"}})),
            "a.npz: which array? Name one as a.npz:NAME. The file holds no array");
}

TEST(NpzTest, TwoArraysOfOneNameAreRefused) {
  std::string file = zip_archive({{"X.npy", matrix}, {"Z.npy", matrix}});
  for (std::size_t at = 0; (at = file.find("Z.npy", at)) != std::string::npos;) file[at] = 'X';
  EXPECT_EQ(refusal(file), "a.npz: has more than one array 'X'");
  EXPECT_EQ(refusal(file, "X"), "a.npz: has more than one array 'X'");
}

TEST(NpzTest, LabelsWithoutANameAreTheOnlyColumnOrY) {
  EXPECT_EQ(labels(zip_archive({{"X.npy", matrix}, {"kind.npy", vector}})).size(), 3u);
  const std::string column = npy("|u1", "(2, 1)", std::string("\0\1", 2));
  EXPECT_EQ(labels(zip_archive({{"X.npy", column}, {"y.npy", vector}})).size(), 3u);
  EXPECT_EQ(labels(zip_archive({{"column.npy", column}})), (std::vector<std::uint8_t>{0, 1}));
}

TEST(NpzTest, ArraysOfObjectsDoNotStandInTheWay) {
  const std::string objects = npy("|O", "(1, 2)", "pickle");
  EXPECT_EQ(features(zip_archive({{"names.npy", objects}, {"a.npy", matrix}})).rows(), 2u);
  const std::string file = zip_archive({{"names.npy", objects}});
  EXPECT_TRUE(refusal(file, "names").starts_with("a.npz:names: its type '|O' is Python objects"));
  EXPECT_NE(refusal(file).find("'names' (not real numbers)"), std::string::npos);
}

TEST(NpzTest, NamesOfArraysCannotBreakAMessage) {
  const std::string file = zip_archive({{"a\nb.npy", npy("|O", "(1,)", "x")}});
  EXPECT_TRUE(refusal(file, "a\nb").starts_with("a.npz:a\\x0ab: its type "));
}

TEST(NpzTest, LongListsAreCut) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (int i = 0; i < 15; ++i) entries.emplace_back(std::to_string(i) + ".npy", matrix);
  EXPECT_TRUE(refusal(zip_archive(entries)).ends_with("'11' (2 x 2) and 3 more"));
}

TEST(NpzTest, EveryTruncationIsRefused) {
  for (const bool deflated : {false, true}) {
    testing::refuse_every_truncation(zip_archive({{"X.npy", matrix}}, deflated),
                                     [](const std::string& part) { (void)features(part); });
  }
  EXPECT_TRUE(refusal("no zip at all").starts_with("a.npz: this is not a readable .npz (zip) archive: "));
}

TEST(NpzTest, FlippedBitsNeverDoWorse) {
  for (const bool deflated : {false, true}) {
    const std::string file = zip_archive({{"X.npy", matrix}}, deflated);
    const std::size_t refused = testing::flip_every_bit(file, [](const std::string& part) { (void)features(part); });
    EXPECT_GT(refused, 8 * matrix.size() / 2);
  }
}

TEST(NpzTest, EveryFlippedBitOfTheDataIsToldByTheCrc) {
  const std::string file = zip_archive({{"X.npy", matrix}});
  const std::size_t data = file.find(raw<float>({1, 2, 3, 4}));
  ASSERT_NE(data, std::string::npos);
  for (std::size_t bit = 0; bit < 8 * 16; ++bit) {
    std::string flipped = file;
    flipped[data + bit / 8] = static_cast<char>(flipped[data + bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(refusal(flipped).find("CRC error"), std::string::npos) << bit;
  }
}

TEST(NpzTest, AWrongCrcIsRefused) {
  for (const bool deflated : {false, true}) {
    const std::string file = zip_archive({{"X.npy", matrix}}, deflated);
    EXPECT_NE(refusal(with_directory_field(file, crc_field, 4, 0x12345678)).find("CRC error"), std::string::npos);
  }
}

TEST(NpzTest, SizesThatTheArchiveLiesAboutAreRefused) {
  const std::string file = zip_archive({{"X.npy", matrix}}, true);
  // More than deflate can make of so few bytes; more than the header says; less than the header says.
  EXPECT_NE(refusal(with_directory_field(file, size_field, 4, 0x7fffffff)).find("that cannot be"), std::string::npos);
  EXPECT_NE(refusal(with_directory_field(file, size_field, 4, matrix.size() + 4)).find("but 20 follow"),
            std::string::npos);
  EXPECT_NE(refusal(with_directory_field(file, size_field, 4, matrix.size() - 4)).find("but 12 follow"),
            std::string::npos);
  EXPECT_NE(refusal(with_directory_field(file, packed_size_field, 4, 0x7fffffff)).find("that cannot be"),
            std::string::npos);
}

TEST(NpzTest, AHeaderThatPromisesLessThanTheEntryHoldsIsRefused) {
  // A bomb: a small size in header and directory, a large entry behind them.
  const std::string bomb = matrix + std::string(100000, '\0');
  const std::string file = zip_archive({{"X.npy", bomb}}, true);
  const std::string message = refusal(with_directory_field(file, size_field, 4, matrix.size()));
  EXPECT_TRUE(message.starts_with("a.npz:X: byte ")) << message;
}

TEST(NpzTest, OtherPackingsAreRefused) {
  const std::string file = zip_archive({{"X.npy", matrix}}, true);
  constexpr std::size_t method_field = 10;
  EXPECT_EQ(refusal(with_directory_field(file, method_field, 2, 12)),
            "a.npz:X: is packed in a way that kernad does not read; valid: stored, deflated");
}

}  // namespace
}  // namespace kernad::npz_test
