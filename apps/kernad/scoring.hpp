// Scoring of a block of rows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::cli {

/// The log-density of every row.
[[nodiscard]] std::vector<double> log_densities(const KDEClassifier& model, const Rows& rows);

/// A note of how many rows the model was trained on.
class TrainedOnNote {
 public:
  /// The model must outlive it.
  explicit TrainedOnNote(const KDEClassifier& model) : model_(model) {}

  /// Counts the rows of a block.
  void see(const Rows& rows);
  /// Adds the note, with what follows from it, if there are such rows.
  void add_to(std::vector<std::string>& notes, const Sources& data, std::string_view consequence) const;

 private:
  const KDEClassifier& model_;
  TrainedOn counted_;
};

/// For a model without calibration, whose scores do not show it: a note of how many rows lie outside the subspace of
/// the training rows; else nothing.
class OutsideNote {
 public:
  /// Both must outlive it.
  OutsideNote(const KDEClassifier& model, const Sources& data) : model_(model), data_(data) {}

  /// Counts the rows of a block.
  void see(const Rows& rows);
  void print() const;

 private:
  const KDEClassifier& model_;
  const Sources& data_;
  std::size_t seen_ = 0;
  std::size_t outside_ = 0;
  std::string first_;
};

}  // namespace kernad::cli
