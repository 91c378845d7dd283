// says: kernad::to_embeddings(view) copies a kernad::MatrixView<double> into embeddings of float
#include <kernad/kernad.hpp>

bool fit(kernad::KDEClassifier& classifier, const std::vector<double>& values) {
#ifdef KERNAD_WRONG
  return classifier.fit({values.data(), 2, 3});
#else
  return classifier.fit(kernad::to_embeddings({values.data(), 2, 3}));
#endif
}
