#include "arrays.hpp"

#include <memory>
#include <utility>

namespace kernad::python {
namespace {

/// A Python object that keeps `owner` alive for an array that views its memory.
template <typename T>
nb::capsule keep(std::unique_ptr<T> owner) {
  return nb::capsule(owner.release(), [](void* p) noexcept { delete static_cast<T*>(p); });
}

template <typename T, typename Array>
MatrixView<T> view_of(const Array& rows) {
  const std::size_t n = rows.shape(0);
  const std::size_t d = rows.shape(1);
  if (n == 0 || d == 0) return {rows.data(), n, d};
  const bool adjacent = d == 1 || rows.stride(1) == 1;
  const bool forward = n == 1 || rows.stride(0) >= static_cast<std::int64_t>(d);
  if (!adjacent || !forward) throw InvalidParameter("the array's rows are not laid out as neighbouring values");
  return {rows.data(), n, d, n == 1 ? d : static_cast<std::size_t>(rows.stride(0))};
}

}  // namespace

EmbeddingsView view(const Rows& rows) { return view_of<float>(rows); }
MatrixView<double> view(const DoubleRows& rows) { return view_of<double>(rows); }

std::span<const double> view(const Scores& scores) { return {scores.data(), scores.shape(0)}; }

Doubles to_numpy(std::vector<double> values) {
  auto owner = std::make_unique<std::vector<double>>(std::move(values));
  double* data = owner->data();
  const std::size_t n = owner->size();
  return {data, {n}, keep(std::move(owner))};
}

Doubles to_numpy(std::vector<double> values, std::size_t rows, std::size_t cols) {
  auto owner = std::make_unique<std::vector<double>>(std::move(values));
  double* data = owner->data();
  return {data, {rows, cols}, keep(std::move(owner))};
}

Floats to_numpy(Embeddings matrix) {
  auto owner = std::make_unique<Embeddings>(std::move(matrix));
  float* data = owner->data();
  const std::size_t rows = owner->rows();
  const std::size_t cols = owner->cols();
  return {data, {rows, cols}, keep(std::move(owner))};
}

Doubles copy_to_numpy(std::span<const double> values) { return to_numpy({values.begin(), values.end()}); }

Doubles copy_to_numpy(MatrixView<double> values) {
  std::vector<double> copy;
  copy.reserve(values.rows() * values.cols());
  for (std::size_t i = 0; i < values.rows(); ++i) copy.insert(copy.end(), values.row(i).begin(), values.row(i).end());
  return to_numpy(std::move(copy), values.rows(), values.cols());
}

}  // namespace kernad::python
