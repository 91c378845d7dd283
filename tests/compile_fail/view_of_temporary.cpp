// says: deleted
// says: view() const&&
#include <kernad/matrix.hpp>

kernad::Embeddings make();
std::size_t rows(kernad::EmbeddingsView view);

std::size_t use() {
#ifdef KERNAD_WRONG
  const auto view = make().view();
  return rows(view);
#else
  const auto matrix = make();
  return rows(matrix.view()) + rows(make());  // as an argument, a temporary lives long enough
#endif
}
