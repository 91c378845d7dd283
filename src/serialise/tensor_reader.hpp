// The named tensors of a model, checked as they are read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernad/state_dict.hpp"

namespace kernad::serialise {

/// Tensors under one prefix. An invalid tensor throws InvalidInput with its full name.
class TensorReader {
 public:
  /// The dictionary must hold one classifier, with or without a prefix to its names, and outlive the reader.
  explicit TensorReader(const StateDict& dict);

  /// Null if there is none.
  [[nodiscard]] const Tensor* find(std::string_view name) const;
  [[nodiscard]] const Tensor& get(std::string_view name) const;
  /// All values, finite, of a tensor that holds `size` of them.
  [[nodiscard]] std::vector<double> values(std::string_view name, std::size_t size) const;
  /// The same without the check for finite values.
  [[nodiscard]] std::vector<double> any_values(std::string_view name, std::size_t size) const;
  [[nodiscard]] double scalar(std::string_view name) const { return values(name, 1)[0]; }
  /// Rows and columns of a two-dimensional tensor, neither of them 0.
  [[nodiscard]] std::pair<std::size_t, std::size_t> matrix_shape(std::string_view name) const;
  [[nodiscard]] Matrix<double> matrix(std::string_view name, std::size_t rows, std::size_t cols) const;
  /// A two-dimensional tensor, rounded, of values within float32.
  [[nodiscard]] Matrix<float> matrix_f32(std::string_view name) const;
  /// Those of all tensors under the prefix, without it.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The tensors whose names begin with `start`, under the rest of their names; without metadata.
  [[nodiscard]] StateDict part(std::string_view start) const;

  [[noreturn]] void fail(std::string_view name, std::string_view is, std::string_view valid) const;

 private:
  const StateDict& dict_;
  std::string prefix_;
};

}  // namespace kernad::serialise
