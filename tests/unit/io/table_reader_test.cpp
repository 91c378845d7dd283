// A table block by block is the table of read_tables.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <thread>

#include "kernad/io.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip.hpp"

namespace kernad::table_reader_test {
namespace {

using testing::message_of;
using testing::npy;
using testing::raw;
using testing::TemporaryFolder;
using Texts = std::vector<std::string>;

std::vector<float> values_of(const Embeddings& rows) { return {rows.values().begin(), rows.values().end()}; }

template <typename T>
void join(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// What blocks of `max_rows` rows hold together; rests are zeros where a block has none.
Table joined(const Texts& sources, const ReadOptions& options, std::size_t max_rows) {
  TableReader reader(sources, options);
  Table all;
  std::vector<float> values;
  std::vector<float> rests;
  std::size_t rows = 0;
  for (;;) {
    const Table block = reader.next(max_rows);
    EXPECT_LE(block.features.rows(), max_rows);
    EXPECT_EQ(block.features.cols(), reader.columns());
    if (rows == 0) all.column_names = block.column_names;
    join(all.notes, block.notes);
    if (block.features.rows() == 0) break;
    rows += block.features.rows();
    join(values, values_of(block.features));
    if (!block.rest.empty()) {
      rests.resize(values.size() - block.rest.values().size());
      join(rests, values_of(block.rest));
    }
    join(all.labels, block.labels);
    join(all.weights, block.weights);
    for (auto [to, from] : {std::pair{&all.ids, &block.ids}, {&all.fields, &block.fields}}) {
      to->resize(from->size());
      for (std::size_t k = 0; k < from->size(); ++k) {
        (*to)[k].name = (*from)[k].name;
        join((*to)[k].values, (*from)[k].values);
      }
    }
  }
  if (!rests.empty()) rests.resize(values.size());
  if (!rests.empty()) all.rest = Embeddings(std::move(rests), rows, reader.columns());
  all.features = Embeddings(std::move(values), rows, reader.columns());
  EXPECT_EQ(reader.next(max_rows).features.rows(), 0u) << "nothing comes behind the end";
  return all;
}

void expect_equal(const std::vector<TextColumn>& a, const std::vector<TextColumn>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].name, b[k].name);
    EXPECT_EQ(a[k].values, b[k].values);
  }
}

void expect_whole_table(const Texts& sources, const ReadOptions& options = {}) {
  const Table whole = read_tables(sources, options);
  for (const std::size_t block : {1, 2, 7, 300, 100000}) {
    SCOPED_TRACE(block);
    const Table parts = joined(sources, options, block);
    EXPECT_EQ(values_of(parts.features), values_of(whole.features));
    EXPECT_EQ(values_of(parts.rest), values_of(whole.rest));
    EXPECT_EQ(parts.column_names, whole.column_names);
    EXPECT_EQ(parts.labels, whole.labels);
    EXPECT_EQ(parts.weights, whole.weights);
    EXPECT_EQ(parts.notes, whole.notes);
    expect_equal(parts.ids, whole.ids);
    expect_equal(parts.fields, whole.fields);
  }
}

/// Rows of every kind of column: two features, a label, a weight, an id.
std::string text(std::size_t rows, bool swapped) {
  std::string csv = swapped ? "y,x,w,id,label\n" : "x,y,w,id,label\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string x = i == 3 ? "1234567.891" : std::to_string(i);
    const std::string y = std::to_string(2 * i + 1);
    csv += (swapped ? y + "," + x : x + "," + y) + "," + std::to_string(i % 3) + ",part" + std::to_string(i) + "," +
           (i % 2 == 0 ? "ok\n" : "ng\n");
  }
  return csv;
}

