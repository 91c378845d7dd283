// Files built in memory, byte by byte, for the readers in src/io: valid ones, and ones with false headers.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernad/error.hpp"

namespace kernad::testing {

/// The bytes of values in this machine's byte order, or in the other.
template <typename T>
std::string raw(const std::vector<T>& values, bool swap = false) {
  std::string bytes;
  for (const T value : values) {
    std::string one(sizeof(T), '\0');
    std::memcpy(one.data(), &value, sizeof(T));
    bytes += swap ? std::string(one.rbegin(), one.rend()) : one;
  }
  return bytes;
}

/// A .npy of this version with exactly this dict literal.
inline std::string npy_with_header(const std::string& dict, const std::string& data, char major = 1) {
  const auto length = static_cast<std::uint32_t>(dict.size());
  std::string file = "\x93NUMPY";
  file += major;
  file += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) file += static_cast<char>((length >> (8 * i)) & 0xff);
  return file + dict + data;
}

/// A .npy as NumPy writes it; `shape` as in Python, "(2, 3)".
inline std::string npy(const std::string& descr, const std::string& shape, const std::string& data,
                       bool fortran = false, char major = 1) {
  const std::string order = fortran ? "True" : "False";
  return npy_with_header("{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n", data,
                         major);
}

/// A .safetensors with exactly this header.
inline std::string safetensors(const std::string& header, const std::string& data) {
  return raw(std::vector<std::uint64_t>{header.size()}) + header + data;
}

inline std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

/// Runs `action`, which must throw E and nothing else, and returns its message.
template <typename E>
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "threw something else: " << error.what();
    return "";
  }
  ADD_FAILURE() << "accepted";
  return "";
}

/// Gives `parse` every proper prefix of `file`; each must be refused with a one-line ReadError.
inline void refuse_every_truncation(const std::string& file, const std::function<void(const std::string&)>& parse) {
  for (std::size_t size = 0; size < file.size(); ++size) {
    SCOPED_TRACE(size);
    const std::string message = message_of<ReadError>([&] { parse(file.substr(0, size)); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

/// Gives `parse` the file with each single bit flipped. Each must give a result or a kernad::Error.
/// Returns how many were refused.
inline std::size_t flip_every_bit(std::string file, const std::function<void(const std::string&)>& parse) {
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto flip = [&] { file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << (bit % 8))); };
    flip();
    try {
      parse(file);
    } catch (const Error&) {
      ++refused;
    }
    flip();
  }
  return refused;
}

}  // namespace kernad::testing
