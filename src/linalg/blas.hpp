// The few BLAS products that kernad needs, column-major as BLAS has them. Only linalg/ includes this.
#pragma once

#include <cstddef>
#include <string>

namespace kernad::linalg {

/// C = A B; C: m x n, A: m x k, B: k x n.
void gemm_nn(std::size_t m, std::size_t n, std::size_t k, const double* a, std::size_t lda, const double* b,
             std::size_t ldb, double* c, std::size_t ldc);

/// Upper triangle of C += A^T A; C: n x n, A: k x n.
void syrk_upper_transposed(std::size_t n, std::size_t k, const double* a, std::size_t lda, double* c, std::size_t ldc);

}  // namespace kernad::linalg
