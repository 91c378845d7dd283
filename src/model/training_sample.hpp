// The rows of a data set that a model is fitted on.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/matrix.hpp"
#include "kernad/sketch.hpp"
#include "linalg/exact_moments.hpp"
#include "linalg/rows.hpp"
#include "sampling/row_weights.hpp"

namespace kernad::model {

struct TrainingSample {
  EmbeddingsView memory;              ///< where the rows lie
  std::vector<std::size_t> selected;  ///< which of them, ascending; repeated for rows that count more than once
  std::vector<std::size_t> numbers;   ///< of each selected row in the data set as it was given, ascending
  std::size_t rows_seen = 0;          ///< of the data set, all of them
  std::vector<double> weights = {};   ///< of each selected row; empty: each counts once
  Matrix<double> unrounded = {};      ///< some of the selected rows (some_rows) if they were given in double; or empty

  /// Of all rows of the data set, with the option all_rows; null without it, and where every row is selected.
  std::shared_ptr<const linalg::ExactMoments> moments = nullptr;

  /// Samples a data set in memory: at most max_training_points of its rows. Whole weights give the sample of the data
  /// set with its rows repeated that often. Throws InvalidParameter if other weights would need a sample.
  [[nodiscard]] static TrainingSample of(EmbeddingsView rows, const KDEClassifierOptions& options,
                                         const sampling::RowWeights& weights);
  /// For rows that count once each.
  [[nodiscard]] static TrainingSample of(EmbeddingsView rows, const KDEClassifierOptions& options) {
    return of(rows, options, sampling::RowWeights({}, rows.rows()));
  }

  /// Valid while the sample exists.
  [[nodiscard]] linalg::Rows<float> rows() const { return {memory, selected, weights}; }
  /// The moments as the model takes them, if there are any. shift: was subtracted from the columns.
  [[nodiscard]] std::optional<linalg::RowMoments> rounded_moments(std::span<const double> shift, int threads) const;
  /// A copy of the rows.
  [[nodiscard]] Embeddings copy() const;
};

/// The sample of a sketch in the form that a model takes: shifted, in float32.
struct SketchSample {
  Embeddings rows;
  std::vector<double> shift;         ///< what was subtracted from each column; empty: nothing
  std::vector<std::size_t> numbers;  ///< of the rows in the data set
  std::size_t rows_seen = 0;
  Matrix<double> unrounded;                             ///< as in TrainingSample
  std::shared_ptr<const linalg::ExactMoments> moments;  ///< likewise

  /// With the shift that a fit would choose.
  SketchSample(const Sketch& sketch, int threads);
  /// With the shift of a model that was fitted on it.
  SketchSample(const Sketch& sketch, std::vector<double> shift, int threads);

  /// Valid while this object exists.
  [[nodiscard]] TrainingSample sample() const;

 private:
  [[nodiscard]] std::vector<std::size_t> every_row() const;
};

/// The moments of all rows of a data set in memory if the options ask for them and only a sample is selected.
template <typename T>
[[nodiscard]] std::shared_ptr<const linalg::ExactMoments> moments_of_all(MatrixView<T> rows,
                                                                         const KDEClassifierOptions& options,
                                                                         int threads);

}  // namespace kernad::model
