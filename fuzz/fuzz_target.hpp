// Shared by all fuzz targets: the entry point, and what a parser may throw for hostile bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "kernad/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kernad::fuzz {

/// Runs `parse`. It may refuse its input with a kernad::Error that fits on one line; anything else that it throws, even
/// std::bad_alloc, ends the process and is a finding.
template <typename Parse>
void expect_result_or_error(Parse parse) {
  try {
    parse();
  } catch (const Error& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) std::abort();
  }
}

/// Aborts unless the condition holds.
inline void expect(bool kept) {
  if (!kept) std::abort();
}

}  // namespace kernad::fuzz