TEST(TableReaderTest, TextsWithEveryKindOfColumn) {
  const TemporaryFolder folder;
  ReadOptions options;
  options.label_column = "label";
  options.weight_column = "w";
  options.id_columns = {"id"};
  options.keep_rest = true;
  options.keep_fields = true;
  const std::string a = folder.write("a.csv", text(700, false));
  const std::string b = folder.write("b.csv", text(5, true));
  expect_whole_table({a}, options);
  expect_whole_table({a, b, a}, options);
  const Table whole = read_tables(Texts{b, a}, options);
  EXPECT_EQ(whole.fields[0].name, "y");
  EXPECT_EQ(whole.fields[0].values[5], "1") << "fields go by the names of the first source";
}

/// A text of several pieces for threads and several buffers, with lines of every kind between those that are plain.
std::string long_text(std::size_t rows) {
  std::string csv = "x,y,w,id,label\r\n";
  for (std::size_t i = 0; i < rows; ++i) {
    if (i % 1001 == 5) csv += "# a comment, between rows\n";
    if (i % 997 == 6) csv += " \t\n\n";
    const bool is_quoted = i % 1499 == 7;
    csv += std::to_string(static_cast<double>(i) * 0.001) + (i % 3 == 0 ? ", " : ",") + std::to_string(i * i) + "," +
           std::to_string(i % 4) + (is_quoted ? ",\"two\nlines\"" : ",part" + std::to_string(i)) +
           (i % 2 == 0 ? ",ok" : ",ng") + (i % 5 == 0 ? "\r\n" : "\n");
  }
  return csv;
}

