#include "kernad/gaussian_kde.hpp"

#include <algorithm>
#include <cmath>

#include "kde/kde_state.hpp"
#include "linalg/finite.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace {

const kde::State& fitted(const std::shared_ptr<const kde::State>& state) {
  if (!state) throw NotFitted("the density is not fitted; call fit first");
  return *state;
}

}  // namespace

void GaussianKDE::fit(EmbeddingsView features) {
  const int threads = parallel::resolve_threads(threads_);
  linalg::require_finite(features, "features", threads);
  state_ = std::make_shared<kde::State>(kde::fit(features, threads));
}

std::vector<double> GaussianKDE::log_density(EmbeddingsView queries) const {
  const auto& state = fitted(state_);
  linalg::require_columns(queries, state.mean.size(), "queries");
  const int threads = parallel::resolve_threads(threads_);
  if (queries.rows() != 0) linalg::require_finite(queries, "queries", threads);
  std::vector<double> result(queries.rows());
  const auto& kernels = kernels::active();
  const std::size_t blocks = (queries.rows() + kde::kBlockQueries - 1) / kde::kBlockQueries;
  parallel::parallel_for(blocks, threads, [&](std::size_t block, std::size_t) {
    const std::size_t begin = block * kde::kBlockQueries;
    const std::size_t n = std::min(kde::kBlockQueries, queries.rows() - begin);
    const std::size_t stride = state.whitening.output_stride();
    kernels::AlignedVector<double> whitened(n * stride);
    kernels::AlignedVector<double> scratch(state.whitening.scratch_size());
    state.whitening.apply(kernels, queries.middle_rows(begin, n), whitened.data(), scratch.data());
    kde::BlockScorer(state).score(kernels, whitened.data(), stride, n, result.data() + begin);
  });
  return result;
}

std::vector<double> GaussianKDE::density(EmbeddingsView queries) const {
  return kde::exp_saturating(log_density(queries));
}

void GaussianKDE::set_threads(int threads) { threads_ = parallel::checked_thread_count(threads); }

std::size_t GaussianKDE::size() const { return fitted(state_).dataset.count; }
std::size_t GaussianKDE::dimension() const { return fitted(state_).mean.size(); }
std::size_t GaussianKDE::rank() const { return fitted(state_).bw_transform.cols(); }
double GaussianKDE::bandwidth_factor() const { return fitted(state_).bandwidth_factor; }
MatrixView<double> GaussianKDE::bw_transform() const { return fitted(state_).bw_transform; }
std::span<const double> GaussianKDE::mean() const { return fitted(state_).mean; }
Embeddings GaussianKDE::dataset() const { return kernels::unpack_references(fitted(state_).dataset); }
double GaussianKDE::log_norm() const { return fitted(state_).log_norm; }

}  // namespace kernad
