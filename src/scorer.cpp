#include "kernad/scorer.hpp"

#include <fmt/format.h>

#include <utility>

#include "kde/kde_state.hpp"
#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"
#include "linalg/finite.hpp"
#include "model/model.hpp"
#include "parallel/parallel_for.hpp"
#include "scoring/batch_scorer.hpp"

namespace kernad {

struct Scorer::Impl {
  Impl(std::shared_ptr<const scoring::Scorable> kept, int threads)
      : fitted(std::move(kept)), batch(*fitted, parallel::resolve_threads(parallel::checked_thread_count(threads))) {}

  std::shared_ptr<const scoring::Scorable> fitted;
  scoring::BatchScorer batch;
};

namespace {

std::shared_ptr<const scoring::Scorable> require_fitted(std::shared_ptr<const scoring::Scorable> fitted) {
  if (!fitted) throw NotFitted("the model is not fitted; call fit or load before making a scorer of it");
  return fitted;
}

}  // namespace

Scorer::Scorer(const KDEClassifier& classifier, int threads)
    : impl_(std::make_unique<Impl>(require_fitted(classifier.model_), threads)) {}

Scorer::Scorer(const GaussianKDE& density, int threads)
    : impl_(std::make_unique<Impl>(require_fitted(density.state_), threads)) {}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

void Scorer::log_density(EmbeddingsView rows, std::span<double> out) {
  linalg::require_columns(rows, columns(), "rows");
  if (out.size() != rows.rows()) {
    throw InvalidParameter(
        fmt::format("out has {} values for {} rows; there must be one for each", out.size(), rows.rows()));
  }
  impl_->batch.score(rows, out.data());
}

double Scorer::log_density(std::span<const float> row) {
  double result = 0;
  log_density(EmbeddingsView(row.data(), 1, row.size()), std::span(&result, 1));
  return result;
}

std::size_t Scorer::columns() const noexcept { return impl_->fitted->columns(); }

}  // namespace kernad
