// Columns by their names, from the table that a model is fitted on to every command that reads another one.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/cases.hpp"
#include "cli/command.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::cli_columns_test {
namespace {

using nlohmann::json;
using testing::Command;
using testing::kCases;
using testing::lines;
using testing::truth;

class CliColumnsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto fit = kernad({"fit", kCases + "order_train.csv", "-o", model});
    ASSERT_EQ(fit.status, 0) << fit.err;
  }

  std::string file(const std::string& name, const std::string& bytes) { return kernad.folder().write(name, bytes); }

  /// The log-densities that `kernad predict` gives.
  std::vector<double> scores(const testing::Outcome& run) {
    EXPECT_EQ(run.status, 0) << run.err;
    return run.status == 0 ? json::parse(run.out)["log_density"].get<std::vector<double>>() : std::vector<double>();
  }

  static void expect_near(const std::vector<double>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4) << i;
  }

  static void expect_error(const testing::Outcome& run, const std::vector<std::string>& parts) {
    EXPECT_EQ(run.status, 2) << run.out;
    EXPECT_EQ(lines(run.err), 1u) << run.err;
    for (const auto& part : parts) EXPECT_NE(run.err.find(part), std::string::npos) << part << '\n' << run.err;
  }

  Command kernad;
  std::string model = kernad.folder().path("model.safetensors");
};

TEST_F(CliColumnsTest, PredictPutsColumnsInOrder) {
  const auto as_fitted = kernad({"predict", model, kCases + "order_query.csv", "--json"});
  EXPECT_EQ(lines(as_fitted.err), 1u) << as_fitted.err;  // that there is no threshold
  expect_near(scores(as_fitted), truth("order"));
  const auto swapped = kernad({"predict", model, kCases + "order_query_swapped.csv", "--json"});
  expect_near(scores(swapped), truth("order"));
  EXPECT_EQ(lines(swapped.err), 2u) << swapped.err;
  EXPECT_NE(swapped.err.find("note: " + kCases + "order_query_swapped.csv: its columns stand in another order"),
            std::string::npos)
      << swapped.err;
  const auto by_position =
      kernad({"predict", model, kCases + "order_query_swapped.csv", "--json", "--columns-by", "position"});
  EXPECT_NE(scores(by_position), scores(swapped));
  EXPECT_EQ(by_position.err.find("order"), std::string::npos) << by_position.err;
}

TEST_F(CliColumnsTest, OtherNamesAreRefusedInEveryCommand) {
  const std::string renamed = kCases + "order_query_renamed.csv";
  const std::vector<std::string> parts = {renamed, "'humidity'", "'vib'"};
  expect_error(kernad({"predict", model, renamed}), parts);
  expect_error(kernad({"explain", model, renamed, "--row", "0"}), parts);
  expect_error(kernad({"calibrate", model, "--normals", renamed}), parts);
  const std::string labels = file("labels.csv", "label\n0\n0\n0\n1\n1\n");
  expect_error(kernad({"test", model, renamed, "--labels", labels}), parts);
  expect_error(kernad({"calibrate", model, "--f1", renamed, "--labels", labels}), parts);
  EXPECT_EQ(kernad({"predict", model, renamed, "--columns-by", "position"}).status, 0);
}

TEST_F(CliColumnsTest, EveryCommandPutsColumnsInOrder) {
  const std::string swapped = kCases + "order_query_swapped.csv";
  const auto explained = json::parse(kernad({"explain", model, swapped, "--row", "0", "--json"}).out);
  EXPECT_NEAR(explained["log_density"].get<double>(), truth("order")[0], 1e-4);
  EXPECT_EQ(explained["columns"][0]["name"], "temp");
  const std::string labels = file("labels.csv", "label\n0\n0\n0\n1\n1\n");
  const auto test = [&](const std::string& data) {
    return kernad({"test", model, data, "--labels", labels, "--json"}).out;
  };
  EXPECT_EQ(test(swapped), test(kCases + "order_query.csv"));
  const auto calibrated = [&](const std::string& data) {
    const std::string to = kernad.folder().path("to.safetensors");
    EXPECT_EQ(kernad({"calibrate", model, "--normals", data, "-o", to}).status, 0);
    const auto model_there = KDEClassifier::load(to);
    const auto scores = model_there.calibration().log_densities();
    return std::vector<double>(scores.begin(), scores.end());
  };
  EXPECT_EQ(calibrated(swapped), calibrated(kCases + "order_query.csv"));
}

