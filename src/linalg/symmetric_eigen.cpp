#include "linalg/symmetric_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "linalg/fortran.hpp"

// The trailing lengths of the character arguments are part of the Fortran ABI.
extern "C" {
void dsytrd_(const char* uplo, const int* n, double* a, const int* lda, double* d, double* e, double* tau, double* work,
             const int* lwork, int* info, std::size_t);
void dsterf_(const int* n, double* d, double* e, int* info);
void dstemr_(const char* jobz, const char* range, const int* n, double* d, double* e, const double* vl,
             const double* vu, const int* il, const int* iu, int* m, double* w, double* z, const int* ldz,
             const int* nzc, int* isuppz, int* tryrac, double* work, const int* lwork, int* iwork, const int* liwork,
             int* info, std::size_t, std::size_t);
void dormtr_(const char* side, const char* uplo, const char* trans, const int* m, const int* n, const double* a,
             const int* lda, const double* tau, double* c, const int* ldc, double* work, const int* lwork, int* info,
             std::size_t, std::size_t, std::size_t);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
             const int* lwork, int* info);
}

namespace kernad::linalg {
namespace {

constexpr int kBlock = 64;  // LAPACK's workspace grows with its block size, which no build sets higher

void check(const char* routine, int info) {
  if (info != 0)
    throw Error(ErrorCode::internal,
                std::string("LAPACK's ") + routine + " failed with info = " + std::to_string(info));
}

/// Scales the matrix by a power of two so that its largest diagonal entry is in [1/2, 1) and nothing over- or
/// underflows inside LAPACK; returns the exponent. The diagonal of a positive semidefinite matrix bounds all its
/// entries.
int normalise(std::vector<double>& matrix, std::size_t n) {
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(matrix[i * n + i]));
  int exponent = 0;
  std::frexp(largest, &exponent);
  if (largest == 0) return 0;
  for (double& x : matrix) x = std::ldexp(x, -exponent);
  return exponent;
}

struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> off_diagonal;  // n entries, the last one scratch for LAPACK
  std::vector<double> reflectors;    // tau
};

Tridiagonal reduce(std::vector<double>& matrix, int n) {
  const auto size = static_cast<std::size_t>(n);
  Tridiagonal t{std::vector<double>(size), std::vector<double>(size), std::vector<double>(size)};
  std::vector<double> work(size * kBlock);
  const int lwork = n * kBlock;
  int info = 0;
  dsytrd_("U", &n, matrix.data(), &n, t.diagonal.data(), t.off_diagonal.data(), t.reflectors.data(), work.data(),
          &lwork, &info, 1);
  check("dsytrd", info);
  return t;
}

/// The `count` largest eigenvectors of the tridiagonal matrix, ascending by eigenvalue, column-major n x count.
std::vector<double> tridiagonal_eigenvectors(const Tridiagonal& t, int n, int count) {
  const auto size = static_cast<std::size_t>(n);
  std::vector<double> diagonal = t.diagonal;
  std::vector<double> off_diagonal = t.off_diagonal;
  std::vector<double> values(size);
  std::vector<double> vectors(size * static_cast<std::size_t>(count));
  std::vector<int> support(2 * size);
  std::vector<double> work(18 * size);
  std::vector<int> iwork(10 * size);
  const int lwork = 18 * n;
  const int liwork = 10 * n;
  const int first = n - count + 1;
  const double unused = 0;
  int found = 0;
  int high_relative_accuracy = 0;
  int info = 0;
  dstemr_("V", "I", &n, diagonal.data(), off_diagonal.data(), &unused, &unused, &first, &n, &found, values.data(),
          vectors.data(), &n, &count, support.data(), &high_relative_accuracy, work.data(), &lwork, iwork.data(),
          &liwork, &info, 1, 1);
  check("dstemr", info);
  return vectors;
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> matrix, std::size_t n,
                               const std::function<std::size_t(std::span<const double>)>& choose) {
  const FortranLock lock;
  const int in = fortran_int(n);
  const int exponent = normalise(matrix, n);
  const Tridiagonal t = reduce(matrix, in);

  SymmetricEigen eigen;
  eigen.values = t.diagonal;
  std::vector<double> off_diagonal = t.off_diagonal;
  int info = 0;
  dsterf_(&in, eigen.values.data(), off_diagonal.data(), &info);
  check("dsterf", info);
  std::reverse(eigen.values.begin(), eigen.values.end());
  for (double& value : eigen.values) value = std::ldexp(value, exponent);

  const std::size_t count = choose(eigen.values);
  eigen.vectors = Matrix<double>(count, n);
  if (count == 0) return eigen;
  const int icount = fortran_int(count);
  std::vector<double> columns = tridiagonal_eigenvectors(t, in, icount);
  std::vector<double> work(std::max(n, count) * kBlock);
  const int lwork = fortran_int(work.size());
  dormtr_("L", "U", "N", &in, &icount, matrix.data(), &in, t.reflectors.data(), columns.data(), &in, work.data(),
          &lwork, &info, 1, 1, 1);
  check("dormtr", info);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(columns.data() + (count - 1 - i) * n, n, eigen.vectors.row(i).data());
  }
  return eigen;
}

namespace {

/// Rows as columns: Householder vectors and R in their place. Returns tau. The caller holds the lock.
std::vector<double> factorise(Matrix<double>& vectors, std::vector<double>& work) {
  const int m = fortran_int(vectors.cols());
  const int n = fortran_int(vectors.rows());
  std::vector<double> tau(vectors.rows());
  work.resize(vectors.rows() * kBlock);
  const int lwork = fortran_int(work.size());
  int info = 0;
  dgeqrf_(&m, &n, vectors.data(), &m, tau.data(), work.data(), &lwork, &info);
  check("dgeqrf", info);
  return tau;
}

}  // namespace

std::vector<double> parts_beyond_previous(Matrix<double>& vectors) {
  std::vector<double> work;
  {
    const FortranLock lock;
    factorise(vectors, work);
  }
  std::vector<double> parts(vectors.rows());
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = std::abs(vectors(i, i));
  return parts;
}

void orthonormalise_rows(Matrix<double>& vectors) {
  const FortranLock lock;
  const int m = fortran_int(vectors.cols());
  const int n = fortran_int(vectors.rows());
  std::vector<double> work;
  const std::vector<double> tau = factorise(vectors, work);
  const int lwork = fortran_int(work.size());
  int info = 0;
  dorgqr_(&m, &n, &n, vectors.data(), &m, tau.data(), work.data(), &lwork, &info);
  check("dorgqr", info);
}

void fix_signs(Matrix<double>& vectors) {
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    const auto row = vectors.row(i);
    const auto largest =
        std::max_element(row.begin(), row.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (largest != row.end() && *largest < 0) {
      for (double& x : row) x = -x;
    }
  }
}

}  // namespace kernad::linalg
