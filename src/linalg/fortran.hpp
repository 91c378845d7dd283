// Shared by all calls into Fortran.
#pragma once

#include <cstddef>
#include <limits>
#include <mutex>
#include <string>

#include "kernad/error.hpp"

namespace kernad::linalg {

/// Held around every call into BLAS and LAPACK: a single-threaded OpenBLAS shares scratch memory among its callers.
/// Built without locks, as in Debian, it gives wrong results when two threads call it at once.
class [[nodiscard]] FortranLock {
 public:
  /// Throws std::bad_alloc where OpenBLAS would not find its scratch memory.
  FortranLock();

 private:
  static std::mutex& mutex();
  std::lock_guard<std::mutex> lock_;
};

/// BLAS and LAPACK count in 32-bit integers.
inline int fortran_int(std::size_t n) {
  if (n > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw InvalidInput("a matrix dimension of " + std::to_string(n) + " is beyond what BLAS and LAPACK can count");
  }
  return static_cast<int>(n);
}

}  // namespace kernad::linalg
