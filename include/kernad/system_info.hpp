// What this build and this machine are: for `kernad info`, bug reports and benchmarks.
#pragma once

#include <string>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// What system_info() finds out.
struct SystemInfo {
  std::string version;                      ///< of kernad, "MAJOR.MINOR.PATCH"
  std::string cpu;                          ///< the processor's own name; "unknown" when the system does not tell
  std::string kernel_target;                ///< instruction set that scoring uses here, one of kernel_targets
  std::vector<std::string> kernel_targets;  ///< those compiled in that this CPU can run, best first
  std::string blas;                         ///< the BLAS/LAPACK that is loaded
  int threads = 1;                          ///< what a call uses when it is not told otherwise
};

/// KERNAD_TARGET names one of kernel_targets to be used instead of the best, KERNAD_NUM_THREADS the default number of
/// threads; these two are all of the environment that kernad reads. Throws InvalidParameter when either is set to
/// something this machine cannot do, naming what it can.
[[nodiscard]] KERNAD_API SystemInfo system_info();

}  // namespace kernad
