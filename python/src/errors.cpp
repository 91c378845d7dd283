// The library's exceptions as those of kernad._errors, with the same message.
#include <nanobind/nanobind.h>

#include <exception>

#include "bind.hpp"
#include "kernad/error.hpp"

namespace kernad::python {
namespace {

namespace nb = nanobind;

/// Looked up when thrown: kernad._errors is then imported, and no state is kept here.
void set_error(const char* name, const char* message) {
  try {
    const nb::object type = nb::module_::import_("kernad._errors").attr(name);
    PyErr_SetString(type.ptr(), message);
  } catch (nb::python_error& error) {
    error.restore();
  }
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const InvalidInput& error) {
    set_error("InvalidInput", error.what());
  } catch (const InvalidParameter& error) {
    set_error("InvalidParameter", error.what());
  } catch (const NotFitted& error) {
    set_error("NotFittedError", error.what());
  } catch (const ReadError& error) {
    set_error("ReadError", error.what());
  } catch (const WriteError& error) {
    set_error("WriteError", error.what());
  }
}

}  // namespace

void bind_errors() { nb::register_exception_translator(translate); }

}  // namespace kernad::python
