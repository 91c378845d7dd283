#include "kernad/feature_scaling_method.hpp"

#include <gtest/gtest.h>

#include <string>

#include "kernad/error.hpp"

namespace kernad {
namespace {

TEST(FeatureScalingMethodTest, TextFormsGoBothWays) {
  for (const auto method : {FeatureScalingMethod::norm, FeatureScalingMethod::scale}) {
    EXPECT_EQ(feature_scaling_method(to_string(method)), method);
  }
  EXPECT_EQ(to_string(FeatureScalingMethod::norm), "norm");
  EXPECT_EQ(to_string(FeatureScalingMethod::scale), "scale");
}

TEST(FeatureScalingMethodTest, UnknownTextListsTheValidOnes) {
  try {
    (void)feature_scaling_method("Scale");
    FAIL() << "accepted";
  } catch (const InvalidParameter& error) {
    EXPECT_STREQ(error.what(), "unknown feature scaling method 'Scale'; valid: norm, scale");
  }
}

}  // namespace
}  // namespace kernad
