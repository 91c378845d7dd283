// HTML that needs nothing beside itself: no script, no font, no network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kernad::cli::html {

/// Text as it may stand between tags and in quoted attributes. What is not UTF-8 or a control character becomes U+FFFD.
[[nodiscard]] std::string escape(std::string_view text);

/// The whole page around `body`, which is HTML. Light and dark, for screens of any width and for paper.
[[nodiscard]] std::string page(std::string_view title, std::string_view body);

/// A table; the first cell of each row is its heading. Cells are text. caption, heading: left out where empty.
[[nodiscard]] std::string table(std::string_view caption, const std::vector<std::string>& heading,
                                const std::vector<std::vector<std::string>>& rows);

}  // namespace kernad::cli::html
