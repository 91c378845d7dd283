#include "kernad/gaussian_kde.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "kde/density_scorer.hpp"
#include "kde/kde_state.hpp"
#include "linalg/finite.hpp"
#include "parallel/parallel_for.hpp"
#include "sampling/row_weights.hpp"
#include "scoring/batch_scorer.hpp"

namespace kernad {
namespace {

const kde::State& fitted(const std::shared_ptr<const kde::State>& state) {
  if (!state) throw NotFitted("the density is not fitted; call fit first");
  return *state;
}

/// Data sets that would exceed this are not repeated: weighted sums are the same up to rounding.
constexpr std::size_t kMostRepeated = std::size_t{1} << 22;

Embeddings gather(EmbeddingsView rows, std::span<const std::size_t> chosen) {
  Embeddings result(chosen.size(), rows.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) std::ranges::copy(rows.row(chosen[i]), result.row(i).begin());
  return result;
}

}  // namespace

GaussianKDE::GaussianKDE(const KDEOptions& options) : options_(options) { kde::check_options(options); }

void GaussianKDE::fit(EmbeddingsView features) {
  const int threads = parallel::resolve_threads(threads_);
  linalg::require_finite(features, "features", threads);
  state_ = std::make_shared<kde::State>(kde::fit(features, {}, options_, 0, pruning_, threads));
}

void GaussianKDE::fit(EmbeddingsView features, std::span<const double> weights) {
  const sampling::RowWeights counts(weights, features.rows());
  if (!counts.are_whole() || counts.repeated_count() > kMostRepeated) {
    const int threads = parallel::resolve_threads(threads_);
    linalg::require_finite(features, "features", threads);
    const auto rows = gather(features, counts.counted_rows());
    state_ = std::make_shared<kde::State>(kde::fit(rows.view(), counts.positive(), options_, 0, pruning_, threads));
    return;
  }
  std::vector<std::size_t> places(counts.repeated_count());
  std::iota(places.begin(), places.end(), std::size_t{0});
  fit(gather(features, counts.rows_at(places)));
}

std::vector<double> GaussianKDE::log_density(EmbeddingsView queries) const {
  return scoring::log_densities(fitted(state_), queries, parallel::resolve_threads(threads_), "queries");
}

std::vector<double> GaussianKDE::density(EmbeddingsView queries) const {
  return kde::exp_saturating(log_density(queries));
}

void GaussianKDE::set_threads(int threads) { threads_ = parallel::checked_thread_count(threads); }

void GaussianKDE::set_pruning(bool pruning) {
  if (state_ && state_->references.pruning != pruning)
    state_ = kde::with_pruning(*state_, pruning, parallel::resolve_threads(threads_));
  pruning_ = pruning;
}

std::size_t GaussianKDE::size() const { return fitted(state_).references.rows; }
std::size_t GaussianKDE::dimension() const { return fitted(state_).mean.size(); }
std::size_t GaussianKDE::rank() const { return fitted(state_).bw_transform.cols(); }
double GaussianKDE::bandwidth_factor() const { return fitted(state_).bandwidth_factor; }
double GaussianKDE::shrinkage() const { return fitted(state_).shrinkage; }
MatrixView<double> GaussianKDE::bw_transform() const { return fitted(state_).bw_transform; }
std::span<const double> GaussianKDE::mean() const { return fitted(state_).mean; }
Embeddings GaussianKDE::dataset() const { return kde::whitened_rows(fitted(state_).references); }
std::span<const double> GaussianKDE::weights() const { return fitted(state_).references.weights; }
double GaussianKDE::log_norm() const { return fitted(state_).log_norm; }

}  // namespace kernad
