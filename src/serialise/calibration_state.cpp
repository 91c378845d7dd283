#include "serialise/calibration_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "kernad/error.hpp"
#include "serialise/metadata.hpp"

namespace kernad::serialise {
namespace {

constexpr const char* kTensor = "calibration.log_densities";
constexpr const char* kFolds = "calibration_folds";
constexpr const char* kRule = "threshold_rule";
constexpr const char* kValue = "threshold_value";

Calibration calibration_from(const Tensor& tensor, const StateDict& dict) {
  if (tensor.shape.size() != 1 || tensor.size() == 0) {
    throw InvalidInput(fmt::format("tensor '{}' has shape [{}]; expected: one dimension, not 0", kTensor,
                                   fmt::join(tensor.shape, ", ")));
  }
  const auto values = tensor.to_f64();
  // Calibration refuses what is not finite; sorting here would hide a file that no classifier wrote.
  if (!std::is_sorted(values.begin(), values.end())) {
    throw InvalidInput(fmt::format("tensor '{}' is not sorted; expected: ascending values", kTensor));
  }
  std::size_t folds = 0;
  if (dict.metadata.contains(kFolds)) folds = number_in<std::size_t>(dict.metadata, kFolds, "a whole number");
  if (folds == 1 || folds > values.size()) {
    throw InvalidInput(
        fmt::format("metadata '{}' is {} for {} rows; valid: 0, or 2 to the rows", kFolds, folds, values.size()));
  }
  try {
    return Calibration(values, folds);
  } catch (const InvalidInput& error) {
    throw InvalidInput(fmt::format("tensor '{}': {}", kTensor, error.what()));
  }
}

Threshold threshold_from(const std::string& rule, double value, const std::optional<Calibration>& calibration) {
  if (rule == "target_fpr") {
    if (!calibration)
      throw InvalidInput(fmt::format("tensor '{}' is missing for 'threshold_rule' target_fpr", kTensor));
    return Threshold::at_target_fpr(value, *calibration);
  }
  if (rule == "log_density") return Threshold::at_log_density(value);
  if (rule == "probability") return Threshold::at_probability(value);
  if (rule == "f1_max") {
    Threshold threshold = Threshold::at_log_density(value);
    threshold.rule = ThresholdRule::f1_max;
    return threshold;
  }
  throw InvalidInput(
      fmt::format("metadata '{}' is '{}'; valid: target_fpr, log_density, probability, f1_max", kRule, rule));
}

}  // namespace

void write_calibration(const model::Model& model, StateDict& dict) {
  if (model.calibration) {
    dict.tensors[kTensor] = Tensor::from(model.calibration->log_densities(), {model.calibration->size()});
    dict.metadata[kFolds] = fmt::format("{}", model.calibration->folds());
  }
  if (model.threshold) {
    dict.metadata[kRule] = std::string(to_string(model.threshold->rule));
    dict.metadata[kValue] = fmt::format("{}", model.threshold->value);
  }
}

void read_calibration(const TensorReader& reader, const StateDict& dict, model::Model& model) {
  if (const Tensor* log_densities = reader.find(kTensor)) model.calibration = calibration_from(*log_densities, dict);
  const auto rule = dict.metadata.find(kRule);
  if (rule == dict.metadata.end()) return;
  try {
    model.threshold =
        threshold_from(rule->second, number_in<double>(dict.metadata, kValue, "a number"), model.calibration);
  } catch (const InvalidParameter& error) {
    throw InvalidInput(fmt::format("metadata '{}': {}", kValue, error.what()));
  }
}

}  // namespace kernad::serialise
