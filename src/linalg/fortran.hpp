// What calls into Fortran share.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "kernad/error.hpp"

namespace kernad::linalg {

/// BLAS and LAPACK count in 32-bit integers.
inline int fortran_int(std::size_t n) {
  if (n > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw InvalidInput("a matrix dimension of " + std::to_string(n) + " is beyond what BLAS and LAPACK can count");
  }
  return static_cast<int>(n);
}

}  // namespace kernad::linalg
