#include "linalg/vendor.hpp"

#include <dlfcn.h>

#include <bit>

extern "C" void dgemm_();

namespace kernad::linalg {

std::string vendor() {
  // Asked for at run time: the library is linked to whatever BLAS there is, and only OpenBLAS has this function.
  if (void* symbol = dlsym(RTLD_DEFAULT, "openblas_get_config")) {
    return std::bit_cast<const char* (*)()>(symbol)();
  }
  Dl_info info{};
  if (dladdr(std::bit_cast<void*>(&dgemm_), &info) != 0 && info.dli_fname != nullptr) return info.dli_fname;
  return "unknown";
}

}  // namespace kernad::linalg
