#include "calibration/calibration_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "kernad/error.hpp"

namespace kernad::calibration {
namespace {

constexpr const char* kTensor = "calibration.log_densities";
constexpr const char* kFolds = "calibration_folds";
constexpr const char* kRule = "threshold_rule";
constexpr const char* kValue = "threshold_value";

template <typename T>
T number(const StateDict& dict, const char* key, const char* valid) {
  const auto entry = dict.metadata.find(key);
  if (entry == dict.metadata.end()) throw InvalidInput(fmt::format("metadata '{}' is missing", key));
  const std::string& text = entry->second;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw InvalidInput(fmt::format("metadata '{}' is '{}'; valid: {}", key, text, valid));
  }
  return value;
}

Calibration read_calibration(const Tensor& tensor, const StateDict& dict) {
  if (tensor.shape.size() != 1 || tensor.size() == 0) {
    throw InvalidInput(fmt::format("tensor '{}' has shape [{}]; expected: one dimension, not 0", kTensor,
                                   fmt::join(tensor.shape, ", ")));
  }
  const auto values = tensor.to_f64();
  // What is not finite is left to Calibration; sorting here would hide a file that no classifier wrote.
  if (!std::is_sorted(values.begin(), values.end())) {
    throw InvalidInput(fmt::format("tensor '{}' is not sorted; expected: ascending values", kTensor));
  }
  std::size_t folds = 0;
  if (dict.metadata.contains(kFolds)) folds = number<std::size_t>(dict, kFolds, "a whole number");
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

Threshold read_threshold(const std::string& rule, double value, const std::optional<Calibration>& calibration) {
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

void write(const model::State& state, StateDict& dict) {
  if (state.calibration) {
    dict.tensors[kTensor] = Tensor::from(state.calibration->log_densities(), {state.calibration->size()});
    dict.metadata[kFolds] = fmt::format("{}", state.calibration->folds());
  }
  if (state.threshold) {
    dict.metadata[kRule] = std::string(to_string(state.threshold->rule));
    dict.metadata[kValue] = fmt::format("{}", state.threshold->value);
  }
}

void read(const Tensor* log_densities, const StateDict& dict, model::State& state) {
  if (log_densities != nullptr) state.calibration = read_calibration(*log_densities, dict);
  const auto rule = dict.metadata.find(kRule);
  if (rule == dict.metadata.end()) return;
  try {
    state.threshold = read_threshold(rule->second, number<double>(dict, kValue, "a number"), state.calibration);
  } catch (const InvalidParameter& error) {
    throw InvalidInput(fmt::format("metadata '{}': {}", kValue, error.what()));
  }
}

}  // namespace kernad::calibration
