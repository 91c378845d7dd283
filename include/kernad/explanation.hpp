// Why a row has the density that it has: the training rows nearest to it, and what it differs in from where the density
// would have it. docs/explanation.md has the formulas.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// A training row as the density sees it.
struct KERNAD_API Neighbour {
  /// Its place in the model's data set (`kde_model.dataset`): the row of the embeddings given to fit, or, where fit
  /// took a sample, of sample_rows(rows_seen, max_training_points, seed). A checkpoint fitted elsewhere has its own
  /// order.
  std::size_t row = 0;
  double distance = 0;  ///< in bandwidths, of its own where those are local: length of the whitened difference
  double weight = 0;    ///< its share of the sum of kernels, in [0, 1]; those of all training rows add up to 1
};

/// A column of the embeddings.
struct KERNAD_API ColumnContribution {
  double value = 0;     ///< of the row
  double expected = 0;  ///< the same once the deviation is taken back; in the unit of the embeddings
  double share = 0;     ///< of the squared deviation
};

/// What explain() finds out about one row. Everything is finite.
struct KERNAD_API Explanation {
  double log_density = 0;         ///< in nats; compute_kde_scores' own
  double probability = 0;         ///< predict's own
  std::optional<double> p_value;  ///< of a calibrated model
  /// Of a model of KDEClassifierOptions::automatic: which of its two densities, 1 or 2, decides; all that follows is of
  /// that one. Else 0.
  std::size_t decided_by = 0;

  std::vector<Neighbour> neighbours;  ///< the nearest training rows, nearest first; of equals the first row

  /// Length of the whitened difference between the row and the mean of the training rows by weight, in bandwidths: the
  /// slope of the log-density there, unless bandwidths are local. What it consists of is told by shares of its square,
  /// which add up to 1 and may be negative (or are all 0 where the deviation is). Source: partial decomposition
  /// contributions, Alcala and Qin 2011, "Analysis and generalization of fault diagnosis methods for process
  /// monitoring".
  double deviation = 0;
  /// k: the share of each principal component; one more where the density also sees what the components leave out.
  std::vector<double> components;
  std::vector<ColumnContribution> columns;  ///< D: the same mapped back to the columns of the embeddings

  /// The share, in [0, 1], of |row - mean|^2 that lies in directions which the model does not keep, and which the
  /// density therefore cannot see; 0 for the mean itself.
  double residual_share = 0;
  double unseen = 0;  ///< the same by its old name, which goes with the next minor version
};

}  // namespace kernad
