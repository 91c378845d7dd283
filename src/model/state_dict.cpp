#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

#include "calibration/calibration_state.hpp"
#include "committee/committee_state.hpp"
#include "kde/bandwidth.hpp"
#include "kernad/error.hpp"
#include "model/check_state.hpp"
#include "model/estimation.hpp"
#include "model/metadata.hpp"
#include "model/model_state.hpp"
#include "model/tensor_reader.hpp"

namespace kernad::model {
namespace {

pca::State read_pca(const TensorReader& reader) {
  const auto [dimension, components] = reader.matrix_shape("pca_model.singular_vectors");
  pca::State state;
  state.singular_vectors = reader.matrix("pca_model.singular_vectors", dimension, components);
  state.mean = reader.values("pca_model.mean", dimension);
  if (reader.find("pca_model.num_components") != nullptr) {
    const double told = reader.scalar("pca_model.num_components");
    if (told != static_cast<double>(components)) {
      reader.fail("pca_model.num_components", fmt::format("is {}", told), fmt::format("{}", components));
    }
  }
  for (const auto& [name, values] :
       {std::pair{"pca_model.singular_values", &state.singular_values},
        std::pair{"pca_model.explained_variance_ratio", &state.explained_variance_ratio}}) {
    if (reader.find(name) != nullptr) *values = reader.values(name, components);
  }
  state.rank = components;
  if (reader.find("pca_model.column_scale") != nullptr) {
    state.column_scale = reader.values("pca_model.column_scale", dimension);
  }
  // One row more than components: the density has a column for what the components leave out.
  if (reader.matrix_shape("kde_model.bw_transform").first == components + 1 && components < dimension) {
    state.residual_dimensions = dimension - components;
  }
  state.projection = pca::make_projection(state);
  return state;
}

/// kernad's log_norm; else the logarithm of the reference's norm, and where that has left float32, of what it is the
/// product of: the diagonal of the triangular bw_transform.
double read_log_norm(const TensorReader& reader, const Matrix<double>& bw_transform) {
  const double norm = reader.any_values("kde_model.norm", 1)[0];
  if (std::isnan(norm) || norm < 0) reader.fail("kde_model.norm", fmt::format("is {}", norm), "0 or more");
  if (reader.find("kde_model.log_norm") != nullptr) return reader.scalar("kde_model.log_norm");
  if (norm > 0 && std::isfinite(norm)) return std::log(norm);
  double log_norm = -0.5 * static_cast<double>(bw_transform.cols()) * std::log(2 * std::numbers::pi);
  for (std::size_t j = 0; j < std::min(bw_transform.rows(), bw_transform.cols()); ++j) {
    log_norm += std::log(std::abs(bw_transform(j, j)));
  }
  if (!std::isfinite(log_norm))
    reader.fail("kde_model.bw_transform", "has a 0 on its diagonal", "an invertible matrix");
  return log_norm;
}

Matrix<float> read_dataset(const TensorReader& reader, std::size_t rows, std::size_t rank) {
  constexpr std::string_view kName = "kde_model.dataset";
  const Matrix<double> values = reader.matrix(kName, rows, rank);
  Matrix<float> dataset(rows, rank);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rank; ++j) {
      if (std::abs(values(i, j)) > static_cast<double>(std::numeric_limits<float>::max())) {
        reader.fail(kName, fmt::format("has {} in row {}, column {}", values(i, j), i, j), "values within float32");
      }
      dataset(i, j) = static_cast<float>(values(i, j));
    }
  }
  return dataset;
}

/// Each row's own width, if the file has them.
std::vector<double> read_local_factors(const TensorReader& reader, std::size_t rows) {
  constexpr std::string_view kName = "kde_model.local_factors";
  if (reader.find(kName) == nullptr) return {};
  auto factors = reader.values(kName, rows);
  const auto wild = [](double x) { return !(x > 1e-100 && x < 1e100); };
  if (std::any_of(factors.begin(), factors.end(), wild))
    reader.fail(kName, "has a value out of range", "1e-100 to 1e100");
  return factors;
}

kde::State read_kde(const TensorReader& reader, const pca::State& pca, bool pruning, int threads) {
  const std::size_t features = pca.features();
  const auto [rows, rank] = reader.matrix_shape("kde_model.dataset");
  kde::State state;
  state.bw_transform = reader.matrix("kde_model.bw_transform", features, rank);
  state.mean = reader.find("kde_model.mean") != nullptr ? reader.values("kde_model.mean", features)
                                                        : std::vector<double>(features);
  state.dimension = rank;
  if (pca.residual_dimensions != 0 && state.bw_transform(features - 1, rank - 1) != 0) {
    state.dimension += pca.residual_dimensions - 1;
  }
  state.log_norm = read_log_norm(reader, state.bw_transform);
  state.bandwidth_factor = kde::scott_factor(rows, state.dimension);
  state.whitening = kernels::Projection(state.mean, state.bw_transform);
  state.references = kde::make_reference_set(read_dataset(reader, rows, rank), pruning, threads,
                                             {read_local_factors(reader, rows), state.dimension});
  return state;
}

