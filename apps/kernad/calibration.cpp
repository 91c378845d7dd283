#include "calibration.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kernad::cli {

std::string rule_text(const Threshold& threshold) {
  switch (threshold.rule) {
    case ThresholdRule::target_fpr:
      return fmt::format("target FPR {}", threshold.value);
    case ThresholdRule::log_density:
      return "given";
    case ThresholdRule::probability:
      return fmt::format("probability {}", threshold.value);
    case ThresholdRule::f1_max:
      return "largest F1";
  }
  return "";
}

std::string threshold_text(const Threshold& threshold) {
  return fmt::format("{:.6g} (log_density; {})", threshold.log_density, rule_text(threshold));
}

nlohmann::ordered_json threshold_json(const Threshold& threshold) {
  return {{"rule", to_string(threshold.rule)}, {"value", threshold.value}, {"log_density", threshold.log_density}};
}

void add_calibration(Table& table, const KDEClassifier& model) {
  if (model.is_calibrated()) {
    const auto& calibration = model.calibration();
    table.emplace_back("calibrated on",
                       calibration.folds() == 0
                           ? fmt::format("{} further normal rows", calibration.size())
                           : fmt::format("{} training rows in {} folds", calibration.size(), calibration.folds()));
    table.emplace_back("smallest target FPR", fmt::format("{:.6g}", calibration.smallest_fpr()));
  }
  if (model.has_threshold()) table.emplace_back("threshold", threshold_text(model.threshold()));
}

void add_calibration(nlohmann::ordered_json& json, const KDEClassifier& model) {
  if (model.is_calibrated()) {
    const auto& calibration = model.calibration();
    json["calibration"] = {
        {"rows", calibration.size()}, {"folds", calibration.folds()}, {"smallest_fpr", calibration.smallest_fpr()}};
  }
  if (model.has_threshold()) json["threshold"] = threshold_json(model.threshold());
}

void add_confusion(Table& table, const Threshold& threshold, const ConfusionMatrix& confusion) {
  table.emplace_back("threshold", threshold_text(threshold));
  table.emplace_back("FPR", fmt::format("{:.6f}", confusion.FPR()));
  table.emplace_back("TPR", fmt::format("{:.6f}", confusion.TPR()));
  table.emplace_back("precision", fmt::format("{:.6f}", confusion.precision()));
  table.emplace_back("F1", fmt::format("{:.6f}", confusion.F1()));
  table.emplace_back("true_positives", fmt::format("{}", confusion.true_positives));
  table.emplace_back("false_positives", fmt::format("{}", confusion.false_positives));
  table.emplace_back("true_negatives", fmt::format("{}", confusion.true_negatives));
  table.emplace_back("false_negatives", fmt::format("{}", confusion.false_negatives));
}

void add_confusion(nlohmann::ordered_json& json, const Threshold& threshold, const ConfusionMatrix& confusion) {
  json["threshold"] = threshold_json(threshold);
  json["FPR"] = confusion.FPR();
  json["TPR"] = confusion.TPR();
  json["precision"] = confusion.precision();
  json["F1"] = confusion.F1();
  json["true_positives"] = confusion.true_positives;
  json["false_positives"] = confusion.false_positives;
  json["true_negatives"] = confusion.true_negatives;
  json["false_negatives"] = confusion.false_negatives;
}

}  // namespace kernad::cli
