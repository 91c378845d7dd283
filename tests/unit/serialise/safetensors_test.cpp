#include "serialise/safetensors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "io/safetensors_array.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"

namespace kernad::safetensors_test {
namespace {

using testing::message_of;
using testing::raw;
using testing::safetensors;
using testing::TemporaryFolder;

StateDict parse(const std::string& file) {
  files::MemorySource source("a.safetensors", testing::as_bytes(file));
  return serialise::read_safetensors(source);
}

Embeddings features(const std::string& file, const std::string& name = "") {
  auto source = std::make_unique<files::MemorySource>("a.safetensors", testing::as_bytes(file));
  return io::read_all(*io::safetensors_rows(std::move(source), name)).features;
}

std::string refusal(const std::string& file) {
  return message_of<ReadError>([&] { (void)parse(file); });
}

std::string refused_header(const std::string& header, const std::string& data = "1234") {
  const std::string message = refusal(safetensors(header, data));
  EXPECT_TRUE(message.starts_with("a.safetensors: byte ")) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, std::size_t begin,
                   std::size_t end) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[)" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

void expect_contains(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

StateDict sample() {
  StateDict state;
  state.tensors["a"] = Tensor::from(std::vector<float>{1, 2, 3}, {3});
  state.tensors["b"] = Tensor::from(std::vector<double>{0.1, 0.2, 0.3, 0.4}, {2, 2});
  state.tensors["c"] = Tensor{DType::u8, {}, {std::byte{7}}};
  state.tensors["d"] = Tensor::from(std::vector<std::int64_t>{}, {0, 4});
  state.metadata = {{"method", "scale"}, {"name", "\xc3\xa4 \"quoted\"\n"}};
  return state;
}

void expect_equal(const StateDict& a, const StateDict& b) {
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, one] : a.tensors) {
    ASSERT_TRUE(b.tensors.contains(name)) << name;
    const Tensor& other = b.tensors.find(name)->second;
    EXPECT_EQ(one.dtype, other.dtype) << name;
    EXPECT_EQ(one.shape, other.shape) << name;
    EXPECT_EQ(one.bytes, other.bytes) << name;
  }
}

TEST(SafetensorsTest, APyTorchFileIsRecognised) {
  using std::string_literals::operator""s;
  for (const auto& start : {"PK\x03\x04\0\0\x08\x08\0\0"s, "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9"s}) {
    expect_contains(refusal(start + std::string(100, 'x')), "a.safetensors: byte 0: this is a PyTorch file");
    expect_contains(refusal(start + std::string(100, 'x')), "kernad-import");
  }
  expect_contains(refusal("PK\x03\x05\0\0\x08\x08"s + std::string(100, 'x')), "is this a .safetensors file?");
}

TEST(SafetensorsTest, ReadsTensorsAndMetadata) {
  const StateDict state = parse(safetensors(R"({"__metadata__":{"k":"v"},)" + tensor("y", "U8", "[2]", 8, 10) + "," +
                                                tensor("x", "F32", "[1, 2]", 0, 8) + "}  ",
                                            raw<float>({1, 2}) + "\1\2"));
  EXPECT_EQ(state.metadata.at("k"), "v");
  EXPECT_EQ(state.tensors.at("x").to_f64(), (std::vector<double>{1, 2}));
  EXPECT_EQ(state.tensors.at("x").shape, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(state.tensors.at("y").to_f64(), (std::vector<double>{1, 2}));
  EXPECT_TRUE(parse(safetensors("{}", "")).tensors.empty());
}

TEST(SafetensorsTest, EveryDTypeHasItsSize) {
  for (const auto& [name, size] : {std::pair{"BOOL", 1},
                                   {"U8", 1},
                                   {"I8", 1},
                                   {"U16", 2},
                                   {"I16", 2},
                                   {"F16", 2},
                                   {"BF16", 2},
                                   {"U32", 4},
                                   {"I32", 4},
                                   {"F32", 4},
                                   {"U64", 8},
                                   {"I64", 8},
                                   {"F64", 8}}) {
    const auto bytes = static_cast<std::size_t>(3 * size);
    const StateDict state =
        parse(safetensors("{" + tensor("x", name, "[3]", 0, bytes) + "}", std::string(bytes, '\0')));
    EXPECT_EQ(state.tensors.at("x").to_f64(), (std::vector<double>{0, 0, 0})) << name;
    EXPECT_EQ(to_string(state.tensors.at("x").dtype), name);
  }
}

TEST(SafetensorsTest, EveryTruncationIsRefused) {
  const std::string file = safetensors("{" + tensor("x", "F32", "[1,2]", 0, 8) + "}", raw<float>({1, 2}));
  (void)parse(file);
  testing::refuse_every_truncation(file, [](const std::string& part) { (void)parse(part); });
  testing::refuse_every_truncation(file, [](const std::string& part) { (void)features(part); });
}

TEST(SafetensorsTest, FlippedBitsNeverDoWorse) {
  const std::string file =
      safetensors(R"({"__metadata__":{"k":"v"},)" + tensor("x", "F32", "[1,2]", 0, 8) + "}", raw<float>({1, 2}));
  EXPECT_GT(testing::flip_every_bit(file, [](const std::string& part) { (void)parse(part); }), file.size());
}

TEST(SafetensorsTest, HeaderLengthsThatLie) {
  expect_contains(refusal(raw<std::uint64_t>({3}) + "{}"),
                  "byte 0: the header claims 3 bytes but the file ends after 2");
  expect_contains(refusal(raw<std::uint64_t>({100'000'001}) + "{}"), "at most 100000000 is valid");
  expect_contains(refusal(raw<std::uint64_t>({~std::uint64_t{0}}) + "{}"), "at most 100000000 is valid");
}

TEST(SafetensorsTest, HeadersThatAreNoJsonObject) {
  for (const char* header : {"", " ", "[]", "1", "null", "{", "{}}", "{'a':1}", "{\"a\":}", "\"\xff\"", "{\"\xc3\":1}",
                             "nan", "{\"a\":1e999}"}) {
    (void)refused_header(header, "");
  }
  expect_contains(refused_header(R"({"x" 1})"), "byte 13: the JSON text is not valid");
}

TEST(SafetensorsTest, DuplicateKeysAreRefused) {
  const std::string x = tensor("x", "U8", "[4]", 0, 4);
  expect_contains(refused_header("{" + x + "," + x + "}"), "the key 'x' is there twice");
  expect_contains(refused_header(R"({"x":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})"),
                  "the key 'dtype' is there twice");
  expect_contains(refused_header(R"({"__metadata__":{"a":"1","\u0061":"2"},)" + x + "}"), "the key 'a' is there twice");
}

TEST(SafetensorsTest, DeepNestingIsRefusedAtOnce) {
  expect_contains(refused_header(std::string(1'000'000, '[')), "nests deeper than the 3 levels");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  expect_contains(refused_header(objects), "nests deeper than the 3 levels");
}

// A header of 80 MB would take gigabytes, though not one byte of data follows.
TEST(SafetensorsTest, HeadersOfMillionsOfValuesAreRefused) {
  std::string shape = "1";
  for (int i = 0; i < 1'000'000; ++i) shape += ",1";
  expect_contains(refused_header(R"({"x":{"dtype":"F32","data_offsets":[0,4],"shape":[)" + shape + "]}}"),
                  "more than the 1000000 values");
  std::string dimensions = "2";
  for (int i = 0; i < 20; ++i) dimensions += ",1";
  expect_contains(refused_header(R"({"x":{"dtype":"F32","data_offsets":[0,0],"shape":[)" + dimensions + "]}}"),
                  "F32 of shape 2 x 1 x 1 x 1 x 1 x 1 x 1 x 1 x ... (21 dimensions) takes 8 bytes");
}

TEST(SafetensorsTest, TensorsThatAreNotDescribedRight) {
  for (const char* description :
       {"1", "{}", R"({"dtype":"U8","shape":[4]})", R"({"dtype":"U8","shape":[4],"data_offsets":[0,4],"more":1})",
        R"({"dtype":8,"shape":[4],"data_offsets":[0,4]})", R"({"dtype":"U8","shape":4,"data_offsets":[0,4]})",
        R"({"dtype":"U8","shape":[-4],"data_offsets":[0,4]})", R"({"dtype":"U8","shape":[4.0],"data_offsets":[0,4]})",
        R"({"dtype":"U8","shape":["4"],"data_offsets":[0,4]})", R"({"dtype":"U8","shape":[4],"data_offsets":[0]})",
        R"({"dtype":"U8","shape":[4],"data_offsets":[0,4,4]})", R"({"dtype":"U8","shape":[4],"data_offsets":[4,0]})",
        R"({"dtype":"U8","shape":[4],"data_offsets":[-1,3]})", R"({"dtype":"U8","shape":[4],"data_offsets":[0,5]})",
        R"({"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,4]})",
        R"({"dtype":"U8","shape":[3],"data_offsets":[0,4]})", R"({"dtype":"u8","shape":[4],"data_offsets":[0,4]})"}) {
    expect_contains(refused_header(R"({"x":)" + std::string(description) + "}"), "tensor 'x': ");
  }
}

