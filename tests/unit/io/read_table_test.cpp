#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "kernad/io.hpp"
#include "kernad/state_dict.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip.hpp"

namespace kernad::read_table_test {
namespace {

using testing::message_of;
using testing::npy;
using testing::raw;
using testing::TemporaryFolder;

const std::string matrix = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
const std::string vector = npy("<i8", "(3,)", raw<std::int64_t>({0, 1, 1}));
const std::vector<std::uint8_t> wanted_labels = {0, 1, 1};

std::string refusal(const std::string& source) {
  return message_of<ReadError>([&] { (void)read_table(source); });
}

TEST(ReadTableTest, EveryEndingInAnyCase) {
  const TemporaryFolder folder;
  StateDict state;
  state.tensors["w"] = Tensor::from(std::vector<float>{1, 2, 3, 4}, {2, 2});
  state.tensors["t.npy"] = Tensor::from(std::vector<std::int64_t>{0, 1, 1}, {3});
  write_safetensors(folder.path("a.safetensors"), state);
  const std::string npz = testing::zip_archive({{"w.npy", matrix}, {"t.npy", vector}}, true);
  for (const std::string& source :
       {folder.write("a.npy", matrix), folder.write("A.NPY", matrix), folder.write("a.npz", npz),
        folder.path("a.npz:w"), folder.path("a.npz:w.npy"), folder.write("a.csv", "1,2\n3,4\n"),
        folder.write("a.tsv", "1\t2\n3\t4\n"), folder.path("a.safetensors"), folder.path("a.safetensors:w")}) {
    const Table table = read_table(source);
    ASSERT_EQ(table.features.rows(), 2u) << source;
    EXPECT_EQ(table.features(1, 0), 3) << source;
  }
  for (const std::string& source : {folder.write("y.npy", vector), folder.path("a.npz"), folder.path("a.npz:t"),
                                    folder.write("y.csv", "y\n0\n1\n1\n"), folder.write("y.tsv", "0\n1\n1\n"),
                                    folder.path("a.safetensors"), folder.path("a.safetensors:t.npy")}) {
    EXPECT_EQ(read_labels(source), wanted_labels) << source;
  }
}

TEST(ReadTableTest, NamesThatAreNoSource) {
  EXPECT_EQ(refusal("a.txt"),
            "a.txt: its ending is unknown; valid: .npy, .npz, .safetensors, .csv, .tsv, .jsonl, .ndjson, the last four "
            "also with .gz, or '-' for standard input");
  EXPECT_EQ(refusal("a.npz:"), "a.npz: the name of an array is needed after the colon");
  (void)refusal("");
  (void)refusal("a.npy:x");
  (void)message_of<ReadError>([] { (void)read_labels("a.txt"); });
}

TEST(ReadTableTest, FilesThatCannotBeRead) {
  const TemporaryFolder folder;
  for (const char* name : {"no.npy", "no.npz", "no.npz:x", "no.safetensors", "no.csv"}) {
    const std::string path = folder.path(std::string(name).substr(0, std::string(name).find(':')));
    EXPECT_EQ(refusal(folder.path(name)), path + ": cannot be opened: No such file or directory");
  }
  for (const char* name : {"d.npy", "d.npz", "d.safetensors", "d.csv"}) {
    std::filesystem::create_directory(folder.path(name));
    EXPECT_EQ(refusal(folder.path(name)), folder.path(name) + ": is a folder; a file is needed");
  }
  EXPECT_EQ(message_of<ReadError>([&] { (void)read_safetensors(folder.path("no")); }),
            folder.path("no") + ": cannot be opened: No such file or directory");
}

TEST(ReadTableTest, PipesAreForCsvOnly) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.path("pipe.npy").c_str(), 0600), 0);
  EXPECT_NE(refusal(folder.path("pipe.npy")).find("is a pipe or device; a regular file is needed"), std::string::npos);
  for (const char* name : {"pipe.csv", "pipe"}) {
    const std::string path = folder.path(name);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    std::thread writer([&] { (void)folder.write(name, "1,2\n3,4\n"); });
    EXPECT_EQ(read_table(path).features.rows(), 2u);
    writer.join();
  }
}

TEST(ReadTableTest, StandardInputIsCsv) {
  const TemporaryFolder folder;
  const int kept = ::dup(STDIN_FILENO);
  for (const char* name : {"-", "/dev/stdin"}) {
    ASSERT_NE(std::freopen(folder.write("in", "a,label\n1,good\n").c_str(), "r", stdin), nullptr);
    EXPECT_EQ(read_table(name, {"label"}).labels, std::vector<std::string>{"good"});
  }
  ASSERT_NE(std::freopen(folder.write("in", "x,z\n3,y\n").c_str(), "r", stdin), nullptr);
  EXPECT_EQ(refusal("-"), "standard input: line 2, column 1 ('z'): 'y' is not a number");
  ASSERT_EQ(::dup2(kept, STDIN_FILENO), STDIN_FILENO);
  ::close(kept);
}

