// Parts of a data set, sketched one by one and fitted together.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "cli/command.hpp"
#include "kernad/sketch.hpp"

namespace kernad::cli_sketch_test {
namespace {

using testing::Command;
using testing::lines;
using Words = std::vector<std::string>;

class CliSketchTest : public ::testing::Test {
 protected:
  CliSketchTest() {
    std::string all = "x,y,note,part\n";
    for (std::size_t i = 0; i < 900; ++i) {
      if (i == 400 || i == 700) texts_.push_back(std::exchange(all, "x,y,note,part\n"));
      // One row lacks a value; a tenth are not normal; values are more exact than float32.
      const std::string x = i == 450 ? "" : std::to_string(1e6 + std::sin(static_cast<double>(i)));
      all += x + "," + std::to_string(std::cos(1.7 * static_cast<double>(i))) + "," + (i % 10 == 3 ? "Bad" : "Good") +
             ",p" + std::to_string(i) + "\n";
    }
    texts_.push_back(all);
    for (std::size_t i = 0; i < 3; ++i) file("p" + std::to_string(i) + ".csv", texts_[i]);
  }

  std::string file(const std::string& name, const std::string& text) { return kernad.folder().write(name, text); }
  std::string path(const std::string& name) { return kernad.folder().path(name); }

  void sketch(const std::string& part, const std::string& first, const Words& more) {
    Words words = {"sketch", path(part + ".csv"), "-o", path(part + ".sketch"), "--first-row", first};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = kernad(words);
    ASSERT_EQ(run.status, 0) << run.err;
  }

  testing::Outcome fit(const Words& sources, const std::string& model, const Words& more) {
    Words words = {"fit", "-o", path(model)};
    for (const auto& source : sources) words.push_back(path(source));
    words.insert(words.end(), more.begin(), more.end());
    return kernad(words);
  }

  void expect_refused(const testing::Outcome& run, const std::string& part) {
    EXPECT_EQ(run.status, 2) << run.out;
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
  }

  Command kernad;
  std::vector<std::string> texts_;
};

TEST_F(CliSketchTest, PartsInAnyOrderAreTheWhole) {
  const Words reading = {"--id", "part", "--ignore", "note", "--missing", "skip", "--max-training-points", "300"};
  sketch("p0", "0", reading);
  sketch("p1", "400", reading);
  sketch("p2", "700", reading);
  for (const Words& options : {Words{"--components", "2", "--target-fpr", "0.05"}, Words{"--auto", "--folds", "5"}}) {
    Words whole = options;
    whole.insert(whole.end(), reading.begin(), reading.end());
    ASSERT_EQ(fit({"p0.csv", "p1.csv", "p2.csv"}, "whole.safetensors", whole).status, 0);
    const auto run = fit({"p2.sketch", "p0.sketch", "p1.sketch"}, "parts.safetensors", options);
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(kernad.folder().read("parts.safetensors"), kernad.folder().read("whole.safetensors"));
  }
}

/// The table with a column of weights behind the others: of row `first` + i the number (first + i) % 4.
std::string with_weights(const std::string& table, std::size_t first) {
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);
  std::string result = line + ",n\n";
  for (; std::getline(lines, line); ++first) result += line + "," + std::to_string(first % 4) + "\n";
  return result;
}

TEST_F(CliSketchTest, WeightsInPartsAreThoseOfTheWhole) {
  const Words reading = {"--id", "part", "--ignore", "note", "--missing", "skip", "--max-training-points", "300"};
  const std::size_t ends[] = {0, 400, 700, 900};
  std::size_t place = 0;  // row 450, which has no value, has no places either
  for (std::size_t k = 0; k < 3; ++k) {
    const std::string name = "w" + std::to_string(k);
    file(name + ".csv", with_weights(texts_[k], ends[k]));
    Words more = reading;
    more.insert(more.end(), {"--weights", "n"});
    sketch(name, std::to_string(place), more);
    for (std::size_t i = ends[k]; i < ends[k + 1]; ++i) place += i == 450 ? 0 : i % 4;
  }
  for (const Words& options : {Words{"--components", "2", "--target-fpr", "0.05"}, Words{"--auto", "--folds", "5"}}) {
    Words whole = options;
    whole.insert(whole.end(), reading.begin(), reading.end());
    whole.insert(whole.end(), {"--weights", "n"});
    ASSERT_EQ(fit({"w0.csv", "w1.csv", "w2.csv"}, "whole.safetensors", whole).status, 0);
    const auto run = fit({"w2.sketch", "w0.sketch", "w1.sketch"}, "parts.safetensors", options);
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(kernad.folder().read("parts.safetensors"), kernad.folder().read("whole.safetensors"));
  }
}

TEST_F(CliSketchTest, WeightsThatCountNoRowsAreRefused) {
  const std::string rows = file("a.csv", "x,n\n1,2\n2,0.5\n");
  const Words words = {"sketch", rows, "-o", path("a.sketch"), "--weights"};
  const auto with = [&](const Words& more) {
    Words all = words;
    all.insert(all.end(), more.begin(), more.end());
    return kernad(all);
  };
  expect_refused(with({"n"}),
                 "a.csv: the weight of row 1 is 0.5; valid in a sketch: whole numbers from 0 to 4294967295");
  expect_refused(with({"n", "--all-rows"}), "--all-rows counts every row once");
  expect_refused(with({file("w.csv", "1\n2\n3\n")}), "w.csv: 3 weights, but " + rows + " has 2 rows");
  EXPECT_FALSE(std::filesystem::exists(path("a.sketch")));
}

/// A table in which these rows lack a value, so that --missing skip leaves them out.
std::string without(const std::string& table, const std::vector<std::string>& ids) {
  std::istringstream lines(table);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const bool gone = std::ranges::any_of(ids, [&](const std::string& id) { return line.ends_with("," + id); });
    result += (gone ? line.substr(line.find(',')) : line) + "\n";
  }
  return result;
}

