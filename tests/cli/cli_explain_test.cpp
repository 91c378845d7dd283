// kernad explain, against the library.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "kernad/kernad.hpp"

namespace kernad {
namespace {

using nlohmann::json;
using testing::Command;
using testing::lines;

class CliExplainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto fit =
        kernad({"fit", data, "-o", model, "--labels", "class", "--components", "3", "--target-fpr", "0.1"});
    ASSERT_EQ(fit.status, 0) << fit.err;
  }

  void expect_error(const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
    const auto outcome = kernad(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(lines(outcome.err), 1U) << outcome.err;
    for (const auto& part : parts) EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\n" << outcome.err;
  }

  Command kernad;
  std::string data = kernad.folder().write("data.csv", testing::labelled_csv(60, 10));
  std::string model = kernad.folder().path("model.safetensors");
};

TEST_F(CliExplainTest, JsonHasEverythingThatTheLibraryTells) {
  const auto outcome =
      kernad({"explain", model, data, "--row", "65", "--labels", "class", "--nearest", "7", "--show", "1", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json got = json::parse(outcome.out);
  const auto table = read_table(data, {"class", CsvHeader::detect});
  const auto want = KDEClassifier::load(model).explain(table.features.view().middle_rows(65, 1), 7);
  EXPECT_EQ(got["row"], 65);
  EXPECT_EQ(got["log_density"], want.log_density);
  EXPECT_EQ(got["probability"], want.probability);
  EXPECT_EQ(got["p_value"], want.p_value.value());
  EXPECT_EQ(got["label"], 1);
  EXPECT_EQ(got["deviation"], want.deviation);
  EXPECT_EQ(got["residual_share"], want.unseen);
  EXPECT_EQ(got["components"].get<std::vector<double>>(), want.components);
  ASSERT_EQ(got["neighbours"].size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto& neighbour = want.neighbours[i];
    EXPECT_EQ(got["neighbours"][i],
              (json{{"row", neighbour.row}, {"distance", neighbour.distance}, {"weight", neighbour.weight}}));
  }
  ASSERT_EQ(got["columns"].size(), 4U);
  for (std::size_t d = 0; d < 4; ++d) {
    const auto& column = want.columns[d];
    EXPECT_EQ(got["columns"][d], (json{{"column", d},
                                       {"name", table.column_names[d]},
                                       {"value", column.value},
                                       {"expected", column.expected},
                                       {"share", column.share}}));
  }
}

TEST_F(CliExplainTest, ARowIsCalledByItsId) {
  const std::string rows = "part,lot,a,b,c,d\nT5,1,0,0,0,0\n7,2,1,1,1,1\nT9,2,2,2,2,2\n3,4,3,3,3,3\n";
  const std::string parts = kernad.folder().write("parts.csv", rows);
  const auto row = [&](const std::string& name, const std::string& ids) {
    const auto outcome = kernad({"explain", model, parts, "--row", name, "--id", ids, "--json"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.status == 0 ? json::parse(outcome.out)["row"].get<int>() : -1;
  };
  EXPECT_EQ(row("T9", "part,lot"), 2);
  EXPECT_EQ(row("7", "part,lot"), 1) << "an id goes before a number";
  EXPECT_EQ(row("3", "part,lot"), 3);
  EXPECT_EQ(row("0", "part,lot"), 0) << "none is called so: the number";
  EXPECT_EQ(row("T9, 2", "part,lot"), 2) << "as reports call it";
  expect_error({"explain", model, parts, "--row", "2", "--id", "part,lot"},
               {"parts.csv: 2 rows are called '2', the first two of them rows 1 and 2; give the number"});
  expect_error({"explain", model, parts, "--row", "T6", "--id", "part,lot"},
               {"parts.csv: there is no row T6; valid: 0 to 3, or the id of a row"});
  expect_error({"explain", model, parts, "--row", "T5", "--ignore", "part,lot"},
               {"--row: 'T5' is not valid; valid: a whole number", "or the id of a row, with --id"});
}

TEST_F(CliExplainTest, TheTableShowsTheLargestShares) {
  const auto outcome =
      kernad({"explain", model, data, "--row", "60", "--labels", "class", "--nearest", "2", "--show", "3"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  for (const char* part :
       {"row             60\n", "label           1 (anomalous)\n", "\nnearest training rows\ntraining row  ",
        "\ndeviation by component\ncomponent  ", "\ndeviation by column (3 of 4)\ncolumn  "}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << "\n" << outcome.out;
  }
  EXPECT_EQ(lines(outcome.out), 8U + 5 + 6 + 6) << outcome.out;
  // With neither, only the scores.
  EXPECT_EQ(
      lines(kernad({"explain", model, data, "--row", "60", "--labels", "class", "--nearest", "0", "--show", "0"}).out),
      8U);
}

TEST_F(CliExplainTest, ColumnsWithoutNamesAreNumbered) {
  const auto plain = kernad.folder().write("plain.csv", "1,2,3,4\n5,6,7,8\n");
  const auto outcome = kernad({"explain", model, plain, "--row", "1", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json columns = json::parse(outcome.out)["columns"];
  ASSERT_EQ(columns.size(), 4U);
  EXPECT_EQ(columns[3]["column"], 3);
  EXPECT_EQ(columns[3]["value"], 8);
  EXPECT_FALSE(columns[3].contains("name"));
  EXPECT_NE(kernad({"explain", model, plain, "--row", "1"}).out.find("\n3 "), std::string::npos);
}

TEST_F(CliExplainTest, SaysWhatIsWrong) {
  expect_error({"explain", model, data, "--labels", "class"}, {"--row"});
  expect_error({"explain", model, data, "--labels", "class", "--row", "-1"}, {"--row: '-1'", "whole number from 0"});
  expect_error({"explain", model, data, "--labels", "class", "--row", "70"},
               {"data.csv: there is no row 70; valid: 0 to 69"});
  const auto heading = kernad.folder().write("heading.csv", "a,b,c,d\n");
  expect_error({"explain", model, heading, "--row", "0"}, {"heading.csv: "});
  const auto narrow = kernad.folder().write("narrow.csv", "1,2\n");
  expect_error({"explain", model, narrow, "--row", "0"}, {"narrow.csv: features have 2 columns", "4"});
  expect_error({"explain", kernad.folder().path("none"), data, "--row", "0"}, {"none"});
}

}  // namespace
}  // namespace kernad
