// What the commands do when something is wrong: an exit status, one line, and nothing destroyed.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "cli/command.hpp"
#include "kernad/state_dict.hpp"

namespace kernad {
namespace {

using testing::Command;
using testing::lines;
using testing::Outcome;

class CliErrorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(kernad({"fit", data, "-o", model, "--labels", "class", "--components", "2"}).status, 0);
  }

  /// Exactly one line, which starts with "kernad: " and holds each of `parts`; nothing on standard output.
  static void expect_error(const Outcome& run, int status, const std::vector<std::string>& parts) {
    EXPECT_EQ(run.status, status) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_EQ(run.err.rfind("kernad: ", 0), 0u) << run.err;
    for (const auto& part : parts) EXPECT_NE(run.err.find(part), std::string::npos) << part << "\n" << run.err;
  }

  std::string file(const std::string& name, const std::string& bytes) { return kernad.folder().write(name, bytes); }
  std::string path(const std::string& name) { return kernad.folder().path(name); }

  Command kernad;
  std::string data = file("data.csv", testing::labelled_csv(40, 5));
  std::string model = path("model.safetensors");
};

TEST_F(CliErrorsTest, WhatWouldHelpIsNamedAsTheOptionThatItIs) {
  const auto fit = [&](const std::string& name, const std::string& text, std::vector<std::string> options = {}) {
    std::vector<std::string> words = {"fit", file(name, text), "-o", path("m.safetensors")};
    words.insert(words.end(), options.begin(), options.end());
    return kernad(words);
  };
  expect_error(fit("1.csv", "a,b\n1,\n"), 2, {"have to be allowed (--missing skip)"});
  expect_error(fit("1.csv", "a,b\n1,nan\n"), 2, {"have to be allowed (--missing skip)"});
  expect_error(fit("2.csv", "a;b\n1,234;2,345\n"), 2, {"say which it is (--decimal comma; "});
  expect_error(fit("2.csv", "a;b\n1,5;2.5\n"), 2, {"say which one it is (--decimal point or comma)"});
  expect_error(fit("2.csv", "a;b\n1,5;2\n", {"--decimal", "point"}), 2, {"has to be given (--decimal comma)"});
  expect_error(fit("3.csv", "a,2\n3,4\n"), 2, {"(--header present)", "(--header absent)"});
  expect_error(fit("4.csv", "a;b\n1;2\n", {"--delimiter", "comma"}), 2, {"has to be given (--delimiter semicolon)"});
  expect_error(fit("5.csv", "a,ok\n1,1\n", {"--labels", "ok"}), 2, {"name the one that is normal (--normal-label)"});
  expect_error(fit("5.csv", "a,y\n1,2\n", {"--labels", "y"}), 2, {"name the one that is normal (--normal-label)"});
  expect_error(fit("6.csv", "a,y\n1,\n", {"--labels", "y"}), 2, {"the row has to be left out (--missing skip)"});
  const std::string counts = "n,x,y\n1,2,5\n2,3,7\n3,9,1\n4,2,2\n5,4,4\n6,5,4\n7,8,3\n8,1,2\n9,2,2\n10,3,8\n";
  EXPECT_NE(fit("7.csv", counts, {"--components", "2"}).err.find("if it is none, ignore it (--ignore)"),
            std::string::npos);
}