TEST_F(CliColumnsTest, ANamelessFirstColumnThatCountsIsNoFeature) {
  const auto fit = kernad({"fit", kCases + "index_train.csv", "-o", model, "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["columns"], 3);
  EXPECT_NE(fit.err.find("index_train.csv: column 0 has no name and numbers the rows"), std::string::npos) << fit.err;
  expect_near(scores(kernad({"predict", model, kCases + "index_query.csv", "--json"})), truth("order"));
  expect_near(scores(kernad({"predict", model, kCases + "order_query_swapped.csv", "--json"})), truth("order"));
}

TEST_F(CliColumnsTest, LabelsOfTheFitAreLeftOutWhenTheyTurnUpAgain) {
  const std::string train = file("train.csv", testing::labelled_csv(40, 5));
  ASSERT_EQ(kernad({"fit", train, "-o", model, "--labels", "class", "--components", "2"}).status, 0);
  const auto with = kernad({"predict", model, train});
  EXPECT_EQ(with.status, 0) << with.err;
  EXPECT_EQ(with.out, kernad({"predict", model, train, "--labels", "class"}).out);
}

TEST_F(CliColumnsTest, ColumnsAreChosenIgnoredAndRemembered) {
  const std::string text = "id,a,b,note,c\nx,1,2,hm,3\ny,2,1,so,5\nz,3,3,la,4\nw,0,1,ti,9\n";
  const std::string train = file("train.csv", text);
  for (const std::vector<std::string>& choice :
       {std::vector<std::string>{"--columns", "a,c,b"}, {"--ignore", "note,id"}, {"--ignore", "note", "--id", "id"}}) {
    std::vector<std::string> words = {"fit", train, "-o", model, "--components", "2", "--json"};
    words.insert(words.end(), choice.begin(), choice.end());
    const auto fit = kernad(words);
    ASSERT_EQ(fit.status, 0) << fit.err;
    EXPECT_EQ(json::parse(fit.out)["columns"], 3);
    const auto again = kernad({"predict", model, train, "--json"});
    EXPECT_EQ(scores(again).size(), 4u);
    EXPECT_EQ(again.out, kernad({"predict", model, "-", "--json"}, "c,b,a\n3,2,1\n5,1,2\n4,3,3\n9,1,0\n").out);
  }
  expect_error(kernad({"fit", train, "-o", model, "--columns", "a,z"}), {"no column 'z'", "'note'"});
  expect_error(kernad({"fit", train, "-o", model, "--columns", "a", "--ignore", "a"}), {"both ignored and a feature"});
}

TEST_F(CliColumnsTest, NamesWithCommasQuotesAndUmlauts) {
  const std::string train =
      file("train.csv", "\"a, b\",\"say \"\"x\"\"\",größe,id\n1,2,3,p\n2,1,4,q\n3,5,1,r\n5,2,2,s\n");
  ASSERT_EQ(kernad({"fit", train, "-o", model, "--ignore", "id", "--components", "2"}).status, 0);
  EXPECT_EQ(KDEClassifier::load(model).column_names(), (std::vector<std::string>{"a, b", "say \"x\"", "größe"}));
  EXPECT_EQ(kernad({"fit", train, "-o", model, "--columns", "\"a, b\",größe", "--components", "2"}).status, 0);
  EXPECT_EQ(KDEClassifier::load(model).column_names(), (std::vector<std::string>{"a, b", "größe"}));
}

TEST_F(CliColumnsTest, NamesThatAreThereTwiceGoByPosition) {
  const std::string train = file("train.csv", "a,a,b\n1,2,3\n2,1,4\n3,5,1\n5,2,2\n");
  const auto fit = kernad({"fit", train, "-o", model, "--components", "2"});
  EXPECT_EQ(fit.status, 0);
  EXPECT_NE(fit.err.find("more than one column is called 'a'"), std::string::npos) << fit.err;
  EXPECT_TRUE(KDEClassifier::load(model).column_names().empty());
  const std::string good = file("good.csv", "a,b\n1,2\n2,1\n5,2\n");
  ASSERT_EQ(kernad({"fit", good, "-o", model, "--components", "1"}).status, 0);
  expect_error(kernad({"predict", model, "-"}, "a,b,b\n1,2,3\n"), {"2 columns are named 'b'"});
}

TEST_F(CliColumnsTest, SeveralFilesAreOneTable) {
  const std::string first = file("part1.csv", "a,b,y\n1,2,good\n2,1,bad\n");
  file("part2.csv", "b,y,a\n5,good,3\n2,good,5\n");
  const std::string whole = file("whole.csv", "a,b,y\n1,2,good\n2,1,bad\n3,5,good\n5,2,good\n");
  const auto fitted = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "fit");
    words.insert(words.end(), {"-o", model, "--labels", "y", "--components", "2"});
    const auto fit = kernad(words);
    EXPECT_EQ(fit.status, 0) << fit.err;
    return kernad({"predict", model, whole}).out;
  };
  const auto wanted = fitted({whole});
  EXPECT_EQ(fitted({first, kernad.folder().path("part2.csv")}), wanted);
  EXPECT_EQ(fitted({kernad.folder().path("part?.csv")}), wanted);
  expect_error(kernad({"predict", model, kernad.folder().path("no*.csv")}), {"no file matches"});
  expect_error(kernad({"fit", first, file("other.csv", "a,z,y\n1,2,good\n"), "-o", model, "--labels", "y"}),
               {"other.csv", "'z'", "'b'"});
}

// With --auto the row is left out: those that remain have other numbers than in the file.
TEST_F(CliColumnsTest, AModelFittedWithoutAGlitchLoadsAndNamesItsRows) {
  ASSERT_EQ(kernad({"fit", kCases + "glitch_train.csv", "--auto", "-o", model}).status, 0);
  const auto explained = kernad({"explain", model, kCases + "glitch_train.csv", "--row", "200", "--json"});
  ASSERT_EQ(explained.status, 0) << explained.err;
  EXPECT_EQ(json::parse(explained.out)["neighbours"][0]["row"], 200);
}

}  // namespace
}  // namespace kernad::cli_columns_test
