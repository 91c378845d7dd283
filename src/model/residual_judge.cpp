#include "model/residual_judge.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "parallel/parallel_for.hpp"

namespace kernad::model {
namespace {

constexpr double kMiddle = 0.5;
constexpr double kRare = 0.75;

/// Values ascending, of which one may be passed over.
class Sorted {
 public:
  explicit Sorted(std::span<const double> values) : values_(values.begin(), values.end()) {
    std::sort(values_.begin(), values_.end());
  }

  [[nodiscard]] double quantile(double share) const { return values_[place(share, values_.size())]; }
  [[nodiscard]] double quantile_without(double value, double share) const {
    const auto rank = static_cast<std::size_t>(std::ranges::lower_bound(values_, value) - values_.begin());
    const std::size_t wanted = place(share, values_.size() - 1);
    return values_[wanted + (rank <= wanted ? 1 : 0)];
  }

 private:
  static std::size_t place(double share, std::size_t count) {
    return std::min(count - 1, static_cast<std::size_t>(share * static_cast<double>(count)));
  }

  std::vector<double> values_;
};

ResidualLine line_through(double middle_density, double far_density, double middle_residual, double far_residual) {
  const double slope = (middle_density - far_density) / (far_residual - middle_residual);
  // All rows alike in one of them: it does not say how rare a value is.
  if (!(slope > 0) || slope > std::numeric_limits<double>::max()) return {};
  return {middle_density + middle_residual * slope, slope};
}

std::vector<double> with_minus(std::span<const double> values) {
  std::vector<double> result(values.size());
  std::ranges::transform(values, result.begin(), [](double x) { return -x; });
  return result;
}

}  // namespace

ResidualLine::ResidualLine(std::span<const double> log_densities, std::span<const double> residuals) {
  if (log_densities.empty()) return;
  const Sorted rare(with_minus(log_densities));
  const Sorted left(residuals);
  *this = line_through(-rare.quantile(kMiddle), -rare.quantile(kRare), left.quantile(kMiddle), left.quantile(kRare));
}

double ResidualLine::log_density(double log_density, double residual) const {
  if (slope == 0) return log_density;
  return std::min(log_density, std::max(at - slope * residual, std::numeric_limits<double>::lowest()));
}

std::vector<double> judged(std::span<const double> log_densities, std::span<const double> residuals) {
  std::vector<double> result(log_densities.begin(), log_densities.end());
  if (result.size() < 2) return result;
  const ResidualLine of_all(log_densities, residuals);
  const Sorted rare(with_minus(log_densities));
  const Sorted left(residuals);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto density = [&](double share) { return -rare.quantile_without(-log_densities[i], share); };
    const auto residual = [&](double share) { return left.quantile_without(residuals[i], share); };
    const auto line = line_through(density(kMiddle), density(kRare), residual(kMiddle), residual(kRare));
    result[i] =
        std::min(line.log_density(log_densities[i], residuals[i]), of_all.log_density(log_densities[i], residuals[i]));
  }
  return result;
}

std::vector<double> residuals(const pca::Residual& residual, EmbeddingsView rows, int threads) {
  constexpr std::size_t kBlockRows = 64;
  std::vector<double> result(rows.rows());
  const auto& kernels = kernels::active();
  const std::size_t blocks = (rows.rows() + kBlockRows - 1) / kBlockRows;
  const std::size_t workers = std::min(blocks, static_cast<std::size_t>(std::max(1, threads)));
  std::vector<pca::Residual::Scratch> scratch(workers, pca::Residual::Scratch(residual, kBlockRows));
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t worker) {
    const std::size_t first = block * kBlockRows;
    const std::size_t count = std::min(kBlockRows, rows.rows() - first);
    residual.squares(kernels, rows.middle_rows(first, count), result.data() + first, scratch[worker]);
  });
  return result;
}

ResidualScorer::ResidualScorer(std::unique_ptr<scoring::BlockScorer> density, const ResidualJudge& judge)
    : density_(std::move(density)),
      judge_(judge),
      scratch_(*judge.residual, density_->max_rows()),
      residuals_(density_->max_rows()) {}

void ResidualScorer::score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) {
  density_->score(block, first, out, pool);
  judge_.residual->squares(kernels::active(), block, residuals_.data(), scratch_);
  for (std::size_t i = 0; i < block.rows(); ++i) out[i] = judge_.line.log_density(out[i], residuals_[i]);
}

}  // namespace kernad::model
