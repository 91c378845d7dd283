// says: kernad::to_embeddings(view) copies a kernad::MatrixView<double> into embeddings of float
#include <kernad/kernad.hpp>

std::vector<double> log_density(const kernad::GaussianKDE& density, kernad::MatrixView<double> queries) {
#ifdef KERNAD_WRONG
  return density.log_density(queries);
#else
  return density.log_density(kernad::to_embeddings(queries));
#endif
}

// A view is only constructible from its own type: overloads remain distinct.
int type(kernad::MatrixView<float>);
double type(kernad::MatrixView<double>);
static_assert(std::is_same_v<decltype(type(kernad::Matrix<double>())), double>);
static_assert(std::is_same_v<decltype(type(kernad::MatrixView<float>())), int>);
