#include "c/guard.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <limits>
#include <new>

#include "kernad/version.hpp"

namespace kernad::c {
namespace {

static_assert(KERNAD_INVALID_INPUT == static_cast<int>(ErrorCode::invalid_input));
static_assert(KERNAD_INVALID_PARAMETER == static_cast<int>(ErrorCode::invalid_parameter));
static_assert(KERNAD_NOT_FITTED == static_cast<int>(ErrorCode::not_fitted));
static_assert(KERNAD_READ_ERROR == static_cast<int>(ErrorCode::read_error));
static_assert(KERNAD_WRITE_ERROR == static_cast<int>(ErrorCode::write_error));
static_assert(KERNAD_INTERNAL == static_cast<int>(ErrorCode::internal));

/// The caller's progress function requested a stop.
struct Stopped {};

constexpr const char* kOutOfMemory = "out of memory; try fewer rows or a machine with more";

thread_local std::string message_text;
thread_local const char* message = "";  // message_text, or a literal

kernad_status fail(kernad_status status, const char* text) noexcept {
  try {
    message_text = text;
    message = message_text.c_str();
  } catch (...) {
    message = kOutOfMemory;  // no memory for the message; the code remains
  }
  return status;
}

}  // namespace

kernad_status caught() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return fail(static_cast<kernad_status>(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    message = kOutOfMemory;
    return KERNAD_OUT_OF_MEMORY;
  } catch (const Stopped&) {
    return fail(KERNAD_STOPPED, "stopped by the progress function that was given");
  } catch (const std::exception& error) {
    return fail(KERNAD_INTERNAL, error.what());
  } catch (...) {
    return fail(KERNAD_INTERNAL, "an exception of an unknown type");
  }
}

void forget_error() noexcept { message = ""; }

EmbeddingsView view(const kernad_rows& rows) {
  constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(float);
  if (rows.rows != 0 && (rows.row_stride > most / rows.rows || rows.columns > most / rows.rows)) {
    throw InvalidParameter(fmt::format("rows are {} x {} with a row_stride of {}; no memory can hold that", rows.rows,
                                       rows.columns, rows.row_stride));
  }
  if (rows.rows != 0 && rows.columns != 0) (void)required(rows.data, "rows.data");
  return {rows.data, rows.rows, rows.columns, rows.row_stride};
}

std::span<const double> weights_of(const double* weights, const kernad_rows& rows) {
  return weights == nullptr ? std::span<const double>() : std::span(weights, rows.rows);
}

FitProgress progress_of(kernad_progress progress, void* user) {
  if (progress == nullptr) return {};
  return [=](std::size_t done, std::size_t total) {
    if (progress(done, total, user) != 0) throw Stopped();
  };
}

}  // namespace kernad::c

const char* kernad_last_error(void) { return kernad::c::message; }

const char* kernad_version(void) { return KERNAD_VERSION; }

const char* kernad_status_name(kernad_status status) {
  switch (status) {
    case KERNAD_OK:
      return "ok";
    case KERNAD_OUT_OF_MEMORY:
      return "out_of_memory";
    case KERNAD_STOPPED:
      return "stopped";
    case KERNAD_INVALID_INPUT:
    case KERNAD_INVALID_PARAMETER:
    case KERNAD_NOT_FITTED:
    case KERNAD_READ_ERROR:
    case KERNAD_WRITE_ERROR:
    case KERNAD_INTERNAL:
      return kernad::to_string(static_cast<kernad::ErrorCode>(status)).data();  // a literal
  }
  return "unknown";
}
