#include "linalg/blas.hpp"

#include <sys/mman.h>

#include <new>

#include "linalg/fortran.hpp"
#include "linalg/vendor.hpp"

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

FortranLock::FortranLock() : lock_(mutex()) {
  // OpenBLAS takes its scratch memory at the first call, for good, and where there is none it tries again for ever.
  static bool has_scratch = vendor().rfind("OpenBLAS", 0) != 0;
  if (has_scratch) return;
  constexpr std::size_t kScratch = std::size_t{128} << 20;  // its BUFFER_SIZE on x86-64, of which others are a part
  void* const memory = ::mmap(nullptr, kScratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::munmap(memory, kScratch);
  has_scratch = true;
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
