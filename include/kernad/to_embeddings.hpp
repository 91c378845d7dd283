// Doubles as embeddings, which are 32-bit floats.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "kernad/error.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

/// A copy of `values` (N x D), each rounded to the nearest float (ties to even): within 2^-24 of it, relatively. Below
/// 2^-126 the rounding is absolute, within 2^-150, and what is smaller than that becomes zero. NaN and infinities stay
/// what they are, and are refused by name where a model is fitted or asked. Rounding comes before everything else:
/// where columns are far from zero compared with how much they vary (1e7 + small differences), subtract their means
/// first, or give the doubles to a KDEClassifier, which does. Throws InvalidInput, with row and column, for a finite
/// value beyond float.
[[nodiscard]] inline Embeddings to_embeddings(MatrixView<double> values) {
  Embeddings result(values.rows(), values.cols());
  for (std::size_t i = 0; i < values.rows(); ++i) {
    for (std::size_t j = 0; j < values.cols(); ++j) {
      const double value = values.row(i)[j];
      if (std::isfinite(value) && std::abs(value) > double{std::numeric_limits<float>::max()}) {
        std::array<char, 32> text;  // of 24 characters at most
        const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
        throw InvalidInput("row " + std::to_string(i) + ", column " + std::to_string(j) + ": " +
                           std::string(text.data(), end) + " is beyond float32, whose largest value is 3.4028235e+38");
      }
      result(i, j) = static_cast<float>(value);
    }
  }
  return result;
}

}  // namespace kernad
