// Standalone PCA and GaussianKDE as tensors, and back.
#include <memory>
#include <utility>

#include "kde/kde_state.hpp"
#include "kernad/error.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/pca.hpp"
#include "parallel/parallel_for.hpp"
#include "pca/pca_state.hpp"
#include "serialise/pipeline_state.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad {
namespace {

constexpr const char* kRank = "pca_model.rank";
constexpr const char* kBandwidth = "kde_model.bandwidth_factor";
constexpr const char* kShrinkage = "kde_model.shrinkage";

Tensor number(double value) { return Tensor::from(std::span<const double>(&value, 1), {1}); }

/// The components that leave features as they are.
pca::State identity(std::size_t columns) {
  pca::State state;
  state.singular_vectors = Matrix<double>(columns, columns);
  for (std::size_t j = 0; j < columns; ++j) state.singular_vectors(j, j) = 1;
  state.mean.assign(columns, 0);
  state.rank = columns;
  state.projection = pca::make_projection(state);
  return state;
}

}  // namespace

StateDict PCA::state_dict() const {
  const auto values = [](std::span<const double> x) { return Tensor::from(x, {x.size()}); };
  const MatrixView<double> vectors = singular_vectors();
  StateDict dict;
  dict.tensors["pca_model.singular_vectors"] =
      Tensor::from(state_->singular_vectors.values(), {vectors.rows(), vectors.cols()});
  dict.tensors["pca_model.mean"] = values(mean());
  dict.tensors["pca_model.singular_values"] = values(singular_values());
  dict.tensors["pca_model.explained_variance_ratio"] = values(explained_variance_ratio());
  dict.tensors[kRank] = number(static_cast<double>(rank()));
  return dict;
}

void PCA::load_state_dict(const StateDict& state) {
  const serialise::TensorReader reader(state);
  const auto [dimension, components] = reader.matrix_shape("pca_model.singular_vectors");
  pca::State loaded;
  loaded.singular_vectors = reader.matrix("pca_model.singular_vectors", dimension, components);
  loaded.mean = reader.values("pca_model.mean", dimension);
  loaded.singular_values = reader.values("pca_model.singular_values", components);
  loaded.explained_variance_ratio = reader.values("pca_model.explained_variance_ratio", components);
  const double rank = reader.scalar(kRank);
  const auto most = static_cast<double>(dimension);
  if (!(rank >= static_cast<double>(components) && rank <= most)) reader.fail(kRank, "is out of range", "k to D");
  loaded.rank = static_cast<std::size_t>(rank);
  loaded.projection = pca::make_projection(loaded);
  state_ = std::make_shared<pca::State>(std::move(loaded));
}

StateDict GaussianKDE::state_dict() const {
  const std::size_t columns = dimension();  // throws NotFitted
  StateDict dict;
  dict.tensors = serialise::pipeline_tensors({identity(columns), FeatureScalingMethod::scale, 1, *state_});
  dict.tensors[kBandwidth] = number(bandwidth_factor());
  dict.tensors[kShrinkage] = number(shrinkage());
  return dict;
}

void GaussianKDE::load_state_dict(const StateDict& state) {
  const serialise::TensorReader reader(state);
  const int threads = parallel::resolve_threads(threads_);
  auto pipeline =
      serialise::read_pipeline(reader, FeatureScalingMethod::scale, {.pruning = pruning_, .threads = threads});
  pipeline.kde.bandwidth_factor = reader.scalar(kBandwidth);
  pipeline.kde.shrinkage = reader.scalar(kShrinkage);
  state_ = std::make_shared<kde::State>(std::move(pipeline.kde));
}

}  // namespace kernad
