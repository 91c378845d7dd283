#include "io/row_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "files/source.hpp"
#include "io/csv.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "io/safetensors_array.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip.hpp"

namespace kernad {
namespace {

using testing::message_of;
using testing::npy;
using testing::raw;
using Texts = std::vector<std::string>;

/// The bytes of a file, and a source that reads them and must not outlive them.
std::unique_ptr<files::Source> memory(const std::string& file) {
  return std::make_unique<files::MemorySource>("a", testing::as_bytes(file));
}

/// Everything that is left, pulled `block` rows at a time.
Table pull(io::RowSource& source, std::size_t block) {
  io::PulledRows rows;
  while (source.next(block, rows) != 0) {
  }
  return io::to_table(source.shape(), std::move(rows));
}

std::vector<float> values_of(const Table& table) {
  return {table.features.values().begin(), table.features.values().end()};
}

constexpr std::size_t rows = 23;
constexpr std::size_t columns = 3;

/// Value 10 * row + column, in the order of the file.
std::string numbers(bool column_major) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows * columns; ++i) {
    const std::size_t row = column_major ? i % rows : i / columns;
    const std::size_t column = column_major ? i / rows : i % columns;
    values.push_back(static_cast<double>(10 * row + column));
  }
  return raw(values);
}

std::vector<float> wanted_values() {
  std::vector<float> values;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) values.push_back(static_cast<float>(10 * i + j));
  }
  return values;
}

/// Opens the same table once more at each call.
using Open = std::function<std::unique_ptr<io::RowSource>()>;

void expect_same_rows_in_any_block(const Open& open, const Texts& labels = {}) {
  for (const std::size_t block : {1, 2, 5, 22, 23, 24, 1000}) {
    SCOPED_TRACE(block);
    const auto source = open();
    EXPECT_EQ(source->columns(), columns);
    const Table table = pull(*source, block);
    EXPECT_EQ(table.features.rows(), rows);
    EXPECT_EQ(values_of(table), wanted_values());
    EXPECT_EQ(table.labels, labels);
    io::PulledRows none;
    EXPECT_EQ(source->next(1, none), 0u) << "nothing comes behind the end";
  }
}

TEST(RowSourceTest, NpyInBothOrders) {
  for (const bool fortran : {false, true}) {
    SCOPED_TRACE(fortran);
    const std::string file = npy("<f8", "(23, 3)", numbers(fortran), fortran);
    EXPECT_EQ(io::npy_rows(memory(file))->rows(), rows);
    expect_same_rows_in_any_block([&] { return io::npy_rows(memory(file)); });
  }
}

TEST(RowSourceTest, AnEntryOfAnNpzOutlivesItsArchive) {
  for (const bool deflated : {false, true}) {
    const std::string file =
        testing::zip_archive({{"X.npy", npy("<f8", "(23, 3)", numbers(false))}, {"y.npy", "no array"}}, deflated);
    expect_same_rows_in_any_block([&] {
      return io::npy_rows(io::NpzArchive::from_memory("a.npz", testing::as_bytes(file)).find("X", io::Role::features));
    });
  }
}

TEST(RowSourceTest, ATensorBetweenOthers) {
  const std::string file = testing::safetensors(
      R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F64","shape":[23,3],"data_offsets":[2,554]},)"
      R"("c":{"dtype":"U8","shape":[1],"data_offsets":[554,555]}})",
      "12" + numbers(false) + "3");
  expect_same_rows_in_any_block([&] { return io::safetensors_rows(memory(file), "b"); });
}

