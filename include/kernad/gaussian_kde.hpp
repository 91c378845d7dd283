// Gaussian kernel density estimation, entirely in the log domain.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernad/export.hpp"
#include "kernad/kde_options.hpp"
#include "kernad/matrix.hpp"
#include "kernad/state_dict.hpp"

namespace kernad {

namespace kde {
struct State;
}

/// p(x) = 1/N sum_i N(x; x_i, h^2 C), by default with C the covariance of the data (divisor N - 1) and
/// h = N^(-1/(k+4)), Scott's factor; KDEOptions offers others. Directions in which C has no variance are dropped:
/// rank() of k are kept, and k in h is the rank. Const methods may run in several threads at once. Source: Scott,
/// Multivariate Density Estimation, 2nd ed., eq. 6.44; Silverman 1986, section 4.2.1.
class KERNAD_API GaussianKDE {
 public:
  GaussianKDE() = default;
  /// Throws InvalidParameter for a local_alpha out of range.
  explicit GaussianKDE(const KDEOptions& options);

  /// Fits to N x k features (N >= 2). Strong exception guarantee. Throws InvalidInput for empty, NaN or infinite input
  /// and when all rows are identical.
  void fit(EmbeddingsView features);

  /// The same of rows that count as often as their weights say (N of them, or none: once): a weight of 3 is three equal
  /// rows, one of 0 none. Whole weights that add up to 2^22 at most give the bits of repeated rows; others may be
  /// fractions, and N in the formulas is their sum. (scipy's N is (sum w)^2 / sum w^2: weights times sum w / sum w^2
  /// give its density.) Throws as well InvalidParameter for another number of weights, and for weights that are not
  /// repeated with Bandwidth::loo or local_alpha; InvalidInput, with the row, for a weight that is negative, not
  /// finite, or above 0 but below 2^-63 of their sum, and if they do not add up to more than 1.
  void fit(EmbeddingsView features, std::span<const double> weights);

  /// Natural log of the density of each of M queries (M x k), finite for every finite query: within 1e-4 for
  /// |result| < 100 and 1e-6 relative beyond (docs/numerics.md). Throws InvalidInput for a wrong column count or a
  /// value that is not finite; NotFitted.
  [[nodiscard]] std::vector<double> log_density(EmbeddingsView queries) const;

  /// exp(log_density), at most the largest double; 0 where that underflows (below about exp(-745)).
  [[nodiscard]] std::vector<double> density(EmbeddingsView queries) const;

  /// The name of density() in anomalib.
  [[nodiscard]] std::vector<double> forward(EmbeddingsView queries) const { return density(queries); }

  /// Whether fit has succeeded.
  [[nodiscard]] bool is_fitted() const noexcept { return state_ != nullptr; }

  /// Threads that a call may use; 0: KERNAD_NUM_THREADS if set, else as many as the machine has. Results do not depend
  /// on it. Throws InvalidParameter outside 0 to 1024.
  void set_threads(int threads);

  /// Whether rows that occur more than once are summed once, and rows too far from a query to matter are left out where
  /// that is faster (on by default). A log-density is then at most 1e-5 below that of the full sum. May be called
  /// before or after fit; it is not part of the model.
  void set_pruning(bool pruning);
  /// The value last given to set_pruning.
  [[nodiscard]] bool pruning() const noexcept { return pruning_; }

  // All of these throw NotFitted before fit.
  [[nodiscard]] std::size_t size() const;                 ///< N, the rows fitted on, repeated or not
  [[nodiscard]] std::size_t dimension() const;            ///< k, columns of a query
  [[nodiscard]] std::size_t rank() const;                 ///< r <= k, directions kept
  [[nodiscard]] double bandwidth_factor() const;          ///< h
  [[nodiscard]] double shrinkage() const;                 ///< a of C = (1 - a) S + a mu I
  [[nodiscard]] MatrixView<double> bw_transform() const;  ///< k x r: W with W W^T = (h^2 C)^-1 (pseudo-inverse)
  [[nodiscard]] std::span<const double> mean() const;     ///< k: subtracted before whitening
  [[nodiscard]] Embeddings dataset() const;               ///< N x r: the rows, whitened: (x - mean) W
  [[nodiscard]] std::span<const double> weights() const;  ///< N: how much each of them counts; empty: all the same
  [[nodiscard]] double log_norm()
      const;  ///< log of the kernel's constant: sum log(1 / (h sigma_j)) minus r/2 log(2 pi)

  /// What fit has learned, as the state of a classifier whose components are the columns themselves. Throws NotFitted.
  [[nodiscard]] StateDict state_dict() const;
  /// Takes it over, to the same bits. Throws InvalidInput naming the tensor that is missing or wrong; then nothing has
  /// changed.
  void load_state_dict(const StateDict& state);

 private:
  friend class Scorer;
  KDEOptions options_;
  std::shared_ptr<const kde::State> state_;
  int threads_ = 0;
  bool pruning_ = true;
};

}  // namespace kernad