TEST(ReadTableTest, OnlyTextHasALabelColumn) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.npy", matrix);
  EXPECT_TRUE(message_of<InvalidParameter>([&] { (void)read_table(path, {"-1"}); }).starts_with(path + ": only .csv"));
}

TEST(ReadTableTest, AFileLargerThanMemoryIsRefusedFromItsHeader) {
  const TemporaryFolder folder;
  const std::string head = npy("<f8", "(137438953472, 8)", "");
  const std::string path = folder.write("huge.npy", head);
  // 8 TiB that take no room on the disk.
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(head.size() + (std::uint64_t{8} << 40))), 0);
  const std::string message = refusal(path);
  EXPECT_NE(message.find("the data need 4398046511104 bytes of memory; "), std::string::npos) << message;
}

TEST(ReadTableTest, PackedTextsAndJsonLines) {
  // gzip of "a,b\n1,2.5\n3,4\n"
  const std::string packed(
      "\037\213\010\000\000\000\000\000\002\003\113\324\111\342\062\324\061\322\063\345\062\326\061\341\002\000\150\275"
      "\304\342\016\000\000\000",
      34);
  const testing::TemporaryFolder folder;
  for (const std::string name : {"a.csv.gz", "a.TSV.GZ"}) {
    const Table table = read_table(folder.write(name, packed));
    EXPECT_EQ(table.column_names, (std::vector<std::string>{"a", "b"})) << name;
    EXPECT_EQ(table.features(0, 1), 2.5F) << name;
  }
  EXPECT_EQ(read_table(folder.write("a.csv", packed)).features.rows(), 2u) << "seen by its first bytes";
  EXPECT_EQ(read_table(folder.write("a.ndjson", "{\"a\": 1}\n")).column_names, std::vector<std::string>{"a"});
  EXPECT_EQ(read_labels(folder.write("y.jsonl", "1\n0\n")), (std::vector<std::uint8_t>{1, 0}));
  EXPECT_NE(refusal(folder.path("a.npy.gz")).find("its ending is unknown"), std::string::npos);
}

TEST(ReadTableTest, WhatRoundingTookFromArraysIsKept) {
  const testing::TemporaryFolder folder;
  const std::vector<double> values = {1, 1699999330.734, 2, 3, 4, 0.1};
  for (const bool column_major : {false, true}) {
    const std::string npy = testing::npy("<f8", "(2, 3)", testing::raw(values), column_major);
    const Table table = read_table(folder.write("a.npy", npy), {.keep_rest = true});
    ASSERT_EQ(table.rest.rows(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        const double value = values[column_major ? j * 2 + i : i * 3 + j];
        EXPECT_NEAR(double{table.features(i, j)} + double{table.rest(i, j)}, value, std::ldexp(value, -48));
      }
    }
  }
  const std::vector<std::string> sources = {folder.write("1.csv", "1,2\n"), folder.write("2.csv", "3,0.1\n")};
  const Table both = read_tables(sources, {.keep_rest = true});
  ASSERT_EQ(both.rest.rows(), 2u);
  EXPECT_EQ(both.rest(0, 1), 0);
  EXPECT_NE(both.rest(1, 1), 0);
}

TEST(ReadTableTest, SeveralSourcesAreOneTable) {
  const testing::TemporaryFolder folder;
  const std::vector<std::string> sources = {folder.write("1.csv", "n,a,b,y\nr,1,2,0\n"),
                                            folder.write("2.csv", "b,n,y,a\n4,s,1,3\n")};
  const Table table = read_tables(sources, {.label_column = "y", .id_columns = {"n"}});
  EXPECT_EQ(table.features.rows(), 2u);
  EXPECT_EQ(table.features(1, 0), 3);
  EXPECT_EQ(table.labels, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(table.ids[0].values, (std::vector<std::string>{"r", "s"}));
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_TRUE(table.notes[0].starts_with(sources[1] + ": its columns stand in another order"));
  EXPECT_THROW((void)read_tables({}), InvalidParameter);
  const std::vector<std::string> uneven = {folder.write("3.csv", "1,2\n"), folder.write("4.csv", "1,2,3\n")};
  EXPECT_EQ(message_of<InvalidInput>([&] { (void)read_tables(uneven); }),
            uneven[1] + ": has 3 columns of features where " + uneven[0] + " has 2; they must be alike");
}

}  // namespace
}  // namespace kernad::read_table_test
