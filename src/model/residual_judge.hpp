// In a calibrated verdict, what the densities do not see of a row counts as much as how dense it is.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "pca/residual.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::model {

/// The line that makes residuals and log-densities of held-out normal rows equally rare: it joins their medians and
/// their quartiles of unusual rows. A row's log-density is at most that of its residual.
///
/// Two ranks, by which the densities of `automatic` are joined, would make twice as many false alarms at the smallest
/// rate of n rows: both the rarest density and the rarest residual would be as rare as 1 / (n + 1). A fixed line makes
/// the lower of the two one score, whose calibration is exact. This line is fixed but for what single rows do to
/// medians and quartiles; see judged.
struct ResidualLine {
  double at = 0;     ///< the log-density that is as rare as a residual of 0
  double slope = 0;  ///< nats per unit of the residual; 0: the rows give no line, and log-densities stay

  ResidualLine() = default;
  ResidualLine(double at_zero, double nats) : at(at_zero), slope(nats) {}
  /// One of each a held-out row.
  ResidualLine(std::span<const double> log_densities, std::span<const double> residuals);

  /// Finite for finite input.
  [[nodiscard]] double log_density(double log_density, double residual) const;
};

/// The log-density of each held-out row by the line of all others, as a new row is judged, or by the line of all if
/// that gives less: a row must not bend the line in its favour.
[[nodiscard]] std::vector<double> judged(std::span<const double> log_densities, std::span<const double> residuals);

struct ResidualJudge {
  std::shared_ptr<const pca::Residual> residual;  ///< shared by the copies of a model
  ResidualLine line;
};

/// Residuals of rows that are finite.
[[nodiscard]] std::vector<double> residuals(const pca::Residual& residual, EmbeddingsView rows, int threads);

/// Embeddings to log-densities as the judge has them.
class ResidualScorer final : public scoring::BlockScorer {
 public:
  /// judge must outlive it.
  ResidualScorer(std::unique_ptr<scoring::BlockScorer> density, const ResidualJudge& judge);

  [[nodiscard]] std::size_t max_rows() const override { return density_->max_rows(); }
  [[nodiscard]] bool prunes() const override { return density_->prunes(); }
  void score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) override;

 private:
  std::unique_ptr<scoring::BlockScorer> density_;
  const ResidualJudge& judge_;
  pca::Residual::Scratch scratch_;
  std::vector<double> residuals_;
};

}  // namespace kernad::model
