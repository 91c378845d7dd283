// Tables as people have them, in cases/: log-densities that were computed without kernad (scipy in float64), and
// verdicts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad {
namespace {

std::string path_of(const std::string& file) { return std::string(KERNAD_TEST_CASES) + "/" + file; }

/// Numbers of a .csv with a heading, in double.
Matrix<double> read_doubles(const std::string& file) {
  std::ifstream in(path_of(file));
  std::string line;
  std::getline(in, line);
  const auto columns = static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1;
  std::vector<double> values;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) values.push_back(std::stod(field));
  }
  const std::size_t rows = values.size() / columns;
  return {std::move(values), rows, columns};
}

class FarFromZero : public ::testing::TestWithParam<const char*> {};

TEST_P(FarFromZero, ScoresAreThoseOfDoublePrecision) {
  const std::string name = GetParam();
  const auto truth = read_doubles(name + "_truth.csv");
  KDEClassifier classifier;
  ASSERT_TRUE(classifier.fit(read_doubles(name + "_train.csv")));
  const auto scores = classifier.compute_kde_scores(read_doubles(name + "_query.csv"), true);
  ASSERT_EQ(scores.size(), truth.rows());
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], truth(i, 0), 1e-4) << i;
}

INSTANTIATE_TEST_SUITE_P(Cases, FarFromZero, ::testing::Values("epoch", "utm"),
                         [](const auto& test) { return std::string(test.param); });

std::vector<std::uint8_t> verdicts(const std::string& train, const std::string& query, double fpr, bool automatic) {
  KDEClassifier classifier({.automatic = automatic});
  const auto rows = read_table(path_of(train)).features;
  EXPECT_TRUE(classifier.fit(rows));
  classifier.calibrate(rows);
  classifier.set_target_fpr(fpr);
  return classifier.threshold().labels(classifier.compute_kde_scores(read_table(path_of(query)).features, true));
}

TEST(CasesTest, Verdicts) {
  const std::vector<std::uint8_t> all_but_the_first = {0, 1, 1, 1};
  for (const bool automatic : {false, true}) {
    EXPECT_EQ(verdicts("dead_train.csv", "dead_query.csv", 0.1, automatic), all_but_the_first);
    EXPECT_EQ(verdicts("line_train.csv", "line_query.csv", 0.1, automatic), all_but_the_first);
    EXPECT_EQ(verdicts("glitch_clean.csv", "glitch_query.csv", 0.05, automatic), all_but_the_first);
  }
  EXPECT_EQ(verdicts("glitch_train.csv", "glitch_query.csv", 0.05, true), all_but_the_first);
}

}  // namespace
}  // namespace kernad
