// Describes this build and this machine, for `kernad info`, bug reports and benchmarks.
#pragma once

#include <string>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// What system_info() reports.
struct SystemInfo {
  std::string version;                      ///< of kernad, "MAJOR.MINOR.PATCH"
  std::string cpu;                          ///< the processor's own name; "unknown" when the system does not report it
  std::string kernel_target;                ///< the instruction set that scoring uses here, one of kernel_targets
  std::vector<std::string> kernel_targets;  ///< the compiled-in ones that this CPU can run, best first
  std::string blas;                         ///< the BLAS/LAPACK that is loaded
  int threads = 1;                          ///< what a call uses by default
};

/// KERNAD_TARGET selects one of kernel_targets instead of the best, and KERNAD_NUM_THREADS sets the default number of
/// threads; kernad reads no other environment variable. Throws InvalidParameter when either is set to something that
/// this machine does not support, and names what it does.
[[nodiscard]] KERNAD_API SystemInfo system_info();

}  // namespace kernad
