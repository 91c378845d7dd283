// The fitted classifier: its stages' states side by side, and their way into a file and back.
#pragma once

#include <optional>

#include "kde/kde_state.hpp"
#include "kernad/calibration.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/state_dict.hpp"
#include "pca/pca_state.hpp"

namespace kernad::model {

struct State {
  pca::State pca;
  double max_length = 1;
  kde::State kde;
  FitReport report;
  std::optional<Calibration> calibration;
  std::optional<Threshold> threshold;
};

[[nodiscard]] StateDict to_state_dict(const State& state, const KDEClassifierOptions& options);

struct Loaded {
  KDEClassifierOptions options;
  State state;
};

/// Every name, shape, dtype and value is checked; `defaults` stand in for parameters that the metadata do not tell.
/// pruning: see
/// kde::make_reference_set. Throws InvalidInput naming the tensor or the key.
[[nodiscard]] Loaded from_state_dict(const StateDict& dict, const KDEClassifierOptions& defaults, bool pruning);

}  // namespace kernad::model