TEST(RowSourceTest, TextWithAndWithoutAHeading) {
  std::string text;
  Texts labels;
  for (std::size_t i = 0; i < rows; ++i) {
    labels.push_back(i % 2 == 0 ? "good" : "bad");
    text += std::to_string(10 * i) + "," + labels.back() + "," + std::to_string(10 * i + 1) + "," +
            std::to_string(10 * i + 2) + "\n";
  }
  for (const std::string& file : {text, "a,b,c,d\n" + text}) {
    const auto open = [&] { return io::csv_rows(memory(file), ',', {"1"}); };
    EXPECT_EQ(open()->rows(), std::nullopt);
    EXPECT_EQ(open()->column_names(), file == text ? Texts{} : (Texts{"a", "c", "d"}));
    expect_same_rows_in_any_block(open, labels);
  }
}

TEST(RowSourceTest, RowsAreReadWhenTheyArePulled) {
  // The fault in the last row is found when it is reached, and the rows before it have been given out.
  const std::string text = "1\n2\nx\n";
  const auto source = io::csv_rows(memory(text), ',', {});
  io::PulledRows pulled;
  EXPECT_EQ(source->next(2, pulled), 2u);
  EXPECT_EQ(pulled.values, (std::vector<float>{1, 2}));
  EXPECT_EQ(message_of<ReadError>([&] { (void)source->next(1, pulled); }), "a: line 3, column 0: 'x' is not a number");

  const std::string file = npy("<f8", "(3, 1)", raw<double>({1, 2, -1e39}));
  const auto array = io::npy_rows(memory(file));
  EXPECT_EQ(array->next(2, pulled), 2u);
  EXPECT_TRUE(message_of<InvalidInput>([&] {
                (void)array->next(1, pulled);
              }).starts_with("a: row 2, column 0: -1e+39 is beyond float32"));
}

TEST(RowSourceTest, TheLastRowIsNotGivenOutBeforeTheChecksumIsRight) {
  std::string file = testing::zip_archive({{"X.npy", npy("<f4", "(2, 1)", raw<float>({1, 2}))}});
  const std::size_t data = file.find(raw<float>({1, 2}));
  ASSERT_NE(data, std::string::npos);
  file[data] = 1;
  const auto source =
      io::npy_rows(io::NpzArchive::from_memory("a.npz", testing::as_bytes(file)).find("X", io::Role::features));
  io::PulledRows pulled;
  EXPECT_EQ(source->next(1, pulled), 1u);
  EXPECT_NE(message_of<ReadError>([&] { (void)source->next(1, pulled); }).find("CRC error"), std::string::npos);
}

TEST(RowSourceTest, TablesWithoutRowsOrColumns) {
  const std::string no_rows = npy("<f4", "(0, 3)", "");
  EXPECT_EQ(pull(*io::npy_rows(memory(no_rows)), 4).features.rows(), 0u);
  const std::string no_columns = npy("<f4", "(5, 0)", "", true);
  EXPECT_EQ(pull(*io::npy_rows(memory(no_columns)), 2).features.rows(), 5u);
  const std::string labels_alone = "y\ngood\nbad\n";
  const auto source = io::csv_rows(memory(labels_alone), ',', {"y"});
  EXPECT_EQ(source->columns(), 0u);
  const Table table = io::read_all(*source);
  EXPECT_EQ(table.features.rows(), 2u);
  EXPECT_EQ(table.labels, (Texts{"good", "bad"}));
}

TEST(RowSourceTest, MoreTextThanIsPulledAtATime) {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i) + "\n";
  const Table table = io::read_all(*io::csv_rows(memory(text), ',', {}));
  ASSERT_EQ(table.features.rows(), 40000u);
  for (std::size_t i = 0; i < 40000; ++i) ASSERT_EQ(table.features(i, 0), static_cast<float>(i));
}

TEST(RowSourceTest, OpensWhatReadTableReads) {
  const testing::TemporaryFolder folder;
  const auto source = io::open_rows(folder.write("a.tsv", "x\ty\n1\t2\n"), {});
  EXPECT_EQ(source->name(), folder.path("a.tsv"));
  EXPECT_EQ(source->column_names(), (Texts{"x", "y"}));
  EXPECT_EQ(values_of(io::read_all(*source)), (std::vector<float>{1, 2}));
}

}  // namespace
}  // namespace kernad