FitReport report_from_shapes(const State& state) {
  FitReport report;
  report.rows_seen = report.rows_used = state.kde.references.rows;
  report.columns = state.pca.mean.size();
  report.rank = report.components = state.pca.singular_vectors.cols();
  report.kde_rank = state.kde.dimension;
  report.bandwidth_factor = state.kde.bandwidth_factor;
  report.max_length = state.max_length;
  return report;
}

}  // namespace

StateDict to_state_dict(const State& state, const KDEClassifierOptions& options) {
  const std::size_t dimension = state.pca.mean.size();
  const std::size_t components = state.pca.singular_vectors.cols();
  const std::size_t features = state.pca.features();
  const std::size_t rank = state.kde.bw_transform.cols();
  const auto scalar = [](double value) { return Tensor::from(std::span<const double>(&value, 1), {1}); };
  const auto count = static_cast<std::int64_t>(components);
  const Matrix<float> dataset = kde::whitened_rows(state.kde.references);

  StateDict dict;
  auto& tensors = dict.tensors;
  tensors["pca_model.singular_vectors"] = Tensor::from(state.pca.singular_vectors.values(), {dimension, components});
  tensors["pca_model.mean"] = Tensor::from(std::span<const double>(state.pca.mean), {dimension});
  tensors["pca_model.num_components"] = Tensor::from(std::span<const std::int64_t>(&count, 1), {1});
  if (!state.pca.singular_values.empty()) {
    tensors["pca_model.singular_values"] =
        Tensor::from(std::span<const double>(state.pca.singular_values), {components});
    tensors["pca_model.explained_variance_ratio"] =
        Tensor::from(std::span<const double>(state.pca.explained_variance_ratio), {components});
  }
  if (!state.pca.column_scale.empty()) {
    tensors["pca_model.column_scale"] = Tensor::from(std::span<const double>(state.pca.column_scale), {dimension});
  }
  tensors["kde_model.bw_transform"] = Tensor::from(state.kde.bw_transform.values(), {features, rank});
  tensors["kde_model.mean"] = Tensor::from(std::span<const double>(state.kde.mean), {features});
  tensors["kde_model.dataset"] = Tensor::from(dataset.values(), {dataset.rows(), rank});
  // The reference's norm leaves double's range at many components; log_norm is what kernad reads.
  tensors["kde_model.norm"] = scalar(std::clamp(std::exp(state.kde.log_norm), 0.0, std::numeric_limits<double>::max()));
  tensors["kde_model.log_norm"] = scalar(state.kde.log_norm);
  tensors["max_length"] = scalar(state.max_length);
  dict.metadata = to_metadata(options, state.report);
  const auto& local = state.kde.references.adaptive.factors;
  if (!local.empty()) tensors["kde_model.local_factors"] = Tensor::from(std::span<const double>(local), {local.size()});
  if (state.pca.residual_dimensions != 0 || !local.empty())
    dict.metadata["format_version"] = fmt::format("{}", kEstimationVersion);
  calibration::write(state, dict);
  if (state.committee) committee::write(*state.committee, options, dict);
  return dict;
}

Loaded from_state_dict(const StateDict& dict, const KDEClassifierOptions& defaults, bool pruning, int threads) {
  check_format_version(dict.metadata);
  const TensorReader reader(dict);
  Loaded loaded{options_from(dict.metadata, defaults), {}};
  loaded.options.automatic = loaded.options.automatic || committee::stored_in(reader);
  loaded.state.pca = read_pca(reader);
  const std::size_t components = loaded.state.pca.singular_vectors.cols();
  if (!dict.metadata.contains("n_pca_components") && !loaded.options.automatic) {
    loaded.options.n_pca_components = components;
  }
  loaded.state.max_length = reader.scalar("max_length");
  if (!(loaded.state.max_length > 0)) {
    reader.fail("max_length", fmt::format("is {}", loaded.state.max_length), "above 0");
  }
  loaded.state.kde = read_kde(reader, loaded.state.pca, pruning, threads);
  check_state(loaded.state, loaded.options.feature_scaling_method);
  loaded.state.report = report_from_shapes(loaded.state);
  read_report(dict.metadata, loaded.state.report);
  loaded.state.kde.bandwidth_factor = loaded.state.report.bandwidth_factor;
  loaded.state.kde.shrinkage = loaded.state.report.shrinkage;
  loaded.state.kde.loo_log_likelihood = loaded.state.report.loo_log_likelihood;
  if (!dict.metadata.contains("feature_scaling_method")) {
    loaded.state.report.notes.push_back(
        fmt::format("the file does not tell the feature scaling method; '{}' is assumed",
                    to_string(loaded.options.feature_scaling_method)));
  }
  loaded.state.pca.rank = loaded.state.report.rank;
  calibration::read(reader.find("calibration.log_densities"), dict, loaded.state);
  if (loaded.options.automatic) {
    loaded.state.committee = committee::read(reader, loaded.options, loaded.state.pca.mean.size(), pruning, threads);
  }
  return loaded;
}

}  // namespace kernad::model
