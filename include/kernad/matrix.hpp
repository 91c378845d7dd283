// Row-major matrices: MatrixView looks at somebody's memory, Matrix owns its own. No arithmetic lives here.
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernad/error.hpp"

namespace kernad {

/// A read-only view of rows x cols values of T. Row i starts at data + i * row_stride (in elements, >= cols), so a
/// view wraps std::vector, a row-major Eigen::Map, a cv::Mat row range or a C-contiguous NumPy array without a copy.
/// The memory must outlive the view.
template <typename T>
class MatrixView {
 public:
  /// 0 x 0.
  constexpr MatrixView() = default;

  /// rows x cols values, one row right after another.
  constexpr MatrixView(const T* data, std::size_t rows, std::size_t cols) : MatrixView(data, rows, cols, cols) {}

  /// Throws InvalidParameter when row_stride < cols or when a non-empty view has no data.
  constexpr MatrixView(const T* data, std::size_t rows, std::size_t cols, std::size_t row_stride)
      : data_(data), rows_(rows), cols_(cols), row_stride_(row_stride) {
    if (row_stride < cols) {
      throw InvalidParameter("row_stride is " + std::to_string(row_stride) + " elements; it must be at least the " +
                             std::to_string(cols) + " columns of a row");
    }
    if (data == nullptr && rows != 0 && cols != 0) {
      throw InvalidParameter("data is null; a view of " + std::to_string(rows) + " x " + std::to_string(cols) +
                             " values needs memory");
    }
  }

  [[nodiscard]] constexpr const T* data() const noexcept { return data_; }                 ///< where row 0 starts
  [[nodiscard]] constexpr std::size_t rows() const noexcept { return rows_; }              ///< number of rows
  [[nodiscard]] constexpr std::size_t cols() const noexcept { return cols_; }              ///< values in a row
  [[nodiscard]] constexpr std::size_t row_stride() const noexcept { return row_stride_; }  ///< elements from row to row
  [[nodiscard]] constexpr bool empty() const noexcept { return rows_ == 0 || cols_ == 0; }  ///< whether it has no value

  /// Row i, which must exist.
  [[nodiscard]] constexpr std::span<const T> row(std::size_t i) const noexcept {
    assert(i < rows_);
    return {data_ + i * row_stride_, cols_};
  }

  /// Rows first .. first + count - 1, which must exist.
  [[nodiscard]] constexpr MatrixView middle_rows(std::size_t first, std::size_t count) const {
    assert(first <= rows_ && count <= rows_ - first);
    return {count == 0 ? data_ : data_ + first * row_stride_, count, cols_, row_stride_};
  }

 private:
  const T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t row_stride_ = 0;
};

/// rows x cols values of T in one contiguous block, zero at first.
template <typename T>
class Matrix {
 public:
  /// 0 x 0.
  Matrix() = default;
  /// rows x cols zeros.
  Matrix(std::size_t rows, std::size_t cols) : values_(rows * cols), rows_(rows), cols_(cols) {}

  /// Takes over `values`, row after row. Throws InvalidParameter unless there are rows * cols of them.
  Matrix(std::vector<T> values, std::size_t rows, std::size_t cols)
      : values_(std::move(values)), rows_(rows), cols_(cols) {
    if (values_.size() != rows * cols) {
      throw InvalidParameter(std::to_string(values_.size()) + " values do not fill " + std::to_string(rows) + " x " +
                             std::to_string(cols));
    }
  }

  [[nodiscard]] T* data() noexcept { return values_.data(); }                   ///< where row 0 starts
  [[nodiscard]] const T* data() const noexcept { return values_.data(); }       ///< where row 0 starts
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }             ///< number of rows
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }             ///< values in a row
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }         ///< whether it has no value
  [[nodiscard]] std::span<const T> values() const noexcept { return values_; }  ///< all of them, row after row

  /// Row i, which must exist.
  [[nodiscard]] std::span<T> row(std::size_t i) noexcept { return {values_.data() + i * cols_, cols_}; }
  /// Row i, which must exist.
  [[nodiscard]] std::span<const T> row(std::size_t i) const noexcept { return {values_.data() + i * cols_, cols_}; }
  /// The value in row i and column j, which must exist.
  [[nodiscard]] T& operator()(std::size_t i, std::size_t j) noexcept { return values_[i * cols_ + j]; }
  /// The value in row i and column j, which must exist.
  [[nodiscard]] T operator()(std::size_t i, std::size_t j) const noexcept { return values_[i * cols_ + j]; }

  /// Looks at this matrix, which must outlive the view.
  [[nodiscard]] MatrixView<T> view() const { return {values_.data(), rows_, cols_}; }
  /// view().
  operator MatrixView<T>() const { return view(); }  // NOLINT(google-explicit-constructor): a matrix is its own view

 private:
  std::vector<T> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// N x D embeddings, one a row, float32: what every stage reads.
using EmbeddingsView = MatrixView<float>;
/// The same, with memory of its own.
using Embeddings = Matrix<float>;

}  // namespace kernad