TEST(SafetensorsTest, OffsetsBeyondTheFileAreRefused) {
  expect_contains(refused_header("{" + tensor("x", "U8", "[5]", 0, 5) + "}"),
                  "tensor 'x': data_offsets must be [begin, end] within the 4 bytes that follow the header");
}

TEST(SafetensorsTest, UnknownDTypesNameTheTensor) {
  expect_contains(refused_header("{" + tensor("w", "F8_E4M3", "[4]", 0, 4) + "}"),
                  "tensor 'w': unknown dtype 'F8_E4M3'; valid: BOOL, U8");
}

TEST(SafetensorsTest, ShapesWhoseProductOverflowsAreRefused) {
  for (const char* shape :
       {"[9223372036854775808,2]", "[4294967296,4294967296]", "[4611686018427387905,4]", "[2305843009213693953,8,1]"}) {
    expect_contains(refused_header("{" + tensor("x", "U8", shape, 0, 4) + "}"), "beyond any file's size");
  }
  expect_contains(refused_header("{" + tensor("x", "F64", "[2305843009213693952]", 0, 0) + "}", ""),
                  "beyond any file's size");
}

TEST(SafetensorsTest, HolesAndOverlapsAreRefused) {
  expect_contains(refused_header("{" + tensor("x", "U8", "[3]", 1, 4) + "}"), "begin at 1 where 0 is next");
  expect_contains(refused_header("{" + tensor("x", "U8", "[3]", 0, 3) + "}"), "take 3 bytes but 4 follow");
  expect_contains(refused_header("{" + tensor("x", "U8", "[1]", 0, 1) + "," + tensor("y", "U8", "[2]", 2, 4) + "}"),
                  "tensor 'y': its bytes begin at 2 where 1 is next");
  expect_contains(refused_header("{" + tensor("x", "U8", "[3]", 0, 3) + "," + tensor("y", "U8", "[2]", 2, 4) + "}"),
                  "tensor 'y': its bytes begin at 2 where 3 is next");
  expect_contains(refused_header("{" + tensor("x", "U8", "[4]", 0, 4) + "," + tensor("y", "U8", "[4]", 0, 4) + "}"),
                  "tensor 'y': its bytes begin at 0 where 4 is next");
  expect_contains(refused_header("{}"), "the tensors take 0 bytes but 4 follow the header");
}

