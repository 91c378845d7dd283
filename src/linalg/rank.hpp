// Which directions of the data exceed rounding.
#pragma once

#include <cstddef>
#include <span>

#include "linalg/moments.hpp"

namespace kernad::linalg {

/// The largest singular value of the centred N x D data that rounding alone can explain: what is not above it does not
/// count as a direction of the data. It is the larger of
///  - the effect of the input's rounding to float32: entries of relative error 2^-24 (2^-150 for denormals) form a
///  perturbation
///    of spectral norm at most about 2^-24 (longest row + longest column) when their signs are random (Seginer 2000);
///    constant columns are exact after centring and do not count. Does not apply to input in double.
///  - the error of the eigensolver: eigenvalues of the n x n moment matrix are off by about n 2^-53 times the largest.
/// See docs/numerics.md, "Numerical rank".
[[nodiscard]] double singular_value_tolerance(const ColumnMoments& moments, std::size_t rows, std::size_t n,
                                              double largest_singular_value, bool float32_input);

/// Number of eigenvalues (descending) of the moment matrix whose square root is above the tolerance.
[[nodiscard]] std::size_t numerical_rank(std::span<const double> eigenvalues, double tolerance);

}  // namespace kernad::linalg
