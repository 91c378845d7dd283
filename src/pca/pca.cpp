#include "kernad/pca.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "linalg/finite.hpp"
#include "linalg/moments.hpp"
#include "parallel/parallel_for.hpp"
#include "pca/pca_state.hpp"

namespace kernad {
namespace {

const pca::State& fitted(const std::shared_ptr<const pca::State>& state) {
  if (!state) throw NotFitted("the PCA is not fitted; call fit first");
  return *state;
}

}  // namespace

ComponentCount::ComponentCount(Count count) : count_(static_cast<std::size_t>(count.value)) {
  if (count.value < 1) {
    throw InvalidParameter(fmt::format("a count of components is {}; valid: 1 or more", count.value));
  }
}

ComponentCount::ComponentCount(Share share) : share_(share.value) {
  if (!(share.value > 0 && share.value < 1)) {
    throw InvalidParameter(fmt::format("a share of variance is {}; valid: above 0 and below 1", share.value));
  }
}

PCA::PCA(ComponentCount n_components) : n_components_(n_components) {}

void PCA::fit(EmbeddingsView embeddings) {
  const int threads = parallel::resolve_threads(threads_);
  const linalg::Rows<float> rows(embeddings);
  linalg::ColumnMoments columns;
  if (!embeddings.empty()) columns = linalg::column_moments(rows, threads);
  // A sum of float32 is finite in double unless one of them is not: the pass over the means stands in for a check.
  if (embeddings.empty() || !std::ranges::all_of(columns.mean, [](double x) { return std::isfinite(x); })) {
    linalg::require_finite(embeddings, "embeddings", threads);
  }
  pca::Extras extras;
  extras.columns = &columns;
  state_ = std::make_shared<pca::State>(pca::fit(rows, n_components_, std::move(extras), threads));
}

Embeddings PCA::transform(EmbeddingsView embeddings) const {
  const auto& state = fitted(state_);
  linalg::require_columns(embeddings, state.mean.size(), "embeddings");
  const int threads = parallel::resolve_threads(threads_);
  if (embeddings.rows() != 0) linalg::require_finite(embeddings, "embeddings", threads);
  return linalg::to_float32(pca::project(state, linalg::Rows<float>(embeddings), threads), "PCA features");
}

Embeddings PCA::fit_transform(EmbeddingsView embeddings) {
  fit(embeddings);
  return transform(embeddings);
}

Embeddings PCA::inverse_transform(EmbeddingsView features) const {
  const auto& state = fitted(state_);
  linalg::require_columns(features, num_components(), "features");
  if (features.rows() != 0) linalg::require_finite(features, "features", parallel::resolve_threads(threads_));
  Matrix<double> restored(features.rows(), state.mean.size());
  for (std::size_t i = 0; i < restored.rows(); ++i) {
    const auto feature = features.row(i);
    for (std::size_t d = 0; d < restored.cols(); ++d) {
      double sum = 0;
      for (std::size_t k = 0; k < feature.size(); ++k) {
        sum += static_cast<double>(feature[k]) * state.singular_vectors(d, k);
      }
      restored(i, d) = sum + state.mean[d];
    }
  }
  return linalg::to_float32(restored, "restored embeddings");
}

void PCA::set_threads(int threads) { threads_ = parallel::checked_thread_count(threads); }

std::size_t PCA::num_components() const { return fitted(state_).singular_vectors.cols(); }
MatrixView<double> PCA::singular_vectors() const { return fitted(state_).singular_vectors; }
std::span<const double> PCA::singular_values() const { return fitted(state_).singular_values; }
std::span<const double> PCA::explained_variance_ratio() const { return fitted(state_).explained_variance_ratio; }
std::span<const double> PCA::mean() const { return fitted(state_).mean; }
std::size_t PCA::rank() const { return fitted(state_).rank; }

}  // namespace kernad
