// The library's exceptions as those of kernad._errors, with the same message.
#include <nanobind/nanobind.h>

#include <cstring>
#include <exception>

#include "bind.hpp"
#include "kernad/error.hpp"

namespace kernad::python {
namespace {

namespace nb = nanobind;

const char* class_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
      return "InvalidInput";
    case ErrorCode::invalid_parameter:
      return "InvalidParameter";
    case ErrorCode::not_fitted:
      return "NotFittedError";
    case ErrorCode::read_error:
      return "ReadError";
    case ErrorCode::write_error:
      return "WriteError";
    case ErrorCode::internal:
      break;
  }
  return "InternalError";
}

/// Looked up when thrown: kernad._errors is imported by then, and no state is kept here.
void set_error(const char* name, const char* message) {
  try {
    const nb::object type = nb::module_::import_("kernad._errors").attr(name);
    // A path in it need not be UTF-8.
    const nb::object text =
        nb::steal(PyUnicode_DecodeUTF8(message, static_cast<Py_ssize_t>(std::strlen(message)), "backslashreplace"));
    if (text.is_valid()) PyErr_SetObject(type.ptr(), text.ptr());
  } catch (nb::python_error& error) {
    error.restore();
  }
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const Error& error) {
    set_error(class_name(error.code()), error.what());
  }
}

}  // namespace

void bind_errors() { nb::register_exception_translator(translate); }

}  // namespace kernad::python
