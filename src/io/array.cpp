#include "io/array.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "files/memory_limit.hpp"
#include "files/message.hpp"
#include "io/labels.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

// The name that NumPy users give the array of this role.
std::string_view preferred_name(Role role) { return role == Role::features ? "X" : "y"; }

}  // namespace

bool fits(Role role, const std::vector<std::size_t>& shape) noexcept {
  if (role == Role::features) return shape.size() == 2;
  return shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
}

void check_size(const files::Source& source, const ArrayLayout& layout, std::uint64_t byte_count) {
  const std::uint64_t start = source.position();
  const std::size_t element = size_of(layout.format.dtype);
  const std::uint64_t needed = files::checked_size(layout.shape, element, source.name(), start);
  if (needed != byte_count) {
    files::fail_at(source.name(), start,
                   fmt::format("{} numbers of {} bytes are {} bytes but {} follow", files::shape_text(layout.shape),
                               element, needed, byte_count));
  }
}

std::vector<std::uint8_t> read_label_array(files::Source& source, const ArrayLayout& layout,
                                           const LabelOptions& options) {
  if (!fits(Role::labels, layout.shape)) {
    files::fail(source.name(), fmt::format("the array is {}; labels are one-dimensional, or one column",
                                           files::shape_text(layout.shape)));
  }
  const std::uint64_t start = source.position();
  files::require_memory(files::checked_size(layout.shape, sizeof(double), source.name(), start), source.name(), start);
  std::vector<double> numbers(layout.shape[0]);
  std::vector<std::byte> bytes;
  for (std::size_t first = 0; first < numbers.size(); first += array_block) {
    const auto part = std::span(numbers).subspan(first, std::min(array_block, numbers.size() - first));
    bytes.resize(part.size() * size_of(layout.format.dtype));
    source.read_exactly(bytes, "the data's next part");
    files::decode(bytes, layout.format, part);
  }
  source.expect_unchanged();
  return parse_label_numbers(numbers, source.name(), options);
}

std::string list_arrays(const std::vector<ArrayEntry>& entries) {
  if (entries.empty()) return "no array";
  constexpr std::size_t max_listed = 12;
  std::string list;
  for (const ArrayEntry& entry : std::span(entries).first(std::min(entries.size(), max_listed))) {
    if (!list.empty()) list += ", ";
    list += fmt::format("{} ({})", files::quote(entry.name),
                        entry.is_numeric ? files::shape_text(entry.shape) : "not real numbers");
  }
  return entries.size() > max_listed ? list + fmt::format(" and {} more", entries.size() - max_listed) : list;
}

std::size_t choose_array(const std::string& file, const std::vector<ArrayEntry>& entries, Role role) {
  const auto is_fit = [role](const ArrayEntry& entry) { return entry.is_numeric && fits(role, entry.shape); };
  const auto index = [&](auto found) { return static_cast<std::size_t>(found - entries.begin()); };

  const auto named = std::find_if(entries.begin(), entries.end(),
                                  [role](const ArrayEntry& entry) { return entry.name == preferred_name(role); });
  if (named != entries.end()) return index(named);
  const auto only = std::find_if(entries.begin(), entries.end(), is_fit);
  if (only != entries.end() && std::none_of(only + 1, entries.end(), is_fit)) return index(only);
  files::fail(file, fmt::format("which array? Name one as {}:NAME. The file holds {}", file, list_arrays(entries)));
}

}  // namespace kernad::io
