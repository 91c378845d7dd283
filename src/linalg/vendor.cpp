#include "linalg/vendor.hpp"

#include <dlfcn.h>

#include <bit>

extern "C" void ddot_();
extern "C" char* openblas_get_config() __attribute__((weak));  // only in OpenBLAS

namespace kernad::linalg {

std::string vendor() {
  if (openblas_get_config != nullptr) return openblas_get_config();  // linked statically, or by its own name
  // The standard names may resolve to an OpenBLAS that only the loader knows of.
  if (void* symbol = dlsym(RTLD_DEFAULT, "openblas_get_config")) {
    return std::bit_cast<const char* (*)()>(symbol)();
  }
  Dl_info info{};
  if (dladdr(std::bit_cast<void*>(&ddot_), &info) != 0 && info.dli_fname != nullptr) return info.dli_fname;
  return "unknown";
}

}  // namespace kernad::linalg
