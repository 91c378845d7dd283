// The types behind the handles of the C interface.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kernad/classifier_options.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/kernad.h"

struct kernad_options {
  kernad::KDEClassifierOptions values;
  std::map<std::string_view, std::string> texts;  ///< of all options: what kernad_options_get returns
  int threads = 0;

  explicit kernad_options(const kernad::KDEClassifierOptions& of = {}, int threads_of = 0)
      : values(of), threads(threads_of) {
    for (const auto& option : kernad::estimator_options()) texts[option.key] = option.get(values);
  }
};

struct kernad_model {
  kernad::KDEClassifier classifier;  ///< fitted
  int threads = 0;                   ///< as set by the caller
};
