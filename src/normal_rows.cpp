#include "normal_rows.hpp"

#include <fmt/format.h>

#include <vector>

#include "kernad/error.hpp"
#include "kernad/kde_classifier.hpp"
#include "linalg/finite.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace {

void append(std::vector<double>& to, const std::vector<double>& values) {
  to.insert(to.end(), values.begin(), values.end());
}

void drop(std::vector<double>& values, std::span<const std::uint8_t> kept) {
  if (values.empty()) return;
  std::size_t count = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != 0) values[count++] = values[i];
  }
  values.resize(count);
}

void add_to(model::HeldOut& scores, const model::HeldOut& block) {
  append(scores.log_densities, block.log_densities);
  append(scores.distances, block.distances);
  append(scores.residuals, block.residuals);
}

}  // namespace

NormalRows::NormalRows(const KDEClassifier& classifier) {
  (void)classifier.report();  // throws if there is no model
  impl_ = std::make_unique<Impl>(classifier.model_, parallel::resolve_threads(classifier.threads_));
}

NormalRows::~NormalRows() = default;
NormalRows::NormalRows(NormalRows&&) noexcept = default;
NormalRows& NormalRows::operator=(NormalRows&&) noexcept = default;

void NormalRows::add(EmbeddingsView rows) {
  linalg::require_columns(rows, impl_->model->columns(), "features");
  const model::ShiftedRows shifted(rows, impl_->model->shift, impl_->threads);
  add_to(impl_->scores, model::hold_out(*impl_->model, impl_->residual, shifted.view(), impl_->threads));
}

void NormalRows::add_doubles(MatrixView<double> rows) {
  linalg::require_columns(rows, impl_->model->columns(), "features");
  const model::ShiftedRows shifted(rows, impl_->model->shift, impl_->threads);
  add_to(impl_->scores, model::hold_out(*impl_->model, impl_->residual, shifted.view(), impl_->threads));
}

std::size_t NormalRows::size() const noexcept { return impl_->scores.log_densities.size(); }

void NormalRows::keep(std::span<const std::uint8_t> kept) {
  if (kept.size() != size()) {
    throw InvalidParameter(fmt::format("{} marks for {} rows; one a row is needed", kept.size(), size()));
  }
  drop(impl_->scores.log_densities, kept);
  drop(impl_->scores.distances, kept);
  drop(impl_->scores.residuals, kept);
}

}  // namespace kernad