TEST(TableReaderTest, AnyNumberOfThreadsReadsTheSame) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", long_text(60'000));
  ReadOptions options{.label_column = "label", .id_columns = {"id"}, .keep_rest = true, .keep_fields = true};
  options.weight_column = "w";
  options.num_threads = 1;
  const Table one = joined({file}, options, 100'000);
  ASSERT_EQ(one.features.rows(), 60'000u);
  ASSERT_FALSE(one.rest.empty());
  EXPECT_EQ(one.ids[0].values[7], "two\nlines");
  for (const int threads : {2, 3, 8}) {
    for (const std::size_t block : {999, 20'000, 100'000}) {
      SCOPED_TRACE(::testing::Message() << threads << " threads, blocks of " << block << " rows");
      options.num_threads = threads;
      const Table many = joined({file}, options, block);
      EXPECT_EQ(values_of(many.features), values_of(one.features));
      EXPECT_EQ(values_of(many.rest), values_of(one.rest));
      EXPECT_EQ(many.labels, one.labels);
      EXPECT_EQ(many.weights, one.weights);
      EXPECT_EQ(many.notes, one.notes);
      expect_equal(many.ids, one.ids);
      expect_equal(many.fields, one.fields);
    }
  }
}

TEST(TableReaderTest, OfSeveralFaultsTheFirstIsNamedWhateverTheThreads) {
  const TemporaryFolder folder;
  std::string csv = "a,b\n";
  for (int i = 0; i < 50'000; ++i) {
    if (i == 100) csv += "\n\n";  // blank lines count as lines
    const bool is_bad = i == 30'000 || i == 30'001 || i == 34'000 || i == 40'000;
    csv += std::to_string(i) + (is_bad ? ",x" : ",1") + std::to_string(i) + "\n";
  }
  const std::string file = folder.write("a.csv", csv);
  for (const int threads : {1, 2, 8}) {
    for (const std::size_t block : {1'000, 1'000'000}) {
      ReadOptions options;
      options.num_threads = threads;
      EXPECT_EQ(message_of<ReadError>([&] { (void)joined({file}, options, block); }),
                file + ": line 30004, column 1 ('b'): 'x30000' is not a number");
    }
  }
  EXPECT_EQ(message_of<InvalidParameter>([&] { TableReader({file}, {.num_threads = -1}); }),
            "threads is -1; valid: 0 (as many as the machine has) to 1024");
}

TEST(TableReaderTest, Arrays) {
  const TemporaryFolder folder;
  std::vector<double> values(1200);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 97 == 5 ? 1e6 + 0.1 : static_cast<double>(i);
  const std::string c = folder.write("c.npy", npy("<f8", "(400, 3)", raw(values)));
  const std::string fortran = folder.write("f.npy", npy("<f8", "(400, 3)", raw(values), true));
  const std::string packed =
      folder.write("p.npz", testing::zip_archive({{"X.npy", npy("<f8", "(400, 3)", raw(values), true)}}, true));
  ReadOptions options;
  options.keep_rest = true;
  for (const std::string& file : {c, fortran, packed}) {
    expect_whole_table({file}, options);
    expect_whole_table({file});
    EXPECT_EQ(TableReader({file}).rows(), 400u);
  }
  expect_whole_table({c, fortran, packed}, options);
  EXPECT_EQ(TableReader({c, c}).rows(), std::nullopt);
}

TEST(TableReaderTest, SourcesWithoutRowsHaveColumns) {
  const TemporaryFolder folder;
  const std::string empty = folder.write("e.csv", "x,y\n");
  TableReader reader({empty});
  const Table table = reader.next(10);
  EXPECT_EQ(table.features.rows(), 0u);
  EXPECT_EQ(table.features.cols(), 2u);
  EXPECT_EQ(table.column_names, (Texts{"x", "y"}));
  expect_whole_table({empty, folder.write("a.csv", "x,y\n1,2\n")});
}

TEST(TableReaderTest, FaultsAreFoundWhenTheirRowComes) {
  const TemporaryFolder folder;
  const std::string good = folder.write("good.csv", "x,y\n1,2\n3,4\n");
  const std::string wide = folder.write("wide.npy", npy("<f4", "(1, 3)", raw<float>({1, 2, 3})));
  TableReader reader({good, wide});
  EXPECT_EQ(reader.next(2).features.rows(), 2u);
  EXPECT_EQ(message_of<InvalidInput>([&] { (void)reader.next(1); }),
            wide + ": has 3 columns of features where " + good + " has 2; they must be alike");
  (void)message_of<InvalidParameter>([&] { (void)reader.next(0); });
  (void)message_of<InvalidParameter>([] { (void)TableReader({}); });
  ReadOptions fields;
  fields.keep_fields = true;
  const std::string other = folder.write("other.csv", "x,y,z\n1,2,3\n");
  TableReader append({good, other}, [&] {
    fields.columns = {"x", "y"};
    return fields;
  }());
  (void)append.next(2);
  EXPECT_NE(message_of<InvalidInput>([&] { (void)append.next(1); }).find("'z'"), std::string::npos);
}

/// A pipe with a name, into which a test writes.
class Pipe {
 public:
  explicit Pipe(const TemporaryFolder& folder) : path_(folder.path("pipe")) {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("no pipe");
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(TableReaderTest, APipeIsTakenAsItComes) {
  const TemporaryFolder folder;
  const Pipe pipe(folder);
  for (const std::string& heading : {std::string(), std::string("x,y\n"), std::string("json")}) {
    SCOPED_TRACE(heading);
    const bool json = heading == "json";
    std::promise<void> first_read;
    std::promise<void> second_read;
    std::jthread writer([&] {
      std::ofstream out(pipe.path());
      out << (json ? "{\"x\":1,\"y\":2}\n" : heading + "1,2\n") << std::flush;
      first_read.get_future().wait();  // no more comes before the first row has been given out
      out << (json ? "{\"x\":3,\"y\":4}\n{\"x\":5,\"y\":6}\n" : "3,4\n5,6\n") << std::flush;
      second_read.get_future().wait();
      out << (json ? "{\"x\":7,\"y\":8}" : "7,8");
    });
    ReadOptions options;
    options.as_it_comes = true;
    TableReader reader({pipe.path()}, options);
    EXPECT_EQ(values_of(reader.next(100).features), (std::vector<float>{1, 2}));
    first_read.set_value();
    EXPECT_EQ(values_of(reader.next(100).features), (std::vector<float>{3, 4, 5, 6}));
    second_read.set_value();
    EXPECT_EQ(values_of(reader.next(100).features), (std::vector<float>{7, 8}));
    EXPECT_EQ(reader.next(100).features.rows(), 0u);
  }
}

}  // namespace
}  // namespace kernad::table_reader_test
