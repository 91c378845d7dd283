// Principal component analysis: the k directions along which the data vary most.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"
#include "kernad/state_dict.hpp"

namespace kernad {

namespace pca {
struct State;
}

/// How many principal components to keep: a count (>= 1); the share of the variance, in (0, 1), that the kept ones must
/// explain together; or all that the data have. Converts from a number: `PCA(16)`, `PCA(0.95)`.
class KERNAD_API ComponentCount {
 public:
  /// A count. Throws InvalidParameter when it is below 1.
  template <std::integral T>
  ComponentCount(T count)  // NOLINT(google-explicit-constructor): a number is a count
      : ComponentCount(Count{static_cast<long long>(count)}) {}
  /// true is not one component.
  template <std::integral T>
  requires std::same_as<T, bool> ComponentCount(T)
  = delete;
  /// A share of the variance. Throws InvalidParameter outside (0, 1).
  template <std::floating_point T>
  ComponentCount(T share)  // NOLINT(google-explicit-constructor): a fraction is a share
      : ComponentCount(Share{static_cast<double>(share)}) {}

  /// As many as the data have: their numerical rank.
  [[nodiscard]] static ComponentCount all() noexcept { return {}; }

  [[nodiscard]] bool is_all() const noexcept { return count_ == 0 && share_ == 0; }  ///< made by all()
  [[nodiscard]] bool is_share() const noexcept { return share_ != 0; }  ///< made from a share of the variance
  [[nodiscard]] std::size_t count() const noexcept { return count_; }   ///< 0 for a share and for all
  [[nodiscard]] double share() const noexcept { return share_; }        ///< 0 for a count and for all

  /// Whether both are the same count, the same share, or all.
  friend bool operator==(const ComponentCount&, const ComponentCount&) = default;

 private:
  struct Count {
    long long value;
  };
  struct Share {
    double value;
  };
  ComponentCount() = default;
  explicit ComponentCount(Count count);  // throws InvalidParameter when < 1
  explicit ComponentCount(Share share);  // throws InvalidParameter outside (0, 1)

  std::size_t count_ = 0;
  double share_ = 0;
};

/// PCA from the eigenvectors of the covariance (of the Gram matrix when there are fewer rows than columns), accumulated
/// in double. A count above the data's numerical rank is reduced to the rank. The sign of each direction is fixed: its
/// entry of largest magnitude (the first among ties) is positive. Const methods may run in several threads at once.
/// Source: Pearson 1901; Jolliffe, Principal Component Analysis, 2nd ed., ch. 3.
class KERNAD_API PCA {
 public:
  /// Not fitted yet.
  explicit PCA(ComponentCount n_components = 16);

  /// Fits mean and directions to N x D embeddings (N >= 2). Strong exception guarantee.
  /// Throws InvalidInput for empty, NaN or infinite input and when all rows are identical.
  void fit(EmbeddingsView embeddings);

  /// (x - mean) . singular_vectors: N x k. Throws InvalidInput for a wrong column count, a value that is not finite,
  /// or a result beyond float32; NotFitted.
  [[nodiscard]] Embeddings transform(EmbeddingsView embeddings) const;

  /// fit, then transform of the same rows.
  Embeddings fit_transform(EmbeddingsView embeddings);

  /// features (N x k) . singular_vectors^T + mean: N x D. Throws like transform.
  [[nodiscard]] Embeddings inverse_transform(EmbeddingsView features) const;

  /// Whether fit has succeeded.
  [[nodiscard]] bool is_fitted() const noexcept { return state_ != nullptr; }

  /// Threads that a call may use; 0: KERNAD_NUM_THREADS if set, else as many as the machine has. Results do not depend
  /// on it. Throws InvalidParameter outside 0 to 1024.
  void set_threads(int threads);

  // All of these throw NotFitted before fit.
  [[nodiscard]] std::size_t num_components() const;                        ///< k, the components kept
  [[nodiscard]] MatrixView<double> singular_vectors() const;               ///< D x k, columns orthonormal
  [[nodiscard]] std::span<const double> singular_values() const;           ///< k, of the centred data, descending
  [[nodiscard]] std::span<const double> explained_variance_ratio() const;  ///< k, shares of the total variance
  [[nodiscard]] std::span<const double> mean() const;                      ///< D
  [[nodiscard]] std::size_t rank() const;                                  ///< numerical rank of the centred data

  /// What fit has learned, under the names of a classifier's state. Throws NotFitted.
  [[nodiscard]] StateDict state_dict() const;
  /// Takes it over, to the same bits. Throws InvalidInput naming the tensor that is missing or wrong; then nothing has
  /// changed.
  void load_state_dict(const StateDict& state);

 private:
  ComponentCount n_components_;
  std::shared_ptr<const pca::State> state_;
  int threads_ = 0;
};

}  // namespace kernad