TEST(SafetensorsTest, MetadataMustBeTexts) {
  expect_contains(refused_header(R"({"__metadata__":1})", ""), "'__metadata__' must map texts to texts");
  expect_contains(refused_header(R"({"__metadata__":{"a":1}})", ""), "the value of 'a' must be a text");
}

TEST(SafetensorsTest, OneTensorAsATable) {
  const std::string file =
      safetensors("{" + tensor("a", "F32", "[2,2]", 0, 16) + "," + tensor("b", "U8", "[1,3]", 16, 19) + "," +
                      tensor("s", "U8", "[]", 19, 20) + "}",
                  raw<float>({1, 2, 3, 4}) + "\5\6\7\1");
  EXPECT_EQ(features(file, "a")(1, 0), 3);
  EXPECT_EQ(features(file, "b")(0, 2), 7);
  EXPECT_EQ(message_of<ReadError>([&] { (void)features(file, "c"); }),
            "a.safetensors: has no tensor 'c'; it holds 'a' (2 x 2), 'b' (1 x 3), 's' (scalar)");
  expect_contains(message_of<ReadError>([&] { (void)features(file); }), "which array? Name one as a.safetensors:NAME");
  expect_contains(message_of<ReadError>([&] { (void)features(file, "s"); }), "tensor 's' is a scalar");
}

TEST(SafetensorsTest, WritingAndReadingGivesTheSame) {
  const TemporaryFolder folder;
  write_safetensors(folder.path("m.safetensors"), sample());
  expect_equal(read_safetensors(folder.path("m.safetensors")), sample());
  write_safetensors(folder.path("empty.safetensors"), {});
  expect_equal(read_safetensors(folder.path("empty.safetensors")), {});
}

TEST(SafetensorsTest, TheSameStateGivesTheSameAlignedBytes) {
  const TemporaryFolder folder;
  write_safetensors(folder.path("1"), sample());
  write_safetensors(folder.path("2"), sample());
  const std::string file = folder.read("1");
  EXPECT_EQ(file, folder.read("2"));
  const auto header = static_cast<unsigned char>(file[0]) + 256u * static_cast<unsigned char>(file[1]);
  EXPECT_EQ(header % 8, 0u);
  EXPECT_EQ(file[8], '{');
  // Largest elements first: the doubles of b, then the floats of a, then the byte of c.
  EXPECT_EQ(file.substr(8 + header), raw<double>({0.1, 0.2, 0.3, 0.4}) + raw<float>({1, 2, 3}) + "\7");
}

