#include "linalg/blas.hpp"

#include "linalg/fortran.hpp"

// The trailing lengths of the character arguments are part of the Fortran ABI.
extern "C" {
void dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc, std::size_t, std::size_t);
void dsyrk_(const char* uplo, const char* trans, const int* n, const int* k, const double* alpha, const double* a,
            const int* lda, const double* beta, double* c, const int* ldc, std::size_t, std::size_t);
}

namespace kernad::linalg {

std::mutex& FortranLock::mutex() {
  static std::mutex instance;
  return instance;
}

void gemm_nn(std::size_t m, std::size_t n, std::size_t k, const double* a, std::size_t lda, const double* b,
             std::size_t ldb, double* c, std::size_t ldc) {
  const int im = fortran_int(m);
  const int in = fortran_int(n);
  const int ik = fortran_int(k);
  const int ilda = fortran_int(lda);
  const int ildb = fortran_int(ldb);
  const int ildc = fortran_int(ldc);
  const double one = 1;
  const double zero = 0;
  const FortranLock lock;
  if (m != 0 && n != 0) dgemm_("N", "N", &im, &in, &ik, &one, a, &ilda, b, &ildb, &zero, c, &ildc, 1, 1);
}

void syrk_upper_transposed(std::size_t n, std::size_t k, const double* a, std::size_t lda, double* c, std::size_t ldc) {
  const int in = fortran_int(n);
  const int ik = fortran_int(k);
  const int ilda = fortran_int(lda);
  const int ildc = fortran_int(ldc);
  const double one = 1;
  const FortranLock lock;
  if (n != 0 && k != 0) dsyrk_("U", "T", &in, &ik, &one, a, &ilda, &one, c, &ildc, 1, 1);
}

}  // namespace kernad::linalg
