// only: clang
// says: temporary whose address is used as value of local variable 'view' will be destroyed
#include <kernad/matrix.hpp>

kernad::Embeddings make();

float use() {
#ifdef KERNAD_WRONG
  const kernad::EmbeddingsView view = make();
#else
  const auto matrix = make();
  const kernad::EmbeddingsView view = matrix;
#endif
  return view.row(0)[0];
}