TEST(SafetensorsTest, StatesThatCannotBeWritten) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& name, const Tensor& value, const std::string& why) {
    StateDict state;
    state.tensors[name] = value;
    expect_contains(message_of<InvalidParameter>([&] { write_safetensors(folder.path("m"), state); }), why);
  };
  refuse("x", Tensor{DType::f32, {2}, {}}, "takes 8 bytes but it has 0");
  refuse("x", Tensor{DType::u8, {std::size_t{1} << 63, 2}, {}}, "beyond 64 bits");
  refuse("__metadata__", Tensor{DType::u8, {0}, {}}, "cannot be named");
  refuse("\xff", Tensor{DType::u8, {0}, {}}, "valid UTF-8");
  EXPECT_TRUE(folder.names().empty());
}

TEST(SafetensorsWriteTest, ReplacesAFileAndKeepsALink) {
  const TemporaryFolder folder;
  folder.write("real", "old");
  std::filesystem::create_symlink("real", folder.path("link"));
  write_safetensors(folder.path("link"), sample());
  expect_equal(read_safetensors(folder.path("real")), sample());
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
  EXPECT_EQ(folder.names(), (std::set<std::string>{"real", "link"}));
}

TEST(SafetensorsWriteTest, PermissionsAreThoseOfAnyNewFile) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_safetensors(folder.path("m"), sample());
  ::umask(before);
  struct stat status = {};
  ASSERT_EQ(::stat(folder.path("m").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(SafetensorsWriteTest, PlacesThatCannotBeWritten) {
  const TemporaryFolder folder;
  const auto why = [](const std::string& path) {
    return message_of<WriteError>([&] { write_safetensors(path, sample()); });
  };
  EXPECT_EQ(why(folder.path("no/m")), folder.path("no/m") + ": cannot be written: No such file or directory");
  EXPECT_EQ(why(folder.path("")), folder.path("") + ": cannot be written: it is a folder");
  for (const char* place : {"/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    EXPECT_EQ(why(place), std::string(place) + ": cannot be written: it is not a regular file");
    EXPECT_EQ(message_of<WriteError>([&] { require_writable(place); }), why(place));
  }
  EXPECT_EQ(message_of<WriteError>([&] { require_writable(folder.path("no/m")); }), why(folder.path("no/m")));
  require_writable(folder.path("m"));
  EXPECT_EQ(why(""), ": cannot be written: it names no file");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_TRUE(folder.names().empty());
}

// Runs `action` in a process of its own and returns its exit status.
int in_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(action());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status);
}

TEST(SafetensorsWriteTest, AFullDiskLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  const std::string path = folder.path("m");
  write_safetensors(path, sample());
  const std::string old = folder.read("m");
  const int status = in_child([&] {
    // Writing beyond this limit fails as it does on a full disk: first in part, then with EFBIG.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {10'000, 10'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    StateDict large = sample();
    large.tensors["e"] = Tensor::from(std::vector<float>(100'000), {100'000});
    try {
      write_safetensors(path, large);
    } catch (const WriteError& error) {
      return error.what() == path + ": cannot be written: File too large" ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder.read("m"), old);
  EXPECT_EQ(folder.names(), std::set<std::string>{"m"});
}

TEST(SafetensorsWriteTest, AKillInTheMiddleLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder.path("m");
  write_safetensors(path, sample());
  const std::string old = folder.read("m");
  const pid_t child = ::fork();
  if (child == 0) {
    // SIGXFSZ kills, uncaught, in the middle of the write.
    std::signal(SIGXFSZ, SIG_DFL);
    const rlimit no_core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const rlimit limit = {10'000, 10'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    StateDict large = sample();
    large.tensors["e"] = Tensor::from(std::vector<float>(100'000), {100'000});
    write_safetensors(path, large);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << status;
  EXPECT_EQ(folder.read("m"), old);
  const int unnamed = ::open(folder.path("").c_str(), O_WRONLY | O_TMPFILE, 0600);
  if (unnamed >= 0) {
    ::close(unnamed);
    EXPECT_EQ(folder.names(), std::set<std::string>{"m"}) << "a new file has no name before it is complete";
  }
  // What a killed process left behind does not stop the next one.
  write_safetensors(path, sample());
  expect_equal(read_safetensors(path), sample());
}

TEST(SafetensorsBytesTest, AreThoseOfTheFileAndReadBack) {
  const TemporaryFolder folder;
  write_safetensors(folder.path("m"), sample());
  const std::vector<std::byte> bytes = to_safetensors(sample());
  const std::string file = folder.read("m");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), file);
  expect_equal(from_safetensors(bytes), sample());
  EXPECT_THROW((void)from_safetensors(std::span(bytes).first(bytes.size() - 1)), ReadError);
}

}  // namespace
}  // namespace kernad::safetensors_test
