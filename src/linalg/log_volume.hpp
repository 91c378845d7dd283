// The volume that the columns of a matrix span.
#pragma once

#include "kernad/matrix.hpp"

namespace kernad::linalg {

/// log of the volume that the columns span: log |det| of a square matrix. -infinity if one of them is zero or, up to
/// rounding (1e-13 of its length), a combination of those before it. Finite entries. Orthogonal columns take O(r c)
/// operations, and the result is within 1e-6; others take O(r c^2). Source: LAPACK dgeqrf.
[[nodiscard]] double log_volume(const Matrix<double>& matrix);

}  // namespace kernad::linalg
