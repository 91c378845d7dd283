// Help, man page and completions must list the same options.
#include <gtest/gtest.h>

#include <regex>

#include "cli/command.hpp"

namespace kernad {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> options_in(const std::string& text) {
  static const std::regex option("--[a-z][a-z-]*");
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), option); it != std::sregex_iterator(); ++it) {
    found.insert(it->str());
  }
  return found;
}

TEST(CliHelpTest, EveryOptionIsInManPageAndCompletions) {
  testing::Command kernad;
  std::set<std::string> options = options_in(kernad({"--help"}).out);
  EXPECT_TRUE(options.contains("--version"));
  for (const char* command :
       {"fit", "sketch", "calibrate", "predict", "embed", "watch", "test", "compare", "explain", "info"}) {
    const auto help = kernad({command, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.err, "");
    EXPECT_NE(help.out.find(":\n  kernad " + std::string(command)), std::string::npos) << help.out;
    EXPECT_NE(help.out.find("Exit status: 0 success"), std::string::npos) << help.out;
    options.merge(options_in(help.out));
  }
  EXPECT_GE(options.size(), 11u);

  const std::string folder = KERNAD_TEST_APP "/";
  const auto man = options_in(std::regex_replace(read(folder + "kernad.1"), std::regex(R"(\\-)"), "-"));
  EXPECT_EQ(man, options);
  EXPECT_EQ(options_in(read(folder + "kernad.bash")), options);
  EXPECT_EQ(options_in(read(folder + "kernad.zsh")), options);
}

TEST(CliHelpTest, TheManPageNamesEveryCommand) {
  const std::string man = read(KERNAD_TEST_APP "/kernad.1");
  for (const char* command :
       {"fit", "sketch", "calibrate", "predict", "embed", "watch", "test", "compare", "explain", "info"}) {
    EXPECT_NE(man.find(".SS kernad " + std::string(command)), std::string::npos) << command;
  }
}

TEST(CliHelpTest, HelpAndVersionAreCommandsAsWell) {
  testing::Command kernad;
  EXPECT_EQ(kernad({"help"}).out, kernad({"--help"}).out);
  EXPECT_EQ(kernad({"help", "fit"}).out, kernad({"fit", "--help"}).out);
  EXPECT_EQ(kernad({"version"}).out, kernad({"--version"}).out);
  EXPECT_EQ(kernad({"help", "fti"}).status, 2);
}

TEST(CliHelpTest, WhatSomebodyMayHaveMeant) {
  testing::Command kernad;
  const auto ends_with = [&](const std::vector<std::string>& words, const std::string& end) {
    const auto run = kernad(words);
    EXPECT_EQ(run.status, 2);
    EXPECT_TRUE(run.err.ends_with(end + "\n")) << run.err;
  };
  ends_with(
      {"perdict", "m", "x.csv"},
      "valid: fit, sketch, calibrate, predict, embed, watch, test, compare, explain, info; did you mean predict?");
  ends_with({"frobnicate"}, "valid: fit, sketch, calibrate, predict, embed, watch, test, compare, explain, info");
  ends_with({"fit", "x.csv", "-o", "m", "--lables", "y"}, "; did you mean --labels?; see kernad fit --help");
  ends_with({"fit", "x.csv", "-o", "m", "--Target-FPR=0.1"}, "; did you mean --target-fpr?; see kernad fit --help");
  ends_with({"fit", "x.csv", "-o", "m", "--frobnicate"}, "not expected: --frobnicate; see kernad fit --help");
}

}  // namespace
}  // namespace kernad
