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
  std::optional<Calibration> calibration;
  std::optional<Threshold> threshold;
  std::vector<std::string> column_names;      ///< one a column; empty where nobody named them
  std::vector<std::string> left_out_columns;  ///< of the training table, which are no features
  TrainingRows training_rows;                 ///< empty where nobody remembers them

  [[nodiscard]] const Pipeline& first() const { return *members.front().pipeline; }
  [[nodiscard]] bool is_ensemble() const { return members.size() > 1; }

  [[nodiscard]] std::size_t columns() const override { return first().columns(); }
  [[nodiscard]] std::size_t multiply_adds() const override;
  /// For embeddings.
  [[nodiscard]] std::unique_ptr<scoring::BlockScorer> make_scorer(std::size_t workers) const override;
};

/// Throws InvalidParameter unless there are none, or one for each of the columns, in UTF-8 and each another; and where
/// one that is left out is among them.
void check_column_names(std::span<const std::string> names, std::span<const std::string> left_out, std::size_t columns);

/// The same model with the references of each pipeline made anew.
[[nodiscard]] Model with_pruning(const Model& model, const FitSettings& settings);

/// The same model with another calibration. A threshold by false-positive rate follows it, and throws InvalidParameter
/// when that rate can no longer be promised; others stay.
[[nodiscard]] Model with_calibration(const Model& model, Calibration calibration);

}  // namespace kernad::model
