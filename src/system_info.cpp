#include "kernad/system_info.hpp"

#include <fstream>

#include "kernad/version.hpp"
#include "kernels/kernels.hpp"
#include "linalg/vendor.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad {
namespace {

/// Linux tells the processor's name in /proc/cpuinfo, on x86-64 as "model name".
std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

SystemInfo system_info() {
  SystemInfo info;
  info.version = KERNAD_VERSION;
  info.cpu = cpu_name();
  info.kernel_target = kernels::active().target;
  info.kernel_targets = kernels::available_targets();
  info.blas = linalg::vendor();
  info.threads = parallel::resolve_threads(0);
  return info;
}

}  // namespace kernad
