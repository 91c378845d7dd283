// What a model file tells of how its density was estimated, where that is not the default: files of the default stay
// what every version of kernad reads.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "kernad/kde_classifier.hpp"
#include "model/metadata.hpp"
#include "model/model_state.hpp"

namespace kernad::model {

/// Adds standardize, bandwidth, covariance and local_alpha, those that are not the default's.
void add_estimation(Metadata& metadata, const KDEClassifierOptions& options);

/// Takes over one of these keys; false for any other. Throws InvalidInput for a text that is not valid.
bool read_estimation(std::string_view key, std::string_view text, KDEClassifierOptions& options);

/// The figures of a fit report that only such a density has.
void add_estimation_report(nlohmann::ordered_json& json, const KDEClassifierOptions& options, const FitReport& report);
void read_estimation_report(const nlohmann::json& json, FitReport& report);

/// Throws InvalidInput when the last column of the features is to be a residual and the whitening mixes it with others.
void check_residual(const State& state);

}  // namespace kernad::model
