// The training rows of a fit with weights, gathered block by block.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "data.hpp"
#include "kernad/sketch.hpp"
#include "labels.hpp"

namespace kernad::cli {

/// Rows and how often each counts. Memory: of at most 2 max_training_points rows. Whole weights need a sketch of the
/// repeated rows. Others need every row, of which there may be no more than max_training_points; whether there are any
/// others is known at the end alone.
class WeightedRows {
 public:
  /// file: whose rows these are, for messages.
  WeightedRows(std::string file, std::size_t columns, const KDEClassifierOptions& options);

  /// chosen: places in the features; weights: of all of the features, 0 or more.
  void add(const Rows& rows, const std::vector<std::size_t>& chosen, const std::vector<double>& weights);

  /// Rows added.
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Whether all weights are whole; sketch() has them then, rows() and weights() otherwise. Throws InvalidInput or
  /// InvalidParameter for weights that no fit can take.
  [[nodiscard]] bool are_whole() const;
  [[nodiscard]] const Sketch& sketch() const { return sketch_; }
  /// Those that count, in memory, with their names as ids.
  [[nodiscard]] Rows rows() const;
  [[nodiscard]] const std::vector<double>& weights() const { return weights_; }

 private:
  void add_repeated(const Rows& rows, const std::vector<std::size_t>& counted,
                    const std::vector<std::uint32_t>& counts);
  void keep(const Rows& rows, std::size_t i, double weight);

  std::string file_;
  KDEClassifierOptions options_;
  Sketch sketch_;
  std::uint64_t places_ = 0;  // of the sketch
  std::size_t count_ = 0;
  std::size_t counted_ = 0;  // with a weight above 0
  double total_ = 0;
  bool whole_ = true;
  double smallest_ = 0;  // above 0
  std::string smallest_name_;
  std::size_t columns_;
  // Of the rows that count, while there are not too many.
  std::vector<float> features_;
  std::vector<float> rest_;
  std::vector<std::string> names_;
  std::vector<double> weights_;
};

/// Those that are labelled normal, or all without labels.
struct WeightedSample {
  WeightedRows rows;
  kernad::Table table;       ///< names of the columns, and notes on all rows; no rows
  std::size_t labelled = 0;  ///< rows with a label and all values; 0 without labels
};

/// Reads block by block. labels: of an empty column or file: none. weights: a file; empty: those of the tables. Throws
/// as read_labelled and WeightReader do.
[[nodiscard]] WeightedSample weighted_sample_of(const Sources& sources, const LabelSource& labels,
                                                const ReadOptions& reading, const std::string& weights,
                                                const KDEClassifierOptions& options);

}  // namespace kernad::cli
