#include "serialise/subspace_state.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kernad/error.hpp"
#include "serialise/tail_state.hpp"

namespace kernad::serialise {
namespace {

constexpr std::string_view kMean = "subspace.mean";
constexpr std::string_view kScale = "subspace.scale";
constexpr std::string_view kLargest = "subspace.largest";
constexpr std::string_view kAxes = "subspace.axes";
constexpr std::string_view kNoise = "subspace.noise";
constexpr std::string_view kDensities = "subspace.density_tail";
constexpr std::string_view kInsides = "subspace.inside_tail";

Tensor vector_tensor(const std::vector<double>& values) {
  return Tensor::from(std::span<const double>(values), {values.size()});
}

/// Finite distances of finite rows: every factor within a range that no fit leaves.
void check_range(const TensorReader& reader, std::string_view name, std::span<const double> values, double smallest) {
  if (std::ranges::any_of(values, [&](double x) { return !(x >= smallest && x < 1e50); })) {
    reader.fail(name, "has a value out of range", "values within what a fit gives");
  }
}

}  // namespace

void write_subspace(const model::Model& model, StateDict& dict) {
  if (!model.subspace) return;
  const auto& [mean, scale, largest, axes, noise] = *model.subspace;
  dict.tensors[std::string(kMean)] = vector_tensor(mean);
  dict.tensors[std::string(kScale)] = vector_tensor(scale);
  dict.tensors[std::string(kLargest)] = vector_tensor(largest);
  if (!axes.empty()) {
    dict.tensors[std::string(kAxes)] = Tensor::from(axes.values(), {axes.rows(), axes.cols()});
    dict.tensors[std::string(kNoise)] = vector_tensor({noise});
  }
  if (!model.judge) return;
  dict.tensors[std::string(kDensities)] = vector_tensor(model.judge->densities.log_densities());
  dict.tensors[std::string(kInsides)] = vector_tensor(model.judge->insides.log_densities());
}

void read_subspace(const TensorReader& reader, model::Model& model) {
  if (reader.find(kMean) == nullptr) return;
  const std::size_t columns = model.columns();
  auto subspace = std::make_shared<subspace::Subspace>();
  subspace->mean = reader.values(kMean, columns);
  subspace->scale = reader.values(kScale, columns);
  subspace->largest = reader.values(kLargest, columns);
  check_range(reader, kScale, subspace->scale, 1e-50);
  check_range(reader, kLargest, subspace->largest, 0);
  if (reader.find(kAxes) != nullptr) {
    const std::size_t count = reader.matrix_shape(kAxes).first;
    subspace->axes = reader.matrix(kAxes, count, columns);
    subspace->noise = reader.scalar(kNoise);
    check_range(reader, kNoise, std::span(&subspace->noise, 1), 0);
    if (std::ranges::any_of(subspace->axes.values(), [](double x) { return std::abs(x) > 1 + 1e-9; })) {
      reader.fail(kAxes, "has a value beyond 1", "orthonormal rows");
    }
  }
  if (reader.find(kDensities) != nullptr && model.calibration) {
    model::SubspaceJudge judge;
    judge.densities = read_tail(reader, kDensities);
    judge.insides = read_tail(reader, kInsides);
    model.judge = std::move(judge);
  }
  model.subspace = std::move(subspace);
}

}  // namespace kernad::serialise
