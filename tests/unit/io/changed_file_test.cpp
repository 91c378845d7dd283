// Files that other programs write to, or cut, while they are read.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "kernad/error.hpp"
#include "kernad/io.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"

namespace kernad::changed_file_test {
namespace {

using testing::message_of;
using testing::npy;
using testing::TemporaryFolder;

/// What is said of the file when it is changed after its first row has been read.
std::string message_when(const std::function<void()>& changed, const std::string& file) {
  TableReader reader({file});
  (void)reader.next(1);
  changed();
  return message_of<ReadError>([&] {
    while (reader.next(1000).features.rows() != 0) {
    }
  });
}

TEST(ChangedFileTest, AFileThatChangesWhileItIsReadIsRefused) {
  const TemporaryFolder folder;
  constexpr std::size_t kBytes = 4'000'000;  // more than is read ahead
  std::string csv;
  while (csv.size() < kBytes) csv += "1,2,3\n4,5,6\n";
  const std::string array(kBytes, '\0');
  const std::string shape = "(" + std::to_string(kBytes / 8) + ", 2)";
  const std::string tensor = R"({"a":{"dtype":"F32","shape":[500000,2],"data_offsets":[0,4000000]}})";
  for (const auto& whole : {std::pair<std::string, std::string>{"a.csv", csv},
                            {"c.npy", npy("<f4", shape, array)},
                            {"f.npy", npy("<f4", shape, array, true)},
                            {"s.safetensors", testing::safetensors(tensor, array)}}) {
    const auto& name = whole.first;  // clang 14 captures no structured bindings
    const auto& bytes = whole.second;
    SCOPED_TRACE(name);
    const std::string file = folder.path(name);
    const auto wanted = [&](std::size_t size) {
      return file + ": was changed while it was read: it had " + std::to_string(bytes.size()) + " bytes and has " +
             std::to_string(size) + "; read it once it is complete, or a copy";
    };
    const auto write = [&] { (void)folder.write(name, bytes); };
    write();
    EXPECT_EQ(message_when([&] { std::ofstream(file, std::ios::app) << "7,8,9\n"; }, file), wanted(bytes.size() + 6));
    // At the end of a line, so that no row is cut.
    for (const std::size_t size : {std::size_t{3'000'000}, std::size_t{1'200'000}}) {
      write();
      EXPECT_EQ(message_when([&] { std::filesystem::resize_file(file, size); }, file), wanted(size));
    }
    write();
    EXPECT_EQ(message_when(
                  [&] {
                    std::fstream inside(file, std::ios::in | std::ios::out | std::ios::binary);
                    inside.seekp(static_cast<std::streamoff>(bytes.size() - 6));
                    inside << "7,8,9\n";
                    inside.close();
                    std::filesystem::last_write_time(file,
                                                     std::filesystem::last_write_time(file) + std::chrono::hours(1));
                  },
                  file),
              wanted(bytes.size()));
  }
}

}  // namespace
}  // namespace kernad::changed_file_test
