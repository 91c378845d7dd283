// What a model remembers of the columns of its training rows.
#pragma once

#include <cstddef>
#include <vector>

#include "kernad/matrix.hpp"
#include "model/model.hpp"

namespace kernad::comparison {

/// Everything is of the columns as the model takes them, after its shift.
struct KnownColumns {
  std::size_t rows = 0;           ///< training rows; 0: nothing is known, and all below is empty
  std::vector<double> mean;       ///< D
  std::vector<double> deviation;  ///< D: standard deviations; 0 where the training rows are constant
  /// D x m: the values of training rows less the mean, each column ascending; all rows, or a sample where D of all
  /// would be many. Empty where the model does not have them: it left axes out, or the lengths of rows. Deviations are
  /// then estimates, unless the model standardises columns.
  Matrix<double> values;

  /// What the values may be off by, as they went through float32: a new value as near as this is the same.
  [[nodiscard]] double tolerance(std::size_t column, double value) const;
};

/// Nothing for weighted rows, whose ranks mean nothing, or for a checkpoint of another program, which lacks variances.
[[nodiscard]] KnownColumns known_columns(const model::Model& model, int threads);

}  // namespace kernad::comparison
