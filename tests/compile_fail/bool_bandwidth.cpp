// says: deleted
// says: Bandwidth
#include <kernad/kde_options.hpp>

kernad::KDEOptions options() {
#ifdef KERNAD_WRONG
  return {.bandwidth = true};
#else
  return {.bandwidth = 1};
#endif
}

static_assert(!std::is_constructible_v<kernad::Bandwidth, bool>);
static_assert(!std::is_convertible_v<bool, kernad::Bandwidth>);
static_assert(std::is_convertible_v<float, kernad::Bandwidth>);