// Before the work: the input need not even be there.
TEST_F(CliErrorsTest, WhatCannotBeWrittenOrPromisedIsRefusedFirst) {
  const std::string missing = path("missing.npy");
  const std::string nowhere = path("no/where.safetensors");
  const std::vector<std::string> reason = {nowhere + ": cannot be written: No such file or directory"};
  expect_error(kernad({"fit", missing, "-o", nowhere}), 1, reason);
  expect_error(kernad({"calibrate", model, "--normals", missing, "-o", nowhere}), 1, reason);
  expect_error(kernad({"test", model, missing, "--labels", "y", "--report", nowhere}), 1, reason);
  expect_error(kernad({"predict", model, missing, "-o", path("no/where.csv")}), 1, {"no/where.csv: cannot be written"});
  expect_error(kernad({"predict", model, missing, "-o", kernad.folder().path("")}), 2, {"valid endings"});
  expect_error(kernad({"fit", missing, "-o", path("m"), "--target-fpr", "0"}), 2, {"rate is 0; valid: above 0"});
  expect_error(kernad({"fit", missing, "-o", path("m"), "--target-fpr", "1e-4", "--max-training-points", "9"}), 2,
               {"0.0001 cannot be promised from 9 calibration rows; the smallest is 1/10"});
  expect_error(kernad({"fit", missing, "-o", path("m"), "--folds", "1"}), 2, {"--folds is 1; valid: 2 or more"});
  // Rows that are all alike are refused by the fit, which comes later.
  const std::string alike = file("alike.csv", "a\n1\n1\n1\n");
  expect_error(kernad({"fit", alike, "-o", path("m"), "--target-fpr", "0.1"}), 2, {"from 3 calibration rows"});
  expect_error(kernad({"calibrate", model, "--normals", missing, "--target-fpr", "2"}), 2, {"rate is 2; valid:"});
  expect_error(kernad({"calibrate", model, "--normals", data, "--labels", "class", "--target-fpr", "0.001"}), 2,
               {"0.001 cannot be promised from 40 calibration rows"});
}

TEST_F(CliErrorsTest, StandardOutputIsNoFileToReplace) {
  const std::string out = file("out.txt", "precious");
  const auto run = kernad({"fit", data, "--labels", "class", "-o", "/dev/stdout", "--components", "2"}, "", out);
  expect_error(run, 2, {"--output is '/dev/stdout'; valid: a file"});
  expect_error(kernad({"fit", data, "--labels", "class", "-o", "/proc/self/fd/1"}, "", out), 1, {"not a regular file"});
  EXPECT_EQ(kernad.folder().read("out.txt"), "precious");
  const auto scores = kernad({"predict", model, data, "-o", "/dev/stdout"});
  EXPECT_EQ(scores.status, 0) << scores.err;
  EXPECT_EQ(scores.out, kernad({"predict", model, data}).out);
}

// OpenBLAS tries for ever to get its scratch memory.
TEST_F(CliErrorsTest, TooLittleMemoryForLinearAlgebraIsAnError) {
#if defined(KERNAD_TEST_SANITIZED)
  GTEST_SKIP() << "sanitizers need more address space than the limit leaves";
#endif
  const std::string fit = std::string(KERNAD_TEST_BINARY) + " fit " + data + " --labels class -o " + path("m");
  const auto run = testing::run_program({"sh", "-c", "ulimit -v 150000; exec timeout 60 " + fit});
  EXPECT_EQ(run.status, 1) << run.out;
  EXPECT_EQ(run.out, "kernad: out of memory; try fewer rows or a machine with more\n");
  EXPECT_FALSE(std::filesystem::exists(path("m")));
}

