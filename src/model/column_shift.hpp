// Converts doubles to embeddings without losing the differences between rows: columns far from zero, such as time
// stamps and coordinates, are moved near it before they are rounded to float32.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "kernad/matrix.hpp"
#include "linalg/rows.hpp"

namespace kernad::model {

/// D values to subtract from the columns: the mean of a column that lies more than 16 standard deviations from zero and
/// has values that float32 does not hold; 0 for others. Empty if all would be 0. rows: finite, at least one.
[[nodiscard]] std::vector<double> choose_shift(const linalg::Rows<double>& rows, int threads);

/// Rows in the form that a model with that shift (D, or empty) takes.
class ShiftedRows {
 public:
  /// Throws InvalidInput, with row and column, for a finite value that is then beyond float32; NaN and infinity pass.
  ShiftedRows(MatrixView<double> rows, std::span<const double> shift, int threads);
  /// Without a shift, the rows themselves: they must outlive it.
  ShiftedRows(EmbeddingsView rows, std::span<const double> shift, int threads);

  [[nodiscard]] EmbeddingsView view() const { return view_; }
  /// The copy, if the rows were copied; this object cannot be used afterwards.
  [[nodiscard]] Embeddings take() { return std::move(own_); }

 private:
  Embeddings own_;
  EmbeddingsView view_;
};

}  // namespace kernad::model
