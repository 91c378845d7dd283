// One line of JSON Lines as fields of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kernad::serialise {

struct JsonRecord {
  bool has_names = false;           ///< an object, not an array or a value alone
  std::vector<std::string> names;   ///< of the fields, in order, if it has some
  std::vector<std::string> fields;  ///< numbers as written; true is 1, false 0, null empty
};

/// `{"a": 1, "v": [2, 3]}` has the fields a, v[0] and v[1]; `[1, 2]` has two without names, `1` one. Containers
/// nested deeper in an object are fields of JSON text; NaN and Infinity are fields of that text. Throws ReadError
/// naming the line if the text is no such value in UTF-8, is an array with containers in it, or has a key twice.
[[nodiscard]] JsonRecord parse_json_record(std::string_view text, const std::string& name, std::uint64_t line);

}  // namespace kernad::serialise
