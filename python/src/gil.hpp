// The state while the library works for Python.
#pragma once

#include <nanobind/nanobind.h>

#include "kernad/interrupt.hpp"

namespace kernad::python {

/// Releases the GIL; library calls regularly let Python handle signals, so that Ctrl-C ends them (only in Python's main
/// thread, where Python handles signals).
class WithoutGil {
 public:
  WithoutGil() : scope_(&handle_signals) {}

 private:
  static void handle_signals() {
    const nanobind::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
  }

  nanobind::gil_scoped_release release_;
  InterruptScope scope_;
};

}  // namespace kernad::python
