// Repeated scoring, as on a production line: threads and scratch memory are ready before the row arrives.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

class GaussianKDE;
class KDEClassifier;

/// Log-densities of a fitted model. A call creates no thread and, from the second call of the same size on, allocates
/// nothing. When there are fewer rows than threads, the training rows are divided among the threads instead. For that,
/// threads spin for 0.1 ms after a call, and throughout a long series of calls that follow one another faster than
/// that. Results equal those of compute_kde_scores and log_density, bit for bit. The scorer keeps the model as it is at
/// construction, even if the classifier is changed or destroyed. Only one call may run at a time: give each of your own
/// threads a scorer.
class KERNAD_API Scorer {
 public:
  /// threads: as in set_threads, including the caller's. Throws NotFitted; InvalidParameter outside 0 to 1024.
  explicit Scorer(const KDEClassifier& classifier, int threads = 0);
  /// The same for a density alone.
  explicit Scorer(const GaussianKDE& density, int threads = 0);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  /// Writes the log-density of row i to out[i]. Throws InvalidInput for a wrong column count or a value that is not
  /// finite; InvalidParameter when out and rows differ in length.
  void log_density(EmbeddingsView rows, std::span<double> out);
  /// The same of rows of doubles, which become float32 as the classifier's do: that takes a copy of them, as rows of
  /// float do in a model that was fitted on doubles far from zero.
  template <DoubleRows Rows>
  void log_density(const Rows& rows, std::span<double> out) {
    log_density_of_doubles(rows, out);
  }
  /// The log-density of one row.
  [[nodiscard]] double log_density(std::span<const float> row);

  [[nodiscard]] std::size_t columns() const noexcept;  ///< of a row

 private:
  void log_density_of_doubles(MatrixView<double> rows, std::span<double> out);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kernad
