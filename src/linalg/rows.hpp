// The rows that a statistic is taken over: all rows of a view, or a selection of them, and how much each counts.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>

#include "kernad/matrix.hpp"

namespace kernad::linalg {

template <typename T>
class Rows {
 public:
  /// weights: of each selected row, above 0, or none: each counts once. Rows may be selected more than once.
  Rows(MatrixView<T> view, std::span<const std::size_t> selected, std::span<const double> weights = {})
      : view_(view), selected_(selected), weights_(weights), all_(false) {}
  explicit Rows(MatrixView<T> view, std::span<const double> weights = {})
      : view_(view), weights_(weights), all_(true) {}

  [[nodiscard]] std::size_t rows() const { return all_ ? view_.rows() : selected_.size(); }
  [[nodiscard]] std::size_t cols() const { return view_.cols(); }
  [[nodiscard]] std::span<const T> row(std::size_t i) const { return view_.row(all_ ? i : selected_[i]); }

  [[nodiscard]] std::span<const double> weights() const { return weights_; }
  [[nodiscard]] double weight(std::size_t i) const { return weights_.empty() ? 1 : weights_[i]; }
  /// The number of rows, as often as they count.
  [[nodiscard]] double count() const {
    return weights_.empty() ? static_cast<double>(rows()) : std::accumulate(weights_.begin(), weights_.end(), 0.0);
  }

 private:
  MatrixView<T> view_;
  std::span<const std::size_t> selected_;
  std::span<const double> weights_;
  bool all_;
};

}  // namespace kernad::linalg
