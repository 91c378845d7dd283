// JSON from strangers: no duplicate keys, no nesting beyond what the reader expects, none of the parser's own
// exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace kernad::serialise {

/// Parses `text`, which lies at byte `offset` of the file `name`. Throws ReadError when it is not one well-formed value
/// in UTF-8, has the same key twice in an object, nests deeper than `max_depth` objects and arrays, or has more than
/// `max_values` values. All of that is checked before any value is stored.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, std::size_t max_depth, const std::string& name,
                                        std::uint64_t offset,
                                        std::size_t max_values = std::numeric_limits<std::size_t>::max());

}  // namespace kernad::serialise
