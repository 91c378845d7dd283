#include "kernad/scorer.hpp"

#include <fmt/format.h>

#include <utility>

#include "kde/kde_state.hpp"
#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/kde_classifier.hpp"
#include "linalg/finite.hpp"
#include "model/column_shift.hpp"
#include "model/model.hpp"
#include "parallel/parallel_for.hpp"
#include "scoring/batch_scorer.hpp"

namespace kernad {

struct Scorer::Impl {
  Impl(std::shared_ptr<const scoring::Scorable> kept, std::span<const double> taken_off, int threads)
      : fitted(std::move(kept)),
        shift(taken_off),
        batch(*fitted, parallel::resolve_threads(parallel::checked_thread_count(threads))) {}

  template <typename T>
  void score(MatrixView<T> rows, std::span<double> out) {
    linalg::require_columns(rows, fitted->columns(), "rows");
    if (out.size() != rows.rows()) {
      throw InvalidParameter(
          fmt::format("out has {} values for {} rows; there must be one for each", out.size(), rows.rows()));
    }
    batch.score(model::ShiftedRows(rows, shift, 1).view(), out.data());
  }

  std::shared_ptr<const scoring::Scorable> fitted;
  std::span<const double> shift;  // of what is fitted
  scoring::BatchScorer batch;
};

namespace {

std::shared_ptr<const scoring::Scorable> require_fitted(std::shared_ptr<const scoring::Scorable> fitted) {
  if (!fitted) throw NotFitted("the model is not fitted; call fit or load before making a scorer of it");
  return fitted;
}

std::span<const double> shift_of(const std::shared_ptr<const model::Model>& model) {
  return model ? model->shift : std::span<const double>();
}

}  // namespace

Scorer::Scorer(const KDEClassifier& classifier, int threads)
    : impl_(std::make_unique<Impl>(require_fitted(classifier.model_), shift_of(classifier.model_), threads)) {}

Scorer::Scorer(const GaussianKDE& density, int threads)
    : impl_(std::make_unique<Impl>(require_fitted(density.state_), std::span<const double>(), threads)) {}

Scorer::~Scorer() = default;
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;

void Scorer::log_density(EmbeddingsView rows, std::span<double> out) { impl_->score(rows, out); }

void Scorer::log_density_of_doubles(MatrixView<double> rows, std::span<double> out) { impl_->score(rows, out); }

double Scorer::log_density(std::span<const float> row) {
  double result = 0;
  log_density(EmbeddingsView(row.data(), 1, row.size()), std::span(&result, 1));
  return result;
}

std::size_t Scorer::columns() const noexcept { return impl_->fitted->columns(); }

}  // namespace kernad
