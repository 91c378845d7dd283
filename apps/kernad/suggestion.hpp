// What somebody may have meant who mistyped a name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kernad::cli {

/// "; did you mean NAME?" for the name that is nearest to `given`, if it differs by a third of its letters at most;
/// else empty. Distance: letters inserted, left out or replaced (Levenshtein 1966), neighbours swapped being one, in
/// any case.
[[nodiscard]] std::string suggestion(std::string_view given, std::span<const std::string> names);

}  // namespace kernad::cli