TEST_F(CliErrorsTest, WrongUsage) {
  const std::string out = path("m");
  expect_error(kernad({}), 2, {"subcommand", "kernad --help"});
  expect_error(kernad({"frobnicate"}), 2,
               {"frobnicate", "fit, sketch, calibrate, predict, embed, watch, test, compare, explain, info"});
  expect_error(kernad({"fit"}), 2, {"TRAIN", "kernad fit --help"});
  expect_error(kernad({"fit", data}), 2, {"--output"});
  expect_error(kernad({"fit", data, "-o", out, "--colour"}), 2, {"--colour"});
  expect_error(kernad({"fit", data, "-o", out, "--scaling", "huge"}), 2, {"--scaling", "scale", "norm"});
  expect_error(kernad({"fit", data, "-o", out, "--header", "maybe"}), 2, {"--header", "absent"});
  expect_error(kernad({"fit", data, "-o", out, "--threads", "-1"}), 2, {"--threads"});
  expect_error(kernad({"fit", data, "-o", out, "--seed", "x"}), 2, {"--seed"});
  expect_error(kernad({"fit", data, "-o", out, "--seed", "-1"}), 2, {"--seed is '-1'", "whole number from 0"});
  expect_error(kernad({"fit", data, "-o", out, "--max-training-points", "99999999999999999999"}), 2,
               {"--max-training-points"});
  expect_error(kernad({"fit", data, "-o", out, "--max-training-points", "1"}), 2,
               {"--max-training-points is '1'; valid: a whole number from 2"});
  for (const char* bad : {"0", "-1", "1.5", "0.0", "nan", "many", ""}) {
    expect_error(kernad({"fit", data, "-o", out, "--components", bad}), 2, {"--components"});
  }
  expect_error(kernad({"fit", data, "-o", out, "--bandwidth", "wide"}), 2, {"--bandwidth", "'wide'", "silverman"});
  expect_error(kernad({"fit", data, "-o", out, "--covariance", "diagonal"}), 2, {"--covariance", "ledoit-wolf"});
  expect_error(kernad({"fit", data, "-o", out, "--local", "5"}), 2, {"--local", "0 to 4"});
  expect_error(kernad({"predict", model}), 2, {"DATA"});
  expect_error(kernad({"predict", model, data, "-o", path("x.txt")}), 2, {"x.txt", ".csv, .npy, .json, .jsonl"});
  expect_error(kernad({"test", model, data}), 2, {"--labels"});
  // What a script's unset variable looks like: it must not train on the anomalies.
  expect_error(kernad({"fit", data, "-o", out, "--labels", ""}), 2, {"--labels", "empty"});
  expect_error(kernad({"predict", model, data, "--labels", ""}), 2, {"--labels", "empty"});
  expect_error(kernad({"predict", model, data, "-o", ""}), 2, {"--output", "empty"});
  expect_error(kernad({"test", model, data, "--labels", ""}), 2, {"--labels", "empty"});
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(CliErrorsTest, InputsAreNotOverwritten) {
  const std::string before = kernad.folder().read("data.csv");
  const std::string other_name = path("./data.csv");
  const std::string linked = path("linked.csv");
  std::filesystem::create_hard_link(data, linked);
  for (const std::string& output : {data, other_name, linked}) {
    expect_error(kernad({"fit", data, "-o", output, "--labels", "class"}), 2, {output, "input"});
    expect_error(kernad({"predict", model, data, "--labels", "class", "-o", output}), 2, {output, "input"});
  }
  const std::string model_as_csv = file("model.csv", kernad.folder().read("model.safetensors"));
  expect_error(kernad({"predict", model_as_csv, data, "--labels", "class", "-o", model_as_csv}), 2,
               {"model.csv", "input"});
  EXPECT_EQ(kernad.folder().read("data.csv"), before);
}

TEST_F(CliErrorsTest, TheFileOfAnArrayIsNotOverwritten) {
  StateDict state;
  std::vector<double> rows(40 * 4);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::sin(static_cast<double>(i * i));
  state.tensors["x"] = Tensor::from(rows, {40, 4});
  state.tensors["y"] = Tensor::from(std::vector<std::int64_t>(40), {40});
  for (const std::string name : {"X.SAFETENSORS", "x.safetensors"}) {
    SCOPED_TRACE(name);
    write_safetensors(path(name), state);
    const std::string before = kernad.folder().read(name);
    const std::string x = path(name) + ":x";
    const std::string y = path(name) + ":y";
    std::filesystem::remove(path("symbolic.json"));
    std::filesystem::remove(path("hard.json"));
    std::filesystem::create_symlink(name, path("symbolic.json"));
    std::filesystem::create_hard_link(path(name), path("hard.json"));
    for (const std::string& output : {path(name), path("./" + name), path("symbolic.json"), path("hard.json")}) {
      const std::vector<std::string> parts = {output + ": is an input of this command"};
      expect_error(kernad({"fit", x, "-o", output, "--components", "2"}), 2, parts);
      expect_error(kernad({"fit", "-", "-o", output, "--labels", y, "--components", "2"}, "1,2\n"), 2, parts);
      expect_error(kernad({"calibrate", model, "--normals", x, "-o", output}), 2, parts);
      expect_error(kernad({"calibrate", model, "--f1", data, "--labels", y, "-o", output}), 2, parts);
      expect_error(kernad({"calibrate", output, "--normals", x}), 2, parts);
      expect_error(kernad({"test", model, data, "--labels", y, "--report", output}), 2, parts);
      expect_error(kernad({"test", model, x, "--labels", "y", "--report", output}), 2, parts);
      if (output.ends_with(".json")) expect_error(kernad({"predict", model, x, "-o", output}), 2, parts);
    }
    EXPECT_EQ(kernad.folder().read(name), before);
    EXPECT_EQ(kernad({"fit", x, "-o", path("m"), "--components", "2"}).status, 0);
  }
}

TEST_F(CliErrorsTest, AFileOnStandardInputIsNotOverwritten) {
  const std::string rows = file("rows.csv", "1,2,3,4\n2,3,4,5\n4,3,1,5\n");
  for (const char* input : {"-", "/dev/stdin"}) {
    const std::string command =
        std::string(KERNAD_TEST_BINARY) + " fit " + input + " --components 1 -o " + rows + " < " + rows;
    const auto run = testing::run_program({"sh", "-c", command});
    EXPECT_EQ(run.status, 2) << input;
    EXPECT_NE(run.out.find("rows.csv: is an input of this command"), std::string::npos) << run.out;
  }
  EXPECT_EQ(kernad.folder().read("rows.csv"), "1,2,3,4\n2,3,4,5\n4,3,1,5\n");
}

TEST_F(CliErrorsTest, WrongFiles) {
  expect_error(kernad({"fit", path("none.npy"), "-o", path("m")}), 2, {"none.npy", "No such file"});
  expect_error(kernad({"fit", file("x.dat", "1"), "-o", path("m")}), 2, {"x.dat", ".safetensors"});
  expect_error(kernad({"predict", path("none"), data}), 2, {"none", "No such file"});
  expect_error(kernad({"info", path("none")}), 2, {"none", "No such file"});
  expect_error(kernad({"info", data}), 2, {"data.csv"});
  expect_error(kernad({"fit", file("new\nline.npy", "x"), "-o", path("m")}), 2, {"new\\x0aline.npy"});
}

TEST_F(CliErrorsTest, TruncatedModel) {
  const std::string whole = kernad.folder().read("model.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() - 1}) {
    const auto cut = file("cut.safetensors", whole.substr(0, size));
    expect_error(kernad({"predict", cut, data, "--labels", "class"}), 2, {"cut.safetensors"});
    expect_error(kernad({"info", cut}), 2, {"cut.safetensors"});
  }
}

TEST_F(CliErrorsTest, WrongData) {
  expect_error(kernad({"predict", model, data, "--columns-by", "position"}), 2,
               {"data.csv", "line 2"});  // the label is not a number
  expect_error(kernad({"predict", model, file("wide.csv", "1,2,3,4,5\n")}), 2, {"wide.csv: ", "5 columns", "4"});
  expect_error(kernad({"predict", model, file("nan.csv", "a,b,c,d\n1,2,3,4\n1,2,nan,4\n")}), 2,
               {"nan.csv: row 1, column 2 ('c') is nan"});
  expect_error(kernad({"predict", model, "-"}, "1,2,3,4\n1,-inf,3,4\n"), 2, {"-: row 1, column 1 is -inf"});
  expect_error(kernad({"predict", model, "-"}, "1,2,3,1e39\n"), 2, {"column 3", "float32"});
  expect_error(kernad({"predict", model, "-"}), 2, {"empty"});
  expect_error(kernad({"fit", "-", "-o", path("m"), "--components", "1"}, "1,2\n1,2\n"), 2, {"-: ", "identical"});
  // Row numbers are those of the file, whatever rows --labels leaves out before.
  expect_error(kernad({"fit", file("n.csv", "x,y\n1,bad\n2,good\nnan,good\n"), "-o", path("m"), "--labels", "y"}), 2,
               {"n.csv: row 2, column 0 ('x') is nan"});
}

TEST_F(CliErrorsTest, TooFewRows) {
  const std::string wide = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,0\n";
  expect_error(kernad({"fit", "-", "-o", path("m")}, wide + wide), 2, {"-: 2 rows", "16"});
  expect_error(kernad({"fit", "-", "-o", path("m"), "--labels", "17"}, wide + wide), 2, {"-: 2 normal rows", "16"});
  expect_error(kernad({"fit", file("bad.csv", "1,bad\n2,bad\n"), "-o", path("m"), "--labels", "1"}), 2, {"bad.csv"});
  EXPECT_FALSE(std::filesystem::exists(path("m")));
}

TEST_F(CliErrorsTest, WrongLabels) {
  expect_error(kernad({"test", model, "-", "--labels", "-"}), 2, {"both be standard input"});
  expect_error(kernad({"test", model, data, "--labels", "klass"}), 2, {"data.csv", "klass", "class"});
  expect_error(kernad({"test", model, data, "--labels", "9"}), 2, {"data.csv", "9"});
  expect_error(kernad({"test", model, file("odd.csv", "a,b,c,d,y\n1,2,3,4,maybe\n"), "--labels", "y"}), 2,
               {"odd.csv", "'y'", "row 0", "maybe"});
  expect_error(kernad({"test", model, file("one.csv", "1,2,3,4,0\n2,3,4,5,0\n"), "--labels", "4"}), 2,
               {"one.csv: of 2 rows 0 are labelled anomalous"});
  expect_error(kernad({"test", model, file("four.csv", "1,2,3,4\n"), "--labels", file("two.csv", "0\n1\n")}), 2,
               {"two.csv: 2 labels", "four.csv has 1 rows"});
}

TEST_F(CliErrorsTest, FullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"predict", model, data, "--labels", "class"}, {"info"}, {"info", model, "--json"}, {"--help"}}) {
    expect_error(kernad(arguments, "", "/dev/full"), 1, {"standard output", "No space left"});
  }
  expect_error(kernad({"fit", data, "-o", "/dev/full", "--labels", "class"}), 1, {"/dev/full"});
}

