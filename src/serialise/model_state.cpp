#include "serialise/model_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/fit_report.hpp"
#include "serialise/calibration_state.hpp"
#include "serialise/check_names.hpp"
#include "serialise/columns_state.hpp"
#include "serialise/ensemble_state.hpp"
#include "serialise/format_version.hpp"
#include "serialise/metadata.hpp"
#include "serialise/module_state.hpp"
#include "serialise/pipeline_state.hpp"
#include "serialise/residual_state.hpp"
#include "serialise/subspace_state.hpp"
#include "serialise/tensor_reader.hpp"
#include "serialise/training_rows_state.hpp"

namespace kernad::serialise {
namespace {

/// Restores what only the metadata say about the first pipeline.
void complete(model::Pipeline& pipeline, const FitReport& report) {
  pipeline.pca.rank = report.rank;
  pipeline.kde.bandwidth_factor = report.bandwidth_factor;
  pipeline.kde.shrinkage = report.shrinkage;
  pipeline.kde.loo_log_likelihood = report.loo_log_likelihood;
}

constexpr std::string_view kShift = "column_shift";

std::vector<double> read_shift(const TensorReader& reader, std::size_t columns) {
  auto shift = reader.values(kShift, columns);
  if (std::ranges::any_of(shift, [](double x) { return std::abs(x) > double{std::numeric_limits<float>::max()}; })) {
    reader.fail(kShift, "has a value beyond float32", "values within float32");
  }
  return shift;
}

Note scaling_note(FeatureScalingMethod assumed) {
  return {NoteCode::scaling_assumed,
          fmt::format("the file does not say the feature scaling method; '{}' is assumed", to_string(assumed))};
}

}  // namespace

StateDict to_state_dict(const model::Model& model, const KDEClassifierOptions& options) {
  StateDict dict{pipeline_tensors(model.first()), to_metadata(options, model.report)};
  dict.metadata["format_version"] = fmt::format("{}", format_version_of(model));
  write_trees(model, dict.metadata);
  write_columns(model, dict.metadata);
  write_training_rows(model, dict);
  write_calibration(model, dict);
  if (model.is_ensemble()) write_ensemble(model, dict);
  write_residual_judge(model, dict);
  write_subspace(model, dict);
  if (!model.shift.empty()) {
    dict.tensors[std::string(kShift)] = Tensor::from(std::span<const double>(model.shift), {model.shift.size()});
  }
  return dict;
}

Loaded from_state_dict(const StateDict& given, const KDEClassifierOptions& defaults,
                       const model::FitSettings& settings) {
  const auto module = of_module(given);
  const StateDict& dict = module ? *module : given;
  check_names(dict);
  check_format_version(dict.metadata);
  const TensorReader reader(dict);
  Loaded loaded{options_from(dict.metadata, defaults), {}};
  auto& [options, model] = loaded;
  options.automatic = options.automatic || holds_ensemble(reader);

  model::Pipeline pipeline =
      read_pipeline(reader, options.feature_scaling_method, settings, read_tree(dict.metadata, kTreeKeys[0]));
  if (!dict.metadata.contains("n_pca_components") && !options.automatic) {
    options.n_pca_components = pipeline.pca.singular_vectors.cols();
  }
  model.report = model::report_from_shapes(pipeline);
  read_report(dict.metadata, model.report);
  complete(pipeline, model.report);
  if (!dict.metadata.contains("feature_scaling_method")) {
    model.report.notes.push_back(scaling_note(options.feature_scaling_method));
  }
  model.members.push_back({std::make_shared<const model::Pipeline>(std::move(pipeline)), {}});
  read_columns(dict.metadata, model);
  read_training_rows(reader, model);
  read_calibration(reader, dict, model);
  if (options.automatic) read_ensemble(reader, dict.metadata, options, settings, model);
  read_residual_judge(reader, model);
  read_subspace(reader, model);
  if (reader.find(kShift) != nullptr) model.shift = read_shift(reader, model.columns());
  return loaded;
}

}  // namespace kernad::serialise
