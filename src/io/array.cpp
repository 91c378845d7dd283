#include "io/array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "io/memory_limit.hpp"
#include "io/message.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

// Numbers converted at a time: their bytes and values stay in the cache between reading and placing.
constexpr std::size_t block = 16384;

// Reads `count` numbers and calls take(index of the first, values) with blocks of them, in the order of the file.
template <typename T, typename Convert, typename Take>
void read_blocks(Source& source, NumberFormat format, std::size_t count, Convert convert, Take take) {
  std::vector<std::byte> bytes(std::min(count, block) * size_of(format.dtype));
  std::vector<T> values(std::min(count, block));
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t part = std::min(count - first, block);
    const auto part_bytes = std::span(bytes).first(part * size_of(format.dtype));
    const auto part_values = std::span(values).first(part);
    source.read_exactly(part_bytes, "the data's next part");
    convert(first, part_bytes, part_values);
    take(first, std::span<const T>(part_values));
  }
}

struct Place {
  std::size_t row;
  std::size_t col;
};

// Of the index-th number of the file. Only asked of arrays that are not empty.
Place place_of(std::size_t index, const Embeddings& table, bool column_major) {
  if (column_major) return {index % table.rows(), index / table.rows()};
  return {index / table.cols(), index % table.cols()};
}

[[noreturn]] void fail_beyond_float(const std::string& name, Place place, double value) {
  throw InvalidInput(fmt::format("{}: row {}, column {}: {} is beyond float32, whose largest value is {}", name,
                                 place.row, place.col, value, std::numeric_limits<float>::max()));
}

Embeddings table_of(const Source& source, const std::vector<std::size_t>& shape) {
  if (shape.size() == 1) return {1, shape[0]};
  if (shape.size() == 2) return {shape[0], shape[1]};
  fail(source.name(), fmt::format("the array is {}; features are rows x columns, or one row", shape_text(shape)));
}

// An array's name as NumPy users know it, and what it is good for here.
std::string_view preferred_name(Role role) { return role == Role::features ? "X" : "y"; }

}  // namespace

bool fits(Role role, const std::vector<std::size_t>& shape) noexcept {
  if (role == Role::features) return shape.size() == 2;
  return shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
}

void check_size(const Source& source, const ArrayLayout& layout, std::uint64_t byte_count) {
  const std::uint64_t start = source.position();
  const std::size_t element = size_of(layout.format.dtype);
  const std::uint64_t needed = checked_size(layout.shape, element, source.name(), start);
  if (needed != byte_count) {
    fail_at(source.name(), start,
            fmt::format("{} numbers of {} bytes are {} bytes but {} follow", shape_text(layout.shape), element, needed,
                        byte_count));
  }
  require_memory(checked_size(layout.shape, sizeof(float), source.name(), start), source.name(), start);
}

Embeddings read_features(Source& source, const ArrayLayout& layout) {
  Embeddings table = table_of(source, layout.shape);
  const auto convert = [&](std::size_t first, std::span<const std::byte> bytes, std::span<float> values) {
    const std::size_t good = decode(bytes, layout.format, values);
    if (good == values.size()) return;
    double value = 0;
    const std::size_t element = size_of(layout.format.dtype);
    decode(bytes.subspan(good * element, element), layout.format, std::span(&value, 1));
    fail_beyond_float(source.name(), place_of(first + good, table, layout.column_major), value);
  };
  const auto take = [&](std::size_t first, std::span<const float> values) {
    if (!layout.column_major) {
      std::copy(values.begin(), values.end(), table.data() + first);
      return;
    }
    auto [row, col] = place_of(first, table, true);
    for (const float value : values) {
      table(row, col) = value;
      if (++row == table.rows()) row = 0, ++col;
    }
  };
  read_blocks<float>(source, layout.format, table.values().size(), convert, take);
  return table;
}

std::vector<std::uint8_t> read_label_array(Source& source, const ArrayLayout& layout) {
  if (!fits(Role::labels, layout.shape)) {
    fail(source.name(),
         fmt::format("the array is {}; labels are one-dimensional, or one column", shape_text(layout.shape)));
  }
  std::vector<std::uint8_t> labels(layout.shape[0]);
  const auto convert = [&](std::size_t, std::span<const std::byte> bytes, std::span<double> values) {
    decode(bytes, layout.format, values);
  };
  const auto take = [&](std::size_t first, std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] != 0 && values[i] != 1) {
        throw InvalidInput(fmt::format("{}: row {}: {} is not a label; valid: 0 (normal) and 1 (anomalous)",
                                       source.name(), first + i, values[i]));
      }
      labels[first + i] = values[i] == 1 ? 1 : 0;
    }
  };
  read_blocks<double>(source, layout.format, labels.size(), convert, take);
  return labels;
}

std::string list_arrays(const std::vector<ArrayEntry>& entries) {
  if (entries.empty()) return "no array";
  constexpr std::size_t most = 12;
  std::string list;
  for (const ArrayEntry& entry : std::span(entries).first(std::min(entries.size(), most))) {
    if (!list.empty()) list += ", ";
    list += fmt::format("{} ({})", quote(entry.name), entry.is_numeric ? shape_text(entry.shape) : "not real numbers");
  }
  return entries.size() > most ? list + fmt::format(" and {} more", entries.size() - most) : list;
}

std::size_t choose_array(const std::string& file, const std::vector<ArrayEntry>& entries, Role role) {
  const auto is_fit = [role](const ArrayEntry& entry) { return entry.is_numeric && fits(role, entry.shape); };
  const auto index = [&](auto found) { return static_cast<std::size_t>(found - entries.begin()); };

  const auto named = std::find_if(entries.begin(), entries.end(),
                                  [role](const ArrayEntry& entry) { return entry.name == preferred_name(role); });
  if (named != entries.end()) return index(named);
  const auto only = std::find_if(entries.begin(), entries.end(), is_fit);
  if (only != entries.end() && std::none_of(only + 1, entries.end(), is_fit)) return index(only);
  fail(file, fmt::format("which array? Name one as {}:NAME. The file holds {}", file, list_arrays(entries)));
}

}  // namespace kernad::io
