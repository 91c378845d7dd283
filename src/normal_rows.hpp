// What NormalRows keeps, for it and for the classifier.
#pragma once

#include <memory>
#include <utility>

#include "kernad/normal_rows.hpp"
#include "model/column_shift.hpp"
#include "model/model.hpp"
#include "pca/residual.hpp"

namespace kernad {

struct NormalRows::Impl {
  Impl(std::shared_ptr<const model::Model> fitted, int used_threads)
      : model(std::move(fitted)), residual(model::residual_of(*model)), threads(used_threads) {}

  std::shared_ptr<const model::Model> model;
  std::shared_ptr<const pca::Residual> residual;
  int threads;
  model::HeldOut scores;
};

}  // namespace kernad
