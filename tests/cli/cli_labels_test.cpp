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

}  // namespace
}  // namespace kernad::cli_labels_test
