#include <gtest/gtest.h>

#include "kernad/io.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"
#include "support/zip.hpp"

namespace kernad {
namespace {

using testing::message_of;

void expect_name(const std::string& source, const std::string& path, const std::string& key) {
  const SourceName name = parse_source_name(source);
  EXPECT_EQ(name.path, path) << source;
  EXPECT_EQ(name.key, key) << source;
}

TEST(SourceNameTest, OnlyFilesOfSeveralArraysHaveAKey) {
  expect_name("a.npz:X", "a.npz", "X");
  expect_name("a.safetensors:model.mean", "a.safetensors", "model.mean");
  for (const char* whole : {"", "-", "a.npz", "a.npy", "a.npy:x", "a.csv:x", "a:b", "dir.npz/a", ".npz"}) {
    expect_name(whole, whole, "");
  }
}

TEST(SourceNameTest, EndingsInAnyCase) {
  expect_name("A.NPZ:Xy", "A.NPZ", "Xy");
  expect_name("T.SafeTensors:W", "T.SafeTensors", "W");
}

TEST(SourceNameTest, TheKeyBeginsBehindTheFirstEndingAndGoesToTheEnd) {
  expect_name("a.npz:b.npz:c", "a.npz", "b.npz:c");
  expect_name("a.safetensors:b.npz:c", "a.safetensors", "b.npz:c");
  expect_name("a.npz:folder/x.csv", "a.npz", "folder/x.csv");
  expect_name("C:/x:y/a.npz:k", "C:/x:y/a.npz", "k");
}

TEST(SourceNameTest, AKeyThatIsMissing) {
  for (const char* source : {"a.npz:", "a.NPZ:"}) {
    EXPECT_EQ(message_of<ReadError>([&] { (void)parse_source_name(source); }),
              std::string(source).substr(0, 5) + ": the name of an array is needed after the colon");
  }
}

TEST(SourceNameTest, AFileThatIsCalledSo) {
  const testing::TemporaryFolder folder;
  const std::string file = testing::npy("<f4", "(1, 1)", testing::raw<float>({7}));
  folder.write("a.npz", testing::zip_archive({{"b.npy", testing::npy("<f4", "(1, 1)", testing::raw<float>({8}))}}));
  const std::string name = folder.path("a.npz:b.npy");
  expect_name(name, folder.path("a.npz"), "b.npy");
  EXPECT_EQ(read_table(name).features(0, 0), 8);
  folder.write("a.npz:b.npy", file);
  expect_name(name, name, "");
  EXPECT_EQ(read_table(name).features(0, 0), 7);
}

}  // namespace
}  // namespace kernad