TEST_F(CliErrorsTest, ClosedPipeIsQuiet) {
  const auto run = kernad({"predict", model, data, "--labels", "class"}, "", "|");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
}

TEST_F(CliErrorsTest, FailureLeavesTheOldFileWhole) {
  const auto scores = file("scores.csv", "what stood here\n");
  const auto nan = file("nan.csv", "1,2,3,4\nnan,2,3,4\n");
  expect_error(kernad({"predict", model, nan, "-o", scores}), 2, {"nan.csv"});
  EXPECT_EQ(kernad.folder().read("scores.csv"), "what stood here\n");
  const auto before = kernad.folder().read("model.safetensors");
  expect_error(kernad({"fit", nan, "-o", model}), 2, {"nan.csv"});
  EXPECT_EQ(kernad.folder().read("model.safetensors"), before);
}

TEST_F(CliErrorsTest, DiskThatFillsUpLeavesTheOldFileWhole) {
  // A limit on a file's size, which children inherit, fails in the middle of writing as a full disk does.
  const auto scores = file("scores.csv", "what stood here\n");
  rlimit old = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small = {1000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto run = kernad({"predict", model, data, "--labels", "class", "-o", scores});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  expect_error(run, 1, {"scores.csv", "File too large"});
  EXPECT_EQ(kernad.folder().read("scores.csv"), "what stood here\n");
  EXPECT_EQ(kernad.folder().names(), (std::set<std::string>{"data.csv", "model.safetensors", "scores.csv"}));
}

TEST_F(CliErrorsTest, UnwritableOutput) {
  expect_error(kernad({"predict", model, data, "--labels", "class", "-o", path("no/such/folder/x.csv")}), 1,
               {"x.csv", "No such file"});
  expect_error(kernad({"fit", data, "-o", kernad.folder().path("."), "--labels", "class"}), 1, {"cannot be written"});
  if (::geteuid() == 0) return;  // root writes anywhere
  const auto folder = std::filesystem::path(path("locked"));
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  expect_error(kernad({"fit", data, "-o", (folder / "m").string(), "--labels", "class"}), 1, {"Permission denied"});
}

}  // namespace
}  // namespace kernad
