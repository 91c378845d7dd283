// The fitted classifier: its pipelines, how they are combined, and the calibration of its verdicts.
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
#include "model/residual_judge.hpp"
#include "model/subspace_judge.hpp"
#include "model/training_rows.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::model {

struct Member {
  std::shared_ptr<const Pipeline> pipeline;  ///< shared by the copies of a model
  ensemble::TailRank tail;                   ///< of the training rows; unused with a single member
};

struct Model final : scoring::Scorable {
  std::vector<Member> members;  ///< one; or the two of `automatic`, over the same columns, joined by ensemble::combine
  FitReport report;
  std::vector<double> shift;  ///< D: subtracted from rows before they become float32; empty: nothing is
  std::shared_ptr<const subspace::Subspace> subspace;  ///< null if training rows vary in every direction
  std::optional<ResidualJudge> residual_judge;         ///< of a calibrated model with a residual
  std::optional<SubspaceJudge> judge;                  ///< of a calibrated model with subspace; the last to judge
  std::optional<Calibration> calibration;              ///< of log-densities as limited by the judges
  std::optional<Threshold> threshold;
  std::vector<std::string> column_names;      ///< one per column; empty if they have no names
  std::vector<std::string> left_out_columns;  ///< columns of the training table that are not features
  TrainingRows training_rows;                 ///< empty if not recorded

  [[nodiscard]] const Pipeline& first() const { return *members.front().pipeline; }
  [[nodiscard]] bool is_ensemble() const { return members.size() > 1; }
  /// Scores embeddings by the densities alone.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_density_scorer(std::size_t workers) const;

  [[nodiscard]] std::size_t columns() const override { return first().columns(); }
  [[nodiscard]] std::size_t multiply_adds() const override;
  /// Scores embeddings by the densities, and by the judges that the model has.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_scorer(std::size_t workers) const override;
};

/// Throws InvalidParameter unless there are no names, or one for each column, in UTF-8 and distinct; and if one of
/// `left_out_columns` is among them.
void check_column_names(std::span<const std::string> names, std::span<const std::string> left_out, std::size_t columns);

/// The same model with the references of each pipeline rebuilt.
[[nodiscard]] Model with_pruning(const Model& model, const FitSettings& settings);

/// What the model's densities do not see: of a single pipeline the part of a row outside its axes; of `automatic` the
/// part along axes without variance to speak of, if there are any. Null where there is no such part, or a feature of
/// the density has it.
[[nodiscard]] std::shared_ptr<const pca::Residual> residual_of(const Model& model);

/// The same kind of residual, over as many axes, of a model that the same options fitted on other rows.
[[nodiscard]] std::shared_ptr<const pca::Residual> residual_like(const pca::Residual& residual, const Model& model);

/// Scores of normal rows by a model that was not fitted on them.
struct HeldOut {
  std::vector<double> log_densities;  ///< by the densities alone
  std::vector<double> distances;      ///< from the subspace; empty if there is none
  std::vector<double> residuals;      ///< empty if the model has no residual
  std::size_t folds = 0;
  std::vector<std::size_t> left_out = {};  ///< rows that do not count as normal, ascending
};

/// The scores of such rows by the model itself. residual: its residual_of or residual_like. Throws InvalidInput for
/// values that are not finite or a wrong number of columns.
[[nodiscard]] HeldOut hold_out(const Model& model, const std::shared_ptr<const pca::Residual>& residual,
                               EmbeddingsView rows, int threads);

/// The same model calibrated on other rows, whose log-densities are limited by the judges. A threshold by
/// false-positive rate is updated, with InvalidParameter if that rate can no longer be guaranteed; others stay. Throws
/// InvalidInput for no rows.
[[nodiscard]] Model with_calibration(const Model& model, HeldOut& held_out);

}  // namespace kernad::model
