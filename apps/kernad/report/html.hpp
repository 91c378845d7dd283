// Self-contained HTML: no script, no font, no network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kernad::cli::html {

/// Text made safe between tags and in quoted attributes. Control characters and invalid UTF-8 become U+FFFD.
[[nodiscard]] std::string escape(std::string_view text);

/// The whole page around `body`, which is HTML. Light and dark, for screens of any width and for paper.
[[nodiscard]] std::string page(std::string_view title, std::string_view body);

/// A table; the first cell of each row is its heading. Cells are text. caption, heading: left out where empty.
[[nodiscard]] std::string table(std::string_view caption, const std::vector<std::string>& heading,
                                const std::vector<std::vector<std::string>>& rows);

}  // namespace kernad::cli::html
