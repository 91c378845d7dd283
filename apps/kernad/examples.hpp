// What a fit learns from, in the forms that the commands have it: rows in memory, a sketch, a sketch of labelled rows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data.hpp"
#include "normal_sketch.hpp"

namespace kernad::cli {

/// Rows in memory, and what they are called.
template <typename Features>
struct Examples {
  const Features& features;
  const std::vector<double>& weights;
  const Rows& rows;

  [[nodiscard]] std::size_t count() const { return features.rows(); }
  [[nodiscard]] bool fit(KDEClassifier& model) const { return model.fit(features, weights); }
  void calibrate(KDEClassifier& model, std::size_t folds, const FitProgress& progress) const {
    model.calibrate(features, weights, folds, progress);
  }
  void remember(KDEClassifier& model) const { model.remember_rows(features, weights, row_names(model)); }

 private:
  /// Names of rows: their ids, else their numbers in the file; none if those equal the model's own numbers.
  [[nodiscard]] std::vector<std::string> row_names(const KDEClassifier& model) const {
    const bool as_in_file =
        weights.empty() && rows.table.ids.empty() && count() == rows.all && model.report().rows_used == rows.all;
    std::vector<std::string> names;
    for (std::size_t i = 0; !as_in_file && i < count(); ++i) names.push_back(rows.name(i));
    return names;
  }
};

/// A sketch of the rows, which has their names.
struct SketchedExamples {
  const Sketch& sketch;

  [[nodiscard]] std::size_t count() const { return sketch.rows_seen(); }
  [[nodiscard]] bool fit(KDEClassifier& model) const { return model.fit(sketch); }
  void calibrate(KDEClassifier& model, std::size_t folds, const FitProgress& progress) const {
    model.calibrate(sketch, folds, progress);
  }
  void remember(KDEClassifier& model) const { model.remember_rows(sketch); }
};

/// A sketch of rows that are repeated by their weights.
struct WeightedExamples : SketchedExamples {
  std::size_t rows;

  [[nodiscard]] std::size_t count() const { return rows; }
};

/// A sketch of labelled rows, which are called by their numbers in the file unless those are the model's own.
struct LabelledExamples : SketchedExamples {
  const NormalSketch& normal;

  explicit LabelledExamples(const NormalSketch& rows) : SketchedExamples{rows.sketch}, normal(rows) {}
  void remember(KDEClassifier& model) const {
    const bool as_in_file = normal.called_by_number && model.report().rows_used == count();
    model.remember_rows(as_in_file ? without_names(sketch) : sketch);
  }
};

}  // namespace kernad::cli
