// A report parsed as a browser would, for tests.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace kernad::testing {

using Cells = std::vector<std::vector<std::string>>;  ///< rows of a table, its heading first

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
};

struct Page {
  std::string title;
  std::string text;  ///< everything a reader sees, and the style sheet
  std::vector<Element> elements;
  std::vector<Cells> tables;

  /// The first table whose heading starts with `first`; throws std::runtime_error if there is none.
  [[nodiscard]] const Cells& table(const std::string& first) const;
  [[nodiscard]] std::vector<Element> named(const std::string& name) const;
};

/// Throws std::runtime_error with line and reason unless `html` is also well-formed XML.
[[nodiscard]] Page parse_page(const std::string& html);

}  // namespace kernad::testing
