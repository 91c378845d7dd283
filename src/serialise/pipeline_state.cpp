#include "serialise/pipeline_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

#include "kde/bandwidth.hpp"
#include "kernad/error.hpp"
#include "serialise/check_pipeline.hpp"

namespace kernad::serialise {
namespace {

constexpr std::string_view kExact = "kde_model.exact_dataset";

pca::State read_pca(const TensorReader& reader) {
  const auto [dimension, components] = reader.matrix_shape("pca_model.singular_vectors");
  pca::State state;
  state.singular_vectors = reader.matrix("pca_model.singular_vectors", dimension, components);
  state.mean = reader.values("pca_model.mean", dimension);
  if (reader.find("pca_model.num_components") != nullptr) {
    const double stated = reader.scalar("pca_model.num_components");
    if (stated != static_cast<double>(components)) {
      reader.fail("pca_model.num_components", fmt::format("is {}", stated), fmt::format("{}", components));
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
  // One row more than there are components: the density has a residual column.
  if (reader.matrix_shape("kde_model.bw_transform").first == components + 1 && components < dimension) {
    state.residual_dimensions = dimension - components;
  }
  state.projection = pca::make_projection(state);
  return state;
}

/// kernad's log_norm; else the logarithm of anomalib's norm; or, where that has left float32, the sum of the logarithms
/// of its factors, the diagonal of the triangular bw_transform.
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

/// The data set before it was rounded, if the file has it.
Matrix<double> read_exact(const TensorReader& reader, const kde::ReferenceSet& references) {
  if (reader.find(kExact) == nullptr) return {};
  const Matrix<float> dataset = kde::whitened_rows(references);
  Matrix<double> exact = reader.matrix(kExact, dataset.rows(), dataset.cols());
  for (std::size_t i = 0; i < dataset.rows(); ++i) {
    for (std::size_t j = 0; j < dataset.cols(); ++j) {
      if (static_cast<float>(exact(i, j)) == dataset(i, j)) continue;
      reader.fail(kExact, fmt::format("has {} in row {}, column {}", exact(i, j), i, j),
                  fmt::format("what rounds to {}, as in 'kde_model.dataset'", dataset(i, j)));
    }
  }
  return exact;
}

/// The adaptive bandwidths of the rows, if the file has them.
std::vector<double> read_local_factors(const TensorReader& reader, std::size_t rows) {
  constexpr std::string_view kName = "kde_model.local_factors";
  if (reader.find(kName) == nullptr) return {};
  auto factors = reader.values(kName, rows);
  const auto wild = [](double x) { return !(x > 1e-100 && x < 1e100); };
  if (std::any_of(factors.begin(), factors.end(), wild))
    reader.fail(kName, "has a value out of range", "1e-100 to 1e100");
  return factors;
}

/// How much each row counts, if the file says it.
std::vector<double> read_weights(const TensorReader& reader, std::size_t rows) {
  constexpr std::string_view kName = "kde_model.weights";
  if (reader.find(kName) == nullptr) return {};
  if (reader.find("kde_model.local_factors") != nullptr) {
    reader.fail(kName, "is there with 'kde_model.local_factors'", "one of the two");
  }
  auto weights = reader.values(kName, rows);
  const auto [least, most] = std::ranges::minmax(weights);
  // As a fit writes them: no more than 2^-63 of the sum apart, which is 2^32 at most.
  if (!(least >= 0x1p-32 && most <= 0x1p32)) reader.fail(kName, "has a value out of range", "2^-32 to 2^32");
  return weights;
}

kde::State read_kde(const TensorReader& reader, const pca::State& pca, const model::FitSettings& settings,
                    std::optional<bool> tree_pays) {
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
  const auto weights = read_weights(reader, rows);
  state.bandwidth_factor = kde::scott_factor(static_cast<double>(rows), state.dimension);
  state.whitening = kernels::Projection(state.mean, state.bw_transform);
  state.references = kde::make_reference_set(reader.matrix_f32("kde_model.dataset"), settings.pruning, settings.threads,
                                             {read_local_factors(reader, rows), state.dimension}, weights, tree_pays);
  state.references.exact = read_exact(reader, state.references);
  return state;
}

}  // namespace

std::map<std::string, Tensor, std::less<>> pipeline_tensors(const model::Pipeline& pipeline) {
  const auto& [pca, scaling, max_length, kde] = pipeline;
  const std::size_t dimension = pipeline.columns();
  const std::size_t components = pca.singular_vectors.cols();
  const std::size_t features = pca.features();
  const std::size_t rank = kde.bw_transform.cols();
  const auto values = [](const std::vector<double>& x) { return Tensor::from(std::span<const double>(x), {x.size()}); };
  const auto scalar = [](double value) { return Tensor::from(std::span<const double>(&value, 1), {1}); };
  const auto count = static_cast<std::int64_t>(components);
  const Matrix<float> dataset = kde::whitened_rows(kde.references);

  std::map<std::string, Tensor, std::less<>> tensors;
  tensors["pca_model.singular_vectors"] = Tensor::from(pca.singular_vectors.values(), {dimension, components});
  tensors["pca_model.mean"] = values(pca.mean);
  tensors["pca_model.num_components"] = Tensor::from(std::span<const std::int64_t>(&count, 1), {1});
  if (!pca.singular_values.empty()) {
    tensors["pca_model.singular_values"] = values(pca.singular_values);
    tensors["pca_model.explained_variance_ratio"] = values(pca.explained_variance_ratio);
  }
  if (!pca.column_scale.empty()) tensors["pca_model.column_scale"] = values(pca.column_scale);
  tensors["kde_model.bw_transform"] = Tensor::from(kde.bw_transform.values(), {features, rank});
  tensors["kde_model.mean"] = values(kde.mean);
  tensors["kde_model.dataset"] = Tensor::from(dataset.values(), {dataset.rows(), rank});
  // anomalib's norm leaves the range of double for many components; kernad reads log_norm.
  tensors["kde_model.norm"] = scalar(std::clamp(std::exp(kde.log_norm), 0.0, std::numeric_limits<double>::max()));
  tensors["kde_model.log_norm"] = scalar(kde.log_norm);
  tensors["max_length"] = scalar(max_length);
  const auto& exact = kde.references.exact;
  if (!exact.empty()) tensors[std::string(kExact)] = Tensor::from(exact.values(), {exact.rows(), exact.cols()});
  const auto& local = kde.references.adaptive.factors;
  if (!local.empty()) tensors["kde_model.local_factors"] = values(local);
  if (!kde.references.weights.empty()) tensors["kde_model.weights"] = values(kde.references.weights);
  return tensors;
}

model::Pipeline read_pipeline(const TensorReader& reader, FeatureScalingMethod scaling,
                              const model::FitSettings& settings, std::optional<bool> tree_pays) {
  model::Pipeline pipeline;
  pipeline.pca = read_pca(reader);
  pipeline.scaling = scaling;
  pipeline.max_length = reader.scalar("max_length");
  if (!(pipeline.max_length > 0)) {
    reader.fail("max_length", fmt::format("is {}", pipeline.max_length), "above 0");
  }
  pipeline.kde = read_kde(reader, pipeline.pca, settings, tree_pays);
  check_pipeline(pipeline);
  return pipeline;
}

void write_trees(const model::Model& model, Metadata& metadata) {
  for (std::size_t i = 0; i < model.members.size(); ++i) {
    const auto& pays = model.members[i].pipeline->kde.references.tree_pays;
    if (pays) metadata[std::string(kTreeKeys[i])] = *pays ? "yes" : "no";
  }
}

std::optional<bool> read_tree(const Metadata& metadata, std::string_view key) {
  const auto entry = metadata.find(key);
  if (entry == metadata.end()) return std::nullopt;
  if (entry->second != "yes" && entry->second != "no") {
    throw InvalidInput(fmt::format("metadata '{}' is '{}'; valid: yes, no", key, entry->second));
  }
  return entry->second == "yes";
}

}  // namespace kernad::serialise
