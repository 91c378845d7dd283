// What holds while the library works for Python.
#pragma once

#include <nanobind/nanobind.h>

#include "kernad/interrupt.hpp"

namespace kernad::python {

/// The GIL is free, and calls of the library now and then let Python handle its signals, so that Ctrl-C ends them (in
/// Python's main thread; elsewhere Python handles none).
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
