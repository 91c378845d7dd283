// Row-major matrices: MatrixView refers to memory that belongs to someone else, Matrix owns its memory. No arithmetic.
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernad/error.hpp"

// A view into an object must not outlive it: clang warns where it can see that (-Wdangling, on by default).
#if defined(__clang__)
#define KERNAD_LIFETIME_BOUND [[clang::lifetimebound]]
#else
#define KERNAD_LIFETIME_BOUND
#endif

namespace kernad {

template <typename T>
class MatrixView;

namespace detail {

template <typename T, typename U>
concept OtherNumber = std::is_arithmetic_v<U> && !std::is_same_v<T, U>;

/// Fails to compile: used where a view of T would be made from memory that holds U.
template <typename T, typename U>
constexpr void refuse_other_type() {
  static_assert(std::is_same_v<T, U>,
                "a kernad::MatrixView looks at values of its own type and converts none; kernad::to_embeddings(view) "
                "copies a kernad::MatrixView<double> into embeddings of float");
}

}  // namespace detail

/// A read-only view of rows x cols values of T. Row i starts at data + i * row_stride (in elements, >= cols), so a
/// view can wrap a std::vector, a row-major Eigen::Map, a row range of a cv::Mat or a C-contiguous NumPy array without
/// a copy. The memory must outlive the view.
template <typename T>
class MatrixView {
 public:
  /// 0 x 0.
  constexpr MatrixView() = default;

  /// rows x cols values, without gaps between rows.
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

  /// Memory of another type, such as double: does not compile, with a message that says what to do.
  template <detail::OtherNumber<T> U>
  constexpr MatrixView(const U*, std::size_t, std::size_t, std::size_t = 0) {
    detail::refuse_other_type<T, U>();
  }
  /// The same for a view of another type.
  template <detail::OtherNumber<T> U>
  constexpr MatrixView(const MatrixView<U>&) {  // NOLINT(google-explicit-constructor): where a view is handed over
    detail::refuse_other_type<T, U>();
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

/// rows x cols values of T in one contiguous block, initially zero.
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

  [[nodiscard]] T* data() noexcept KERNAD_LIFETIME_BOUND { return values_.data(); }              ///< where row 0 starts
  [[nodiscard]] const T* data() const noexcept KERNAD_LIFETIME_BOUND { return values_.data(); }  ///< where row 0 starts
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }                              ///< number of rows
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }                              ///< values in a row
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }  ///< whether it has no value
  /// All values, row after row.
  [[nodiscard]] std::span<const T> values() const noexcept KERNAD_LIFETIME_BOUND { return values_; }

  /// Row i, which must exist.
  [[nodiscard]] std::span<T> row(std::size_t i) noexcept KERNAD_LIFETIME_BOUND {
    return {values_.data() + i * cols_, cols_};
  }
  /// Row i, which must exist.
  [[nodiscard]] std::span<const T> row(std::size_t i) const noexcept KERNAD_LIFETIME_BOUND {
    return {values_.data() + i * cols_, cols_};
  }
  /// The value in row i and column j, which must exist.
  [[nodiscard]] T& operator()(std::size_t i, std::size_t j) noexcept { return values_[i * cols_ + j]; }
  /// The value in row i and column j, which must exist.
  [[nodiscard]] T operator()(std::size_t i, std::size_t j) const noexcept { return values_[i * cols_ + j]; }

  /// A view of this matrix, which must outlive it.
  [[nodiscard]] MatrixView<T> view() const& KERNAD_LIFETIME_BOUND { return {values_.data(), rows_, cols_}; }
  MatrixView<T> view() const&& = delete;  ///< for a temporary, whose memory ends with the statement
  /// A matrix converts to its view, and so does a temporary as an argument: `fit(read_table("x.npy").features)`.
  operator MatrixView<T>() const KERNAD_LIFETIME_BOUND {  // NOLINT(google-explicit-constructor)
    return {values_.data(), rows_, cols_};
  }

 private:
  std::vector<T> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// Rows of doubles, which a KDEClassifier and its Scorer take as well.
template <typename T>
concept DoubleRows = std::is_same_v<T, MatrixView<double>> || std::is_same_v<T, Matrix<double>>;

/// N x D embeddings, one per row, float32: what every stage reads.
using EmbeddingsView = MatrixView<float>;
/// The same with its own memory.
using Embeddings = Matrix<float>;

}  // namespace kernad
