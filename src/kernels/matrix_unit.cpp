#include "kernels/matrix_unit.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace kernad::kernels {

#if defined(__x86_64__) && defined(__linux__)
namespace {

bool ask() {
  constexpr unsigned kTile = 1U << 24;  // bits of EDX of leaf 7
  constexpr unsigned kBfloat16 = 1U << 22;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  if ((d & kTile) == 0 || (d & kBfloat16) == 0) return false;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool matrix_unit_available() {
  static const bool available = ask();
  return available;
}
#else
bool matrix_unit_available() { return false; }
#endif

}  // namespace kernad::kernels
