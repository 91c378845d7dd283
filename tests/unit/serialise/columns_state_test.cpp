// Names of columns in a model file, and what is refused of them.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "support/bytes.hpp"
#include "support/data.hpp"

namespace kernad::columns_state_test {
namespace {

using Texts = std::vector<std::string>;

KDEClassifier fitted() {
  KDEClassifier classifier({.n_pca_components = 2});
  EXPECT_TRUE(classifier.fit(testing::correlated(40, 3, 0.8, 1, 1)));
  return classifier;
}

TEST(ColumnsStateTest, NamesSurviveTheFile) {
  KDEClassifier classifier = fitted();
  const StateDict plain = classifier.state_dict();
  EXPECT_FALSE(plain.metadata.contains("column_names"));
  classifier.set_column_names({"a, \"b\"", "größe", ""}, {"label"});
  const StateDict state = classifier.state_dict();
  EXPECT_EQ(state.metadata.at("column_names"), R"(["a, \"b\"","größe",""])");
  EXPECT_EQ(state.metadata.at("format_version"), plain.metadata.at("format_version"));
  KDEClassifier loaded;
  loaded.load_state_dict(state);
  EXPECT_EQ(loaded.column_names(), (Texts{"a, \"b\"", "größe", ""}));
  EXPECT_EQ(loaded.left_out_columns(), Texts{"label"});
  loaded.load_state_dict(plain);
  EXPECT_TRUE(loaded.column_names().empty());
}

TEST(ColumnsStateTest, ACalibrationKeepsThemAndAFitDropsThem) {
  KDEClassifier classifier = fitted();
  const auto rows = testing::correlated(40, 3, 0.8, 1, 1);
  classifier.set_column_names({"a", "b", "c"});
  classifier.calibrate_from(rows);
  EXPECT_EQ(classifier.column_names(), (Texts{"a", "b", "c"}));
  ASSERT_TRUE(classifier.fit(rows));
  EXPECT_TRUE(classifier.column_names().empty());
}

TEST(ColumnsStateTest, WrongNamesAreRefused) {
  KDEClassifier classifier = fitted();
  const auto refusal = [&](const Texts& names, const Texts& left_out = {}) {
    return testing::message_of<InvalidParameter>([&] { classifier.set_column_names(names, left_out); });
  };
  EXPECT_EQ(refusal({"a", "b"}), "2 column names for 3 columns; one a column is needed, or none");
  EXPECT_EQ(refusal({"a", "b", "a"}), "two columns are called 'a'; each needs a name of its own");
  EXPECT_EQ(refusal({"a", "b", "\xff"}), "the column name '\\xff' is not UTF-8");
  EXPECT_EQ(refusal({"a", "b", "c"}, {"c"}), "'c' is both a column of the model and left out");
  EXPECT_TRUE(classifier.column_names().empty());
  EXPECT_THROW((void)KDEClassifier().column_names(), NotFitted);
}

TEST(ColumnsStateTest, WrongMetadataAreRefused) {
  const auto refusal = [&](const std::string& text) {
    StateDict state = fitted().state_dict();
    state.metadata["column_names"] = text;
    return testing::message_of<InvalidInput>([&] { KDEClassifier().load_state_dict(state); });
  };
  for (const char* text : {"", "a,b,c", "[1,2,3]", "{}", "[\"a\",\"b\",null]", "[\"a\""}) {
    EXPECT_EQ(refusal(text), "metadata 'column_names' cannot be read; valid: a JSON array of texts") << text;
  }
  EXPECT_EQ(refusal("[\"a\"]"),
            "metadata 'column_names': 1 column names for 3 columns; one a column is needed, or none");
}

}  // namespace
}  // namespace kernad::columns_state_test
