// Which BLAS is behind the standard interface.
#pragma once

#include <string>

namespace kernad::linalg {

/// OpenBLAS's own description, or the file that holds the loaded dgemm.
[[nodiscard]] std::string vendor();

}  // namespace kernad::linalg
