// The fitted classifier: its pipelines, how they judge together, and what its verdicts are calibrated on.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ensemble/tail_rank.hpp"
#include "kernad/calibration.hpp"
#include "kernad/fit_report.hpp"
#include "model/pipeline.hpp"
#include "model/subspace_judge.hpp"
#include "model/training_rows.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::model {

struct Member {
  std::shared_ptr<const Pipeline> pipeline;  ///< shared by the copies of a model
  ensemble::TailRank tail;                   ///< of the training rows; unused where a member judges alone
};

struct Model final : scoring::Scorable {
  std::vector<Member> members;  ///< one; or the two of `automatic`, over the same columns, joined by ensemble::combine
  FitReport report;
  std::vector<double> shift;  ///< D: taken off the columns of rows before they become float32; empty: nothing is
  std::shared_ptr<const subspace::Subspace> subspace;  ///< null where there is nothing that a row could leave
  std::optional<SubspaceJudge> judge;                  ///< of a calibrated model with subspace
  std::optional<Calibration> calibration;              ///< of log-densities as the judge has them
  std::optional<Threshold> threshold;
  std::vector<std::string> column_names;      ///< one a column; empty where nobody named them
  std::vector<std::string> left_out_columns;  ///< of the training table, which are no features
  TrainingRows training_rows;                 ///< empty where nobody remembers them

  [[nodiscard]] const Pipeline& first() const { return *members.front().pipeline; }
  [[nodiscard]] bool is_ensemble() const { return members.size() > 1; }
  /// For embeddings: by the densities alone.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_density_scorer(std::size_t workers) const;

  [[nodiscard]] std::size_t columns() const override { return first().columns(); }
  [[nodiscard]] std::size_t multiply_adds() const override;
  /// For embeddings: by the densities, and by the judge where there is one.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_scorer(std::size_t workers) const override;
};

/// Throws InvalidParameter unless there are none, or one for each of the columns, in UTF-8 and each another; and where
/// one that is left out is among them.
void check_column_names(std::span<const std::string> names, std::span<const std::string> left_out, std::size_t columns);

/// The same model with the references of each pipeline made anew.
[[nodiscard]] Model with_pruning(const Model& model, const FitSettings& settings);

/// What normal rows say that the model, or one like it, was not fitted on.
struct HeldOut {
  std::vector<double> log_densities;  ///< by the densities alone
  std::vector<double> distances;      ///< from the subspace; empty where there is none
  std::size_t folds = 0;
};

/// That of such rows by the model itself. Throws InvalidInput for values that are not finite or a wrong number of
/// columns.
[[nodiscard]] HeldOut hold_out(const Model& model, EmbeddingsView rows, int threads);

/// The same model calibrated on other rows, whose log-densities become those that the judge makes of them. A threshold
/// by false-positive rate follows, and throws InvalidParameter when that rate can no longer be promised; others stay.
/// Throws InvalidInput for no rows.
[[nodiscard]] Model with_calibration(const Model& model, HeldOut& held_out);

}  // namespace kernad::model
