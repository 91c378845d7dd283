// Why a row has the density that it has: the training rows nearest to it, and how it deviates from where the density
// expects it. docs/explanation.md has the formulas.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// A training row as the density sees it.
struct KERNAD_API Neighbour {
  /// The row of the embeddings given to fit, or, where fit took a sample, of sample_rows(rows_seen,
  /// max_training_points, seed). It is the place in the model's data set (`kde_model.dataset`) but for
  /// FitReport::rows_left_out. A checkpoint fitted elsewhere has its own order.
  std::size_t row = 0;
  double distance = 0;  ///< length of the whitened difference, in bandwidths (in its own where those are adaptive)
  double weight = 0;    ///< its share of the sum of kernels, in [0, 1]; those of all training rows add up to 1
};

/// A column of the embeddings.
struct KERNAD_API ColumnContribution {
  double value = 0;     ///< in the row
  double expected = 0;  ///< the same with the deviation removed; in the unit of the embeddings
  double share = 0;     ///< of the squared deviation
};

/// What explain() reports about one row. Everything is finite.
struct KERNAD_API Explanation {
  double log_density = 0;         ///< in nats; equals that of compute_kde_scores
  double probability = 0;         ///< equals that of predict
  std::optional<double> p_value;  ///< if the model is calibrated
  /// With KDEClassifierOptions::automatic, which of the two densities decides, 1 or 2; everything below is about that
  /// one. Else 0.
  std::size_t decided_by = 0;

  std::vector<Neighbour> neighbours;  ///< the nearest training rows, nearest first; ties in order of row

  /// Length of the whitened difference between the row and the weighted mean of the training rows, in bandwidths: the
  /// slope of the log-density there, unless bandwidths are adaptive. The shares below divide up its square: they add up
  /// to 1 and may be negative (and are all 0 where the deviation is 0). Source: partial decomposition contributions,
  /// Alcala and Qin 2011, "Analysis and generalization of fault diagnosis methods for process monitoring".
  double deviation = 0;
  /// k: the share of each principal component; one more where the density includes the residual.
  std::vector<double> components;
  std::vector<ColumnContribution> columns;  ///< D: the same mapped back to the columns of the embeddings

  /// The share, in [0, 1], of |row - mean|^2 that lies in directions that the model does not keep and the density
  /// therefore cannot see; 0 for the mean itself.
  double residual_share = 0;
  /// In a calibrated model, whether what the densities do not see is rarer than what they see, and gives the row its
  /// log-density. `columns` are then without that part of the row, and their shares are of its squared length.
  bool residual_decides = false;
  /// KDEClassifier::outside of the row.
  double outside = 0;
  /// D if the row lies outside, otherwise empty: what the columns would be in the subspace of the training rows, and
  /// each one's share of the squared distance. In a calibrated model, whose verdict considers that, `columns` are the
  /// same.
  std::vector<ColumnContribution> outside_columns;
  double unseen = 0;  ///< the same under its old name, which the next minor version removes
};

}  // namespace kernad
