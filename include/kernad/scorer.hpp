// Scoring again and again, as a production line does: threads and scratch memory are there before the row is.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

class GaussianKDE;
class KDEClassifier;

/// Log-densities of a fitted model. A call creates no thread and, from the second one of its size on, allocates
/// nothing; the references are shared out among the threads when there are fewer rows than threads to keep busy. For
/// that, threads stay awake for 0.1 ms after a call, and in a long row of calls that follow one another faster than
/// that. Results are those of compute_kde_scores and log_density, bit for bit. The model as it is now is kept, whatever
/// becomes of the object. One call at a time: give each of your own threads a scorer.
class KERNAD_API Scorer {
 public:
  /// threads: as in set_threads; the caller's own is one of them. Throws NotFitted; InvalidParameter outside 0 to 1024.
  explicit Scorer(const KDEClassifier& classifier, int threads = 0);
  /// The same for a density by itself.
  explicit Scorer(const GaussianKDE& density, int threads = 0);
  ~Scorer();
  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;

  /// Into out[i] the log-density of row i. Throws InvalidInput for a wrong column count or a value that is not finite;
  /// InvalidParameter when out and rows differ in length.
  void log_density(EmbeddingsView rows, std::span<double> out);
  /// Of one row.
  [[nodiscard]] double log_density(std::span<const float> row);

  [[nodiscard]] std::size_t columns() const noexcept;  ///< of a row

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kernad
