// The table of options: what the command line, Python, C and model files share.
#include "kernad/classifier_options.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad {
namespace {

/// Texts that an option takes, other than its default.
const std::map<std::string, std::vector<std::string>, std::less<>> kOthers = {
    {"n_pca_components", {"7", "0.95", "all"}},
    {"standardize", {"true"}},
    {"bandwidth", {"silverman", "loo", "loo*2", "0.5"}},
    {"covariance", {"ledoit-wolf", "oas", "isotropic"}},
    {"local_alpha", {"0.5", "4"}},
    {"feature_scaling_method", {"norm"}},
    {"all_rows", {"true"}},
    {"auto", {"true"}},
    {"max_training_points", {"2", "100000"}},
    {"seed", {"7", "18446744073709551615"}},
};

TEST(ClassifierOptionsTest, EveryOptionGoesIntoTextAndBack) {
  for (const EstimatorOption& option : estimator_options()) {
    const auto others = kOthers.find(option.key);
    ASSERT_NE(others, kOthers.end()) << option.key << " needs texts above";
    for (const std::string& text : others->second) {
      KDEClassifierOptions options;
      EXPECT_TRUE(option.set(options, text)) << option.key;
      EXPECT_EQ(option.get(options), text) << option.key;
      EXPECT_FALSE(options == KDEClassifierOptions{}) << option.key << " sets nothing";
      EXPECT_TRUE(option.set(options, option.get({}))) << option.key;
      EXPECT_TRUE(options == KDEClassifierOptions{}) << option.key << " does not go back to its default";
    }
  }
}

TEST(ClassifierOptionsTest, TheTableHoldsEveryMember) {
  // A member without an entry would compare equal here whatever it is.
  KDEClassifierOptions all{.n_pca_components = 7,
                           .feature_scaling_method = FeatureScalingMethod::norm,
                           .max_training_points = 5,
                           .seed = 9,
                           .standardize = true,
                           .kde = {Bandwidth(0.5), Covariance::oas, 2},
                           .automatic = true};
  KDEClassifierOptions copy;
  for (const EstimatorOption& option : estimator_options()) EXPECT_TRUE(option.set(copy, option.get(all)));
  EXPECT_TRUE(copy == all);
}

TEST(ClassifierOptionsTest, NamesAreUniqueAndTextsAreThere) {
  std::set<std::string_view> names;
  for (const EstimatorOption& option : estimator_options()) {
    EXPECT_TRUE(names.insert(option.key).second) << option.key;
    EXPECT_TRUE(names.insert(option.flag).second) << option.flag;
    EXPECT_TRUE(option.flag.starts_with("--")) << option.flag;
    EXPECT_FALSE(option.valid.empty() || option.help.empty()) << option.key;
    EXPECT_EQ(option.is_flag(), option.valid == "true, false") << option.key;
  }
}

TEST(ClassifierOptionsTest, WhatIsNotValidChangesNothing) {
  const std::map<std::string, std::vector<std::string>, std::less<>> wrong = {
      {"n_pca_components", {"", "0", "-3", "1.5", "0.0", "some", "16x", "nan"}},
      {"standardize", {"", "yes", "1", "True"}},
      {"bandwidth", {"", "0", "-1", "inf", "nan", "loo*", "loo*0", "scot", "1e999"}},
      {"covariance", {"", "round", "Full"}},
      {"local_alpha", {"", "-0.1", "4.1", "nan", "x"}},
      {"feature_scaling_method", {"", "max", "Norm"}},
      {"auto", {"", "on"}},
      {"max_training_points", {"", "1", "0", "-5", "2.5", "99999999999999999999"}},
      {"seed", {"", "-1", "1.0", "18446744073709551616"}},
  };
  for (const auto& [key, texts] : wrong) {
    for (const std::string& text : texts) {
      KDEClassifierOptions options;
      try {
        set_option(options, key, text);
        ADD_FAILURE() << key << " takes '" << text << "'";
      } catch (const InvalidParameter& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with(key + " is '" + text + "'; valid: ")) << error.what();
      }
      EXPECT_TRUE(options == KDEClassifierOptions{}) << key << " '" << text << "'";
    }
  }
}

TEST(ClassifierOptionsTest, AnUnknownOptionIsRefusedWithThoseThatThereAre) {
  KDEClassifierOptions options;
  try {
    set_option(options, "bandwith", "1");
    FAIL();
  } catch (const InvalidParameter& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("there is no option 'bandwith'"), std::string::npos) << message;
    EXPECT_NE(message.find("n_pca_components"), std::string::npos) << message;
  }
}

TEST(ClassifierOptionsTest, AutoRefusesWhatItChoosesAndNothingElse) {
  for (const EstimatorOption& option : estimator_options()) {
    if (option.key == "auto") continue;
    KDEClassifierOptions options{.automatic = true};
    ASSERT_TRUE(option.set(options, kOthers.find(option.key)->second.front()));
    if (option.set_by_auto) {
      EXPECT_THROW((void)KDEClassifier(options), InvalidParameter) << option.key;
    } else {
      EXPECT_NO_THROW((void)KDEClassifier(options)) << option.key;
    }
  }
}

}  // namespace
}  // namespace kernad
