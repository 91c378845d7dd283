// The fitted classifier: its stages' states side by side, and their way into a file and back.
#pragma once

#include <memory>
#include <optional>

#include "committee/tail.hpp"
#include "kde/kde_state.hpp"
#include "kernad/calibration.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/state_dict.hpp"
#include "pca/pca_state.hpp"

namespace kernad::model {

struct Committee;

struct State {
  pca::State pca;
  double max_length = 1;
  kde::State kde;
  FitReport report;
  std::optional<Calibration> calibration;
  std::optional<Threshold> threshold;
  std::shared_ptr<const Committee> committee;  ///< null unless the classifier is of `automatic`
};

/// A second pipeline over the same columns, and how the two are brought to one score.
struct Committee {
  State second;
  committee::Tail first_tail;
  committee::Tail second_tail;
};

[[nodiscard]] StateDict to_state_dict(const State& state, const KDEClassifierOptions& options);

struct Loaded {
  KDEClassifierOptions options;
  State state;
};

/// Every name, shape, dtype and value is checked; `defaults` stand in for parameters that the metadata do not tell.
/// pruning: see
/// kde::make_reference_set. Throws InvalidInput naming the tensor or the key.
[[nodiscard]] Loaded from_state_dict(const StateDict& dict, const KDEClassifierOptions& defaults, bool pruning,
                                     int threads);

}  // namespace kernad::model