TEST_F(CliSketchTest, AddingAndForgettingAreARefit) {
  const Words reading = {"--id", "part", "--ignore", "note", "--missing", "skip"};
  const auto with = [](Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  for (const std::string most : {"2000", "100"}) {
    sketch("p0", "0", with(reading, {"--max-training-points", most}));
    const auto names = Sketch::load(path("p0.sketch")).row_names();
    const Words gone = {names[3], names[50], names[51]};
    const auto ids = file("ids.txt", gone[0] + "\n" + gone[1] + "\r\n\n" + gone[2]);
    // The columns of the new rows are in another order; two parts at once, and another later.
    const auto run =
        kernad(with({"sketch", path("p0.sketch"), path("p1.csv"), "--forget", ids, "-o", path("s.sketch")}, reading));
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_NE(run.err.find("3 rows are forgotten"), std::string::npos) << run.err;
    ASSERT_EQ(kernad(with({"sketch", path("p2.csv"), path("s.sketch"), "-o", path("s.sketch")}, reading)).status, 0);
    ASSERT_EQ(fit({"s.sketch"}, "sketched.safetensors", {"--auto", "--folds", "4"}).status, 0);

    file("q0.csv", without(texts_[0], gone));
    const std::string left = most == "100" ? "97" : most;
    ASSERT_EQ(fit({"q0.csv", "p1.csv", "p2.csv"}, "whole.safetensors",
                  with(reading, {"--auto", "--folds", "4", "--max-training-points", left}))
                  .status,
              0);
    EXPECT_EQ(kernad.folder().read("sketched.safetensors"), kernad.folder().read("whole.safetensors"));
  }
}

TEST_F(CliSketchTest, AllRowsOfPartsAreThoseOfTheWhole) {
  const Words reading = {"--columns", "x,y", "--missing", "skip", "--max-training-points", "300", "--all-rows"};
  sketch("p0", "0", reading);
  sketch("p1", "400", reading);
  sketch("p2", "700", reading);
  Words options = reading;
  options.insert(options.end(), {"--components", "2", "--target-fpr", "0.1"});
  const auto whole = fit({"p0.csv", "p1.csv", "p2.csv"}, "whole.safetensors", options);
  ASSERT_EQ(whole.status, 0) << whole.err;
  EXPECT_NE(whole.err.find("those of all rows"), std::string::npos) << whole.err;
  EXPECT_NE(whole.out.find("of all rows"), std::string::npos) << whole.out;
  const auto parts =
      fit({"p2.sketch", "p0.sketch", "p1.sketch"}, "parts.safetensors", {"--components", "2", "--target-fpr", "0.1"});
  ASSERT_EQ(parts.status, 0) << parts.err;
  EXPECT_EQ(kernad.folder().read("whole.safetensors"), kernad.folder().read("parts.safetensors"));
  // --auto takes the sample alone.
  EXPECT_EQ(fit({"p2.sketch", "p0.sketch", "p1.sketch"}, "auto.safetensors", {"--auto"}).status, 0);
}

TEST_F(CliSketchTest, WhatCannotBeForgottenIsSaid) {
  const Words reading = {"--columns", "x,y", "--id", "part"};
  sketch("p0", "0", reading);
  const auto forget = [&](const std::string& names, const Words& more = {}) {
    Words words = {"sketch", path("p0.sketch"), "--forget", file("ids.txt", names), "-o", path("s.sketch")};
    words.insert(words.end(), more.begin(), more.end());
    return kernad(words);
  };
  expect_refused(forget("p7\np999\n"), path("ids.txt") + ": no row is called 'p999', which is to be forgotten");
  expect_refused(forget("p7\n", {"--seed", "1"}), "--seed: a sketch is given, which has its own");
  expect_refused(kernad({"sketch", path("p0.csv"), "--forget", path("ids.txt"), "-o", path("s.sketch")}),
                 "--forget: rows are forgotten from a sketch, and none is given");
  expect_refused(kernad({"sketch", path("p0.sketch"), path("p1.csv"), "--first-row", "399", "--missing", "skip",
                         "--columns", "x,y", "-o", path("s.sketch")}),
                 path("p1.csv") + ": both sketches have seen row 399");
  EXPECT_FALSE(std::filesystem::exists(path("s.sketch")));
  // Of a sample, a name may be that of a row that was not drawn.
  sketch("p0", "0", {"--columns", "x,y", "--max-training-points", "50"});
  const auto numbers = Sketch::load(path("p0.sketch")).row_numbers();
  std::size_t absent = 0;
  while (std::ranges::count(numbers, absent) != 0) ++absent;
  const auto run = forget(std::to_string(numbers[0]) + "\n" + std::to_string(absent) + "\n");
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.err.find("1 names are those of no row in the sample, the first is '" + std::to_string(absent) + "'"),
            std::string::npos)
      << run.err;
  EXPECT_EQ(Sketch::load(path("s.sketch")).options().max_training_points, 49u);
}

