// Suggestions for mistyped names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kernad::cli {

/// "; did you mean NAME?" for the name that is nearest to `given`, if it differs by at most a third of its letters;
/// else empty. Distance: letters inserted, deleted or replaced (Levenshtein 1966) or neighbours swapped, ignoring case.
[[nodiscard]] std::string suggestion(std::string_view given, std::span<const std::string> names);

}  // namespace kernad::cli
