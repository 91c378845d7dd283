#include "kernad/scorer.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "kde/batch_scorer.hpp"
#include "kde/feature_scorer.hpp"
#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"
#include "linalg/finite.hpp"
#include "model/pipeline_scorer.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace {

using PipelineBatch = kde::BatchScorer<model::PipelineScorer>;
using FeatureBatch = kde::BatchScorer<kde::FeatureScorer>;

template <typename State>
std::shared_ptr<const State> state_of(const std::shared_ptr<const State>& state) {
  if (!state) throw NotFitted("the model is not fitted; call fit or load before making a scorer of it");
  return state;
}

int thread_count(int threads) { return parallel::resolve_threads(parallel::checked_thread_count(threads)); }

}  // namespace

struct Scorer::Impl {
  template <typename Batch, typename State>
  Impl(std::in_place_type_t<Batch> type, std::shared_ptr<const State> kept, typename Batch::Model model,
       std::size_t row_columns, int threads)
      : state(std::move(kept)), columns(row_columns), batch(type, model, threads) {}

  std::shared_ptr<const void> state;  // keeps what batch looks at
  std::size_t columns;
  std::variant<PipelineBatch, FeatureBatch> batch;
};

Scorer::Scorer(const KDEClassifier& classifier, int threads) {
  const auto state = state_of(classifier.state_);
  const model::PipelineScorer::Model model{state.get(), classifier.options_.feature_scaling_method};
  impl_ = std::make_unique<Impl>(std::in_place_type<PipelineBatch>, state, model, state->pca.mean.size(),
                                 thread_count(threads));
}

Scorer::Scorer(const GaussianKDE& density, int threads) {
  const auto state = state_of(density.state_);
  const kde::FeatureScorer::Model model{state.get()};
  impl_ =
      std::make_unique<Impl>(std::in_place_type<FeatureBatch>, state, model, state->mean.size(), thread_count(threads));
}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

void Scorer::log_density(EmbeddingsView rows, std::span<double> out) {
  linalg::require_columns(rows, impl_->columns, "rows");
  if (out.size() != rows.rows()) {
    throw InvalidParameter(
        fmt::format("out has {} places for {} rows; there must be one for each", out.size(), rows.rows()));
  }
  std::visit([&](auto& batch) { batch.score(rows, out.data()); }, impl_->batch);
}

double Scorer::log_density(std::span<const float> row) {
  double result = 0;
  log_density(EmbeddingsView(row.data(), 1, row.size()), std::span(&result, 1));
  return result;
}

std::size_t Scorer::columns() const noexcept { return impl_->columns; }

}  // namespace kernad
