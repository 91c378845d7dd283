// says: deleted
// says: ComponentCount
#include <kernad/pca.hpp>

kernad::PCA pca() {
#ifdef KERNAD_WRONG
  return kernad::PCA(true);
#else
  return kernad::PCA(1);
#endif
}

static_assert(!std::is_constructible_v<kernad::ComponentCount, bool>);
static_assert(!std::is_convertible_v<bool, kernad::ComponentCount>);
static_assert(std::is_convertible_v<unsigned char, kernad::ComponentCount>);