TEST_F(CliSketchTest, LabelsLeaveRowsOutPartByPart) {
  const Words reading = {"--labels", "note", "--normal-label", "good", "--ignore", "part", "--missing", "skip"};
  sketch("p0", "0", reading);
  sketch("p1", "400", reading);
  sketch("p2", "700", reading);
  ASSERT_EQ(fit({"p1.sketch", "p0.sketch", "p2.sketch"}, "parts.safetensors", {"--components", "2"}).status, 0);
  Words whole = reading;
  whole.insert(whole.end(), {"--components", "2"});
  ASSERT_EQ(fit({"p0.csv", "p1.csv", "p2.csv"}, "whole.safetensors", whole).status, 0);
  EXPECT_EQ(kernad.folder().read("parts.safetensors"), kernad.folder().read("whole.safetensors"));
  // The label's column is known to be no feature when it turns up again.
  const auto scored = kernad({"predict", path("parts.safetensors"), path("p0.csv")});
  EXPECT_EQ(scored.status, 0) << scored.err;
}

TEST_F(CliSketchTest, RowsWithoutLabelAreSaidToBeSkipped) {
  const auto part = file("some.csv", "a,b,l\n1,2,good\n3,4,\n2,5,good\n,1,bad\n2,2,bad\n4,4,good\n");
  const Words words = {"sketch", part, "-o", path("some.sketch"), "--labels", "l", "--normal-label", "good"};
  const auto complete = file("complete.csv", "a,b,l\n1,2,good\n3,4,\n2,5,good\n");
  expect_refused(kernad({"sketch", complete, "-o", path("some.sketch"), "--labels", "l", "--normal-label", "good"}),
                 "row 1: there is no label");
  Words skipping = words;
  skipping.insert(skipping.end(), {"--missing", "skip"});
  const auto run = kernad(skipping);
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "kernad: note: " + part + ": 2 of 6 rows have missing values and are skipped\n");
  EXPECT_EQ(Sketch::load(path("some.sketch")).rows_seen(), 3u);
}

TEST_F(CliSketchTest, WhatDoesNotFitTogetherIsNamed) {
  const Words reading = {"--columns", "x,y", "--missing", "skip"};
  sketch("p0", "0", reading);
  sketch("p1", "400", reading);
  sketch("p2", "699", reading);
  expect_refused(fit({"p0.sketch", "p1.sketch", "p2.sketch"}, "m.safetensors", {}),
                 path("p2.sketch") + ": both sketches have seen row 699 of the data set");
  sketch("p2", "701", reading);
  expect_refused(fit({"p0.sketch", "p1.sketch", "p2.sketch"}, "m.safetensors", {}),
                 "row 700 of the data set are missing");
  sketch("p2", "700", {"--columns", "y,x"});
  expect_refused(fit({"p0.sketch", "p1.sketch", "p2.sketch"}, "m.safetensors", {}), "columns of the sketches");
  sketch("p2", "700", {"--columns", "x,y", "--seed", "1"});
  expect_refused(fit({"p0.sketch", "p1.sketch", "p2.sketch"}, "m.safetensors", {}),
                 path("p2.sketch") + ": a sketch with");
  expect_refused(fit({"p0.sketch", "p1.csv"}, "m.safetensors", {}), path("p1.csv") + ": is no sketch, but others are");
  expect_refused(fit({"p0.sketch"}, "m.safetensors", {"--labels", "note"}), "--labels: ");
  expect_refused(fit({"p0.sketch"}, "m.safetensors", {"--seed", "7"}), "seed 0, the classifier has 40000 and 7");
  expect_refused(fit({"p0.sketch"}, "m.safetensors", {"--all-rows"}), "the sketch was made without it");
  expect_refused(kernad({"predict", path("p0.sketch"), path("p0.csv")}), "this is a sketch of rows");
  expect_refused(kernad({"sketch", path("p0.csv"), "-o", path("p0.safetensors")}), "the ending of a sketch is .sketch");
  expect_refused(kernad({"sketch", path("p0.csv"), "-o", path("a.sketch"), "--labels", "note"}), "--normal-label");
  EXPECT_EQ(kernad.folder().read("m.safetensors"), "") << "no model is left";
}

}  // namespace
}  // namespace kernad::cli_sketch_test
