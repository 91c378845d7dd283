#include "serialise/residual_state.hpp"

#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernad::serialise {
namespace {

constexpr std::string_view kLine = "residual.line";

}  // namespace

void write_residual_judge(const model::Model& model, StateDict& dict) {
  if (!model.residual_judge) return;
  const std::vector<double> values = {model.residual_judge->line.at, model.residual_judge->line.slope};
  dict.tensors[std::string(kLine)] = Tensor::from(std::span<const double>(values), {values.size()});
}

void read_residual_judge(const TensorReader& reader, model::Model& model) {
  if (reader.find(kLine) == nullptr || !model.calibration) return;
  const auto values = reader.values(kLine, 2);
  if (!(std::abs(values[0]) < 1e150 && values[1] > 0 && values[1] < 1e250)) {
    reader.fail(kLine, "has a value out of range", "a log-density, and a slope above 0");
  }
  auto residual = model::residual_of(model);
  if (!residual) reader.fail(kLine, "belongs to no axes", "only where the densities leave out a part of a row");
  model.residual_judge = model::ResidualJudge{std::move(residual), {values[0], values[1]}};
}

}  // namespace kernad::serialise
