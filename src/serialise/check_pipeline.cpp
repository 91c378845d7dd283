#include "serialise/check_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "kernad/error.hpp"
#include "linalg/log_volume.hpp"
#include "linalg/sum_of.hpp"

namespace kernad::serialise {
namespace {

double root_sum_of_squares(std::span<const double> values) {
  const double plain = linalg::sum_of(values.size(), [&](std::size_t i) { return values[i] * values[i]; });
  if (plain > 1e-250 && plain < 1e250) return std::sqrt(plain);
  double largest = 0;
  for (const double x : values) largest = std::max(largest, std::abs(x));
  if (largest == 0) return 0;
  double sum = 0;
  for (const double x : values) sum += (x / largest) * (x / largest);
  return largest * std::sqrt(sum);
}

/// Scores are finite for every finite query as long as no whitened query can leave double's range when squared. A
/// fitted model is far from that; a forged or broken file may not be.
void check_range(const model::Pipeline& pipeline) {
  const auto& [pca, scaling, max_length, kde] = pipeline;
  const double query =
      static_cast<double>(std::numeric_limits<float>::max()) * std::sqrt(static_cast<double>(pca.mean.size()));
  const auto largest_scale = std::max_element(pca.column_scale.begin(), pca.column_scale.end());
  const double residual = pca.residual_dimensions == 0              ? 0
                          : largest_scale != pca.column_scale.end() ? *largest_scale
                                                                    : 1;
  const double projected = (query + root_sum_of_squares(pca.mean)) *
                           std::hypot(root_sum_of_squares(pca.singular_vectors.values()), residual);
  const double scaled = scaling == FeatureScalingMethod::norm ? 1 : projected / max_length;
  const double whitened = (scaled + root_sum_of_squares(kde.mean)) * root_sum_of_squares(kde.bw_transform.values());
  if (!(projected < 1e150 && whitened < 1e150)) {
    throw InvalidInput("the state's tensors scale a large but finite query beyond double; it is no fitted classifier");
  }
}

void check_axes(const pca::State& pca) {
  for (std::size_t k = 0; k < pca.singular_vectors.cols(); ++k) {
    std::size_t zeros = 0;
    while (zeros < pca.singular_vectors.rows() && pca.singular_vectors(zeros, k) == 0) ++zeros;
    if (zeros == pca.singular_vectors.rows())
      throw InvalidInput(fmt::format("tensor 'pca_model.singular_vectors': column {} is all zeros", k));
  }
  // No column of float32 has a standard deviation of 1e39; a smaller scale would explain rows by infinite values.
  if (std::any_of(pca.column_scale.begin(), pca.column_scale.end(), [](double x) { return !(x >= 1e-39); })) {
    throw InvalidInput("tensor 'pca_model.column_scale' has a value that is not above 1e-39");
  }
  const auto negative = [](double x) { return x < 0; };
  if (std::any_of(pca.singular_values.begin(), pca.singular_values.end(), negative)) {
    throw InvalidInput("tensor 'pca_model.singular_values' has a negative value");
  }
  const auto no_share = [](double x) { return x < 0 || x > 1 + 1e-9; };
  if (std::any_of(pca.explained_variance_ratio.begin(), pca.explained_variance_ratio.end(), no_share)) {
    throw InvalidInput("tensor 'pca_model.explained_variance_ratio' has a value outside 0 to 1");
  }
}

void check_whitening(const kde::State& kde) {
  const double volume = linalg::log_volume(kde.bw_transform);
  if (!std::isfinite(volume)) {
    throw InvalidInput("tensor 'kde_model.bw_transform' is singular: its columns do not span a direction each");
  }
  const std::size_t rank = kde.bw_transform.cols();
  double expected = volume - 0.5 * static_cast<double>(kde.dimension) * std::log(2 * std::numbers::pi);
  if (kde.dimension > rank) {  // the last column stands for several directions
    expected +=
        static_cast<double>(kde.dimension - rank) * std::log(kde.bw_transform(kde.bw_transform.rows() - 1, rank - 1));
  }
  // In a float32 state the norm has been rounded k times; a hundredth of a nat is far above that, and below what
  // matters.
  if (std::abs(kde.log_norm - expected) > 0.01 + 1e-6 * std::abs(expected)) {
    throw InvalidInput(fmt::format("the density's constant is {} by its tensor, but {} by 'kde_model.bw_transform'",
                                   kde.log_norm, expected));
  }
}

/// Where the last column of the features is a residual, the whitening must not mix it with others.
void check_residual(const model::Pipeline& pipeline) {
  if (pipeline.pca.residual_dimensions == 0) return;
  const auto& whitening = pipeline.kde.bw_transform;
  const std::size_t last_row = whitening.rows() - 1;
  const std::size_t last_column = whitening.cols() - 1;
  const bool kept = whitening(last_row, last_column) > 0;
  for (std::size_t j = 0; j < whitening.cols(); ++j) {
    if (whitening(last_row, j) != 0 && !(kept && j == last_column)) {
      throw InvalidInput("tensor 'kde_model.bw_transform' mixes the residual, its last row, with principal components");
    }
  }
  for (std::size_t i = 0; kept && i < last_row; ++i) {
    if (whitening(i, last_column) != 0) {
      throw InvalidInput(
          "tensor 'kde_model.bw_transform' mixes principal components into the residual, its last column");
    }
  }
}

}  // namespace

void check_pipeline(const model::Pipeline& pipeline) {
  check_axes(pipeline.pca);
  check_residual(pipeline);
  check_range(pipeline);
  check_whitening(pipeline.kde);
}

}  // namespace kernad::serialise
