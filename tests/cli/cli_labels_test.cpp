// Labels as other programs write them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"

namespace kernad::cli_labels_test {
namespace {

using nlohmann::json;
using testing::Command;

const std::string kCases = KERNAD_TEST_CASES "/";

class CliLabelsTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CliLabelsTest, AreUnderstoodByFitAndTest) {
  Command kernad;
  const std::string data = kCases + "label_" + GetParam() + ".csv";
  const std::string model = kernad.folder().path("model.safetensors");
  const auto fit = kernad({"fit", data, "-o", model, "--labels", "label", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["rows_seen"], 40);
  EXPECT_EQ(json::parse(fit.out)["rows_left_out"], 5);
  const auto test = kernad({"test", model, data, "--labels", "label", "--json"});
  ASSERT_EQ(test.status, 0) << test.err;
  EXPECT_EQ(json::parse(test.out)["n_anomalous"], 5);
  EXPECT_GT(json::parse(test.out)["image_AUROC"], 0.5);
  EXPECT_EQ(test.err.find("-1 is taken for anomalous") != std::string::npos, GetParam() == std::string("plusminus"));
}

INSTANTIATE_TEST_SUITE_P(Notations, CliLabelsTest, ::testing::Values("inlier", "mvtec", "okng", "plusminus", "yesno"),
                         [](const auto& notation) { return std::string(notation.param); });

TEST(CliNormalLabelTest, NamesTheNormalRows) {
  Command kernad;
  const std::string data = kCases + "label_okng.csv";
  const std::string model = kernad.folder().path("model.safetensors");
  const auto fit = kernad({"fit", data, "-o", model, "--labels", "label", "--normal-label", "NG", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["rows_seen"], 5);
  const auto wrong = kernad({"fit", data, "-o", model, "--labels", "label", "--normal-label", "good"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("found: 'OK', 'NG'"), std::string::npos) << wrong.err;
}

/// 60 rows, of which all but the first five have a 1 in the last column, and the first five are far away.
std::string mostly_ones(const std::string& name) {
  std::string text = "width,height," + name + "\n";
  for (int i = 0; i < 60; ++i) {
    const int far = i < 5 ? 50 : 0;
    text += std::to_string(far + i % 7) + ',' + std::to_string(far + i % 5) + (i < 5 ? ",0\n" : ",1\n");
  }
  return text;
}

TEST(CliLabelNamesTest, AColumnWhoseOnesAreNormalIsRefusedUntilThatIsSaid) {
  Command kernad;
  const std::string data = kernad.folder().write("is.csv", mostly_ones("is_normal"));
  const std::string model = kernad.folder().path("model.safetensors");
  const auto refused = kernad({"fit", data, "-o", model, "--components", "2", "--labels", "is_normal"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("in a column called 'is_normal' is not clear"), std::string::npos) << refused.err;
  const auto by_number = kernad({"fit", data, "-o", model, "--components", "2", "--labels", "-1"});
  EXPECT_EQ(by_number.status, 2) << "the heading counts, however the column is given";
  const auto fit =
      kernad({"fit", data, "-o", model, "--components", "2", "--labels", "is_normal", "--normal-label", "1", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["rows_seen"], 55);
  EXPECT_EQ(fit.err.find("are labelled normal"), std::string::npos) << fit.err;
}

TEST(CliMissingLabelsTest, AreRefusedOrSkippedAndCounted) {
  Command kernad;
  std::string text = "width,height,kind\n";
  for (int i = 0; i < 40; ++i) {
    text += std::to_string(i % 7) + ',' + std::to_string(i % 5) + (i < 30 ? ",good\n" : i < 36 ? ",crack\n" : ",NA\n");
  }
  const std::string data = kernad.folder().write("kind.csv", text);
  const std::string model = kernad.folder().path("model.safetensors");
  const std::string sketch = kernad.folder().path("kind.sketch");
  const auto refused = kernad({"fit", data, "-o", model, "--components", "2", "--labels", "kind"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("row 36: 'NA' is a missing value, there is no label; the row has to be left out"),
            std::string::npos)
      << refused.err;
  const auto fit =
      kernad({"fit", data, "-o", model, "--components", "2", "--labels", "kind", "--missing", "skip", "--json"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_EQ(json::parse(fit.out)["rows_left_out"], 6);
  EXPECT_NE(fit.err.find("4 of 40 rows have missing values and are skipped"), std::string::npos) << fit.err;
  const auto test = kernad({"test", model, data, "--labels", "kind", "--missing", "skip", "--json"});
  ASSERT_EQ(test.status, 0) << test.err;
  EXPECT_EQ(json::parse(test.out)["n_anomalous"], 6);
  EXPECT_EQ(json::parse(test.out)["n_normal"], 30);
  const std::vector<std::string> part = {"sketch", data, "-o", sketch, "--labels", "kind", "--normal-label", "good"};
  EXPECT_NE(kernad(part).err.find("row 36: there is no label"), std::string::npos);
  auto skipping = part;
  skipping.insert(skipping.end(), {"--missing", "skip", "--json"});
  const auto parts = kernad(skipping);
  ASSERT_EQ(parts.status, 0) << parts.err;
  EXPECT_EQ(json::parse(parts.out)["rows_left_out"], 10);
}

TEST(CliLabelNamesTest, FewNormalRowsAreNoted) {
  Command kernad;
  const std::string data = kernad.folder().write("label.csv", mostly_ones("label"));
  const auto fit =
      kernad({"fit", data, "-o", kernad.folder().path("model.safetensors"), "--components", "2", "--labels", "label"});
  ASSERT_EQ(fit.status, 0) << fit.err;
  EXPECT_NE(fit.err.find("only 5 of 60 rows are labelled normal"), std::string::npos) << fit.err;
}

}  // namespace
}  // namespace kernad::cli_labels_test
