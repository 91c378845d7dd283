// What every function of the C interface goes through: arguments are checked, exceptions become codes.
#pragma once

#include <span>
#include <string>

#include "kernad/error.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/kernad.h"
#include "kernad/matrix.hpp"

namespace kernad::c {

/// The exception in flight as a code; its message is what kernad_last_error() returns.
[[nodiscard]] kernad_status caught() noexcept;

/// kernad_last_error() returns "" from now on. Allocates nothing.
void forget_error() noexcept;

/// Runs the body of a function. No exception leaves it.
template <typename Body>
[[nodiscard]] kernad_status guarded(const Body& body) noexcept {
  try {
    forget_error();
    body();
    return KERNAD_OK;
  } catch (...) {
    return caught();
  }
}

/// Runs `make` and passes ownership of its result to the caller in *out, which is null if it fails.
template <typename Handle, typename Make>
[[nodiscard]] kernad_status made(Handle** out, const Make& make) noexcept {
  return guarded([&] {
    if (out == nullptr) throw InvalidParameter("out is NULL; it must point to where the result goes");
    *out = nullptr;
    *out = make().release();
  });
}

/// The object that the argument called `name` points to. Throws InvalidParameter for NULL.
template <typename T>
[[nodiscard]] T& required(T* argument, const char* name) {
  if (argument == nullptr) throw InvalidParameter(std::string(name) + " is NULL; it must point to something");
  return *argument;
}

/// The rows as a view. Throws InvalidParameter for one that no memory can hold, such as a negative number of rows.
[[nodiscard]] EmbeddingsView view(const kernad_rows& rows);

/// One weight per row, or none for NULL.
[[nodiscard]] std::span<const double> weights_of(const double* weights, const kernad_rows& rows);

/// Calls the caller's function, if there is one; when that requests a stop, throws an exception that caught()
/// recognises.
[[nodiscard]] FitProgress progress_of(kernad_progress progress, void* user);

}  // namespace kernad::c
