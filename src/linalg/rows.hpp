// The rows a statistic is taken over: all rows of a view, or a selection of them.
#pragma once

#include <cstddef>
#include <span>

#include "kernad/matrix.hpp"

namespace kernad::linalg {

template <typename T>
class Rows {
 public:
  Rows(MatrixView<T> view, std::span<const std::size_t> selected) : view_(view), selected_(selected), all_(false) {}
  explicit Rows(MatrixView<T> view) : view_(view), all_(true) {}

  [[nodiscard]] std::size_t rows() const { return all_ ? view_.rows() : selected_.size(); }
  [[nodiscard]] std::size_t cols() const { return view_.cols(); }
  [[nodiscard]] std::span<const T> row(std::size_t i) const { return view_.row(all_ ? i : selected_[i]); }

 private:
  MatrixView<T> view_;
  std::span<const std::size_t> selected_;
  bool all_;
};

}  // namespace kernad::linalg
