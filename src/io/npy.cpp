#include "io/npy.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "files/message.hpp"
#include "io/array_rows.hpp"

namespace kernad::io {
namespace {

// The header of an array of numbers has about a hundred bytes; only records with very many fields approach this limit.
constexpr std::uint32_t max_header = 1u << 20;

// A little-endian number of out.size() bytes.
template <std::size_t size>
std::uint32_t read_length(files::Source& source) {
  std::array<std::byte, size> bytes;
  source.read_exactly(bytes, "the header's length");
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return value;
}

// Checks magic and version; returns the major version.
unsigned read_version(files::Source& source) {
  std::array<std::byte, 8> preamble;
  source.read_exactly(preamble, "the signature of a .npy file");
  if (std::memcmp(preamble.data(), "\x93NUMPY", 6) != 0) {
    files::fail_at(source.name(), 0, "this is not a .npy file: its signature is missing");
  }
  const auto major = std::to_integer<unsigned>(preamble[6]);
  const auto minor = std::to_integer<unsigned>(preamble[7]);
  if (major < 1 || major > 3 || minor != 0) {
    files::fail_at(source.name(), 6, fmt::format("unknown .npy version {}.{}; valid: 1.0, 2.0, 3.0", major, minor));
  }
  return major;
}

std::string what_descr_is(const std::string& descr) {
  const char kind = descr.size() > 1 ? descr[1] : '\0';
  if (descr.starts_with('[')) return "a record of fields";
  if (kind == 'O') return "Python objects, which kernad never unpickles";
  if (kind == 'U' || kind == 'S' || kind == 'a') return "text";
  if (kind == 'c') return "complex numbers";
  if (kind == 'M' || kind == 'm') return "dates or durations";
  return "not a type that kernad reads";
}

}  // namespace

NpyHeader read_npy_header(files::Source& source) {
  const unsigned major = read_version(source);
  const std::uint32_t length = major == 1 ? read_length<2>(source) : read_length<4>(source);
  const std::uint64_t start = source.position();
  if (length > source.remaining()) {
    files::fail_at(source.name(), start,
                   fmt::format("the header is {} bytes but the file ends after {}", length, source.remaining()));
  }
  if (length > max_header) {
    files::fail_at(source.name(), start,
                   fmt::format("the header is {} bytes; at most {} is valid", length, max_header));
  }
  std::string text(length, '\0');
  source.read_exactly(std::as_writable_bytes(std::span(text)), "the header");
  return parse_npy_dict(text, source.name(), start);
}

ArrayLayout npy_layout(const files::Source& source, const NpyHeader& header) {
  if (!header.format) {
    files::fail(source.name(), fmt::format("its type {} is {}; valid: bool, integers, float16, float32, float64",
                                           files::quote(header.descr), what_descr_is(header.descr)));
  }
  if (header.shape.empty()) files::fail(source.name(), "the array is a scalar; one or two dimensions are needed");
  ArrayLayout layout{*header.format, header.shape, header.fortran_order};
  check_size(source, layout, source.remaining());
  return layout;
}

std::unique_ptr<RowSource> npy_rows(std::unique_ptr<files::Source> source, bool keep_rest) {
  const NpyHeader header = read_npy_header(*source);
  const ArrayLayout layout = npy_layout(*source, header);
  return array_rows(std::move(source), layout, AfterArray::source_ends, keep_rest);
}

std::vector<std::uint8_t> read_npy_labels(files::Source& source, const LabelOptions& options) {
  const NpyHeader header = read_npy_header(source);
  std::vector<std::uint8_t> labels = read_label_array(source, npy_layout(source, header), options);
  source.expect_end();
  return labels;
}

}  // namespace kernad::io
