// The exceptions that cross kernad's public boundary. Every message names the offending value, its place (row, column,
// file, byte) where there is one, and what would be valid.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernad/export.hpp"

namespace kernad {

/// What went wrong, for programs: exit statuses, Python's exceptions and the C interface follow from it. The numbers do
/// not change from version to version; 7 and 8 are taken by the C interface.
enum class ErrorCode : std::uint8_t {
  invalid_input = 1,
  invalid_parameter = 2,
  not_fitted = 3,
  read_error = 4,
  write_error = 5,
  internal = 6,  ///< a fault of kernad, or of a library that it calls; thrown as Error itself
};

/// "invalid_input", "invalid_parameter", "not_fitted", "read_error", "write_error", "internal".
[[nodiscard]] KERNAD_API std::string_view to_string(ErrorCode code) noexcept;

/// Base of everything kernad throws on purpose. (std::bad_alloc may pass through as itself.)
class KERNAD_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  /// What went wrong, for programs.
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// The data are wrong: empty, NaN or infinite, the wrong number of columns, beyond float32, all rows alike.
class KERNAD_API InvalidInput : public Error {
 public:
  explicit InvalidInput(const std::string& message) : Error(ErrorCode::invalid_input, message) {}
};

/// A parameter or option is outside its range, or a text is not one of those that are known.
class KERNAD_API InvalidParameter : public Error {
 public:
  explicit InvalidParameter(const std::string& message) : Error(ErrorCode::invalid_parameter, message) {}
};

/// A result was asked of something that has not been fitted or loaded.
class KERNAD_API NotFitted : public Error {
 public:
  explicit NotFitted(const std::string& message) : Error(ErrorCode::not_fitted, message) {}
};

/// A file cannot be read, or its content is not what it claims: names the path and, inside it, the byte or line.
class KERNAD_API ReadError : public Error {
 public:
  explicit ReadError(const std::string& message) : Error(ErrorCode::read_error, message) {}
};

/// A file cannot be written (full disk, no permission). What stood there before is still whole.
class KERNAD_API WriteError : public Error {
 public:
  explicit WriteError(const std::string& message) : Error(ErrorCode::write_error, message) {}
};

}  // namespace kernad
