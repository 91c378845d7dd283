// The versions of the model format. A file names the oldest version that can hold it, so that every reader that would
// score it correctly accepts it, and every other refuses it.
#pragma once

#include <array>
#include <string_view>

#include "model/model.hpp"
#include "serialise/metadata.hpp"

namespace kernad::serialise {

struct FormatVersion {
  int number;
  std::string_view since;  ///< the first version of kernad that can read it
  std::string_view holds;  ///< what earlier versions cannot hold
  bool (*needed)(const model::Model& model);
};

/// Oldest first; a reader knows every version up to its newest.
inline constexpr std::array kFormatVersions = {
    FormatVersion{1, "0.1.0", "one pipeline of the reference's form, calibration, threshold",
                  [](const model::Model&) { return true; }},
    FormatVersion{2, "0.2.0", "a residual column, or a bandwidth of each row's own",
                  [](const model::Model& model) {
                    return model.first().pca.residual_dimensions != 0 ||
                           !model.first().kde.references.adaptive.factors.empty();
                  }},
    FormatVersion{3, "0.2.0", "two pipelines that judge together",
                  [](const model::Model& model) { return model.is_ensemble(); }},
    FormatVersion{4, "0.3.0",
                  "a calibrated verdict on rows outside the subspace of the training rows, columns that are shifted "
                  "before they are rounded, or references in double",
                  [](const model::Model& model) {
                    return model.judge || !model.shift.empty() || !model.first().kde.references.exact.empty();
                  }},
    FormatVersion{5, "0.3.0", "rows with weights that are no whole numbers",
                  [](const model::Model& model) { return !model.first().kde.references.weights.empty(); }},
    FormatVersion{6, "0.3.0", "a calibrated verdict on what the densities do not see of a row",
                  [](const model::Model& model) { return model.residual_judge.has_value(); }},
};

/// The oldest version that holds the model.
[[nodiscard]] int format_version_of(const model::Model& model);

/// Throws InvalidInput for a format_version in the metadata that is newer than all of these, or is not a version at
/// all. Metadata without one belong to a checkpoint of anomalib, and pass.
void check_format_version(const Metadata& metadata);

}  // namespace kernad::serialise
