// The exceptions that cross kernad's public boundary. Every message names the offending value, its
// place (row, column, file, byte) where there is one, and what would be valid.
#pragma once

#include <stdexcept>
#include <string>

#include "kernad/export.hpp"

namespace kernad {

/// Base of everything kernad throws on purpose. (std::bad_alloc may pass through as itself.)
class KERNAD_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The data are wrong: empty, NaN or infinite, the wrong number of columns, beyond float32, all rows alike.
class KERNAD_API InvalidInput : public Error {
 public:
  using Error::Error;
};

/// A parameter or option is outside its range, or a text is not one of those that are known.
class KERNAD_API InvalidParameter : public Error {
 public:
  using Error::Error;
};

/// A result was asked of something that has not been fitted or loaded.
class KERNAD_API NotFitted : public Error {
 public:
  using Error::Error;
};

/// A file cannot be read, or its content is not what it claims: names the path and, inside it, the byte or line.
class KERNAD_API ReadError : public Error {
 public:
  using Error::Error;
};

/// A file cannot be written (full disk, no permission). What stood there before is still whole.
class KERNAD_API WriteError : public Error {
 public:
  using Error::Error;
};

}  // namespace kernad
