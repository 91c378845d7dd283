#include "serialise/check_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "kernad/classifier_options.hpp"
#include "kernad/error.hpp"
#include "serialise/tensor_reader.hpp"

namespace kernad::serialise {
namespace {

/// What the metadata of a model may have besides the estimator's options.
constexpr std::array<std::string_view, 10> kKeys = {
    "format",       "format_version",   "fit_report",        "threshold_rule", "threshold_value",
    "column_names", "left_out_columns", "calibration_folds", "reference_tree", "second_reference_tree",
};

constexpr std::array<std::string_view, 12> kTensorsOfPipeline = {
    "pca_model.mean",
    "pca_model.num_components",
    "pca_model.column_scale",
    "pca_model.singular_values",
    "pca_model.explained_variance_ratio",
    "kde_model.mean",
    "kde_model.log_norm",
    "kde_model.norm",
    "kde_model.local_factors",
    "kde_model.weights",
    "kde_model.exact_dataset",
    "max_length",
};  // others are never missing: pca_model.singular_vectors, kde_model.bw_transform and dataset

constexpr std::array<std::string_view, 15> kTensorsOfModel = {
    "calibration.log_densities",
    "committee.first_tail",
    "committee.second_tail",
    "column_shift",
    "residual.line",
    "training.row_names",
    "training.row_hashes",
    "subspace.mean",
    "subspace.scale",
    "subspace.largest",
    "subspace.axes",
    "subspace.noise",
    "subspace.density_tail",
    "subspace.inside_tail",
    "metadata",
};

using Names = std::vector<std::string>;

bool is_damaged(std::string_view name, std::string_view known) {
  return name.size() == known.size() &&
         std::inner_product(name.begin(), name.end(), known.begin(), 0, std::plus<>(), std::not_equal_to<>()) == 1;
}

void check(const Names& names, const Names& known, std::string_view what) {
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto meant = std::ranges::find_if(known, [&](const auto& other) { return is_damaged(name, other); });
    if (meant == known.end()) continue;
    throw InvalidInput(fmt::format("{} '{}' is unknown; '{}' is meant, and the file damaged", what, name, *meant));
  }
}

}  // namespace

void check_names(const StateDict& dict) {
  Names keys;
  for (const auto& [key, text] : dict.metadata) keys.push_back(key);
  Names known(kKeys.begin(), kKeys.end());
  for (const EstimatorOption& option : estimator_options()) known.emplace_back(option.key);
  check(keys, known, "metadata");

  Names tensors(kTensorsOfModel.begin(), kTensorsOfModel.end());
  for (const std::string_view name : kTensorsOfPipeline) {
    tensors.emplace_back(name);
    tensors.push_back("committee.second_" + std::string(name));
  }
  check(TensorReader(dict).names(), tensors, "tensor");
}

}  // namespace kernad::serialise
