// Scoring with a progress bar.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::cli {

/// The log-density of every row. A bar is shown on standard error if that is a terminal and the work takes more than a
/// second.
[[nodiscard]] std::vector<double> log_densities(const KDEClassifier& model, const Rows& rows);

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

/// The same of all rows at once.
void print_outside_note(const KDEClassifier& model, const Rows& rows, const Sources& data);

}  // namespace kernad::cli
