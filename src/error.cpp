#include "kernad/error.hpp"

namespace kernad {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::invalid_parameter:
      return "invalid_parameter";
    case ErrorCode::not_fitted:
      return "not_fitted";
    case ErrorCode::read_error:
      return "read_error";
    case ErrorCode::write_error:
      return "write_error";
    case ErrorCode::internal:
      break;
  }
  return "internal";
}

}  // namespace kernad
