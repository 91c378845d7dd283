// Finds a model's columns by name in a table that has them in another order.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "io/column_roles.hpp"
#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad {
namespace io {
namespace {

bool contains(std::span<const std::string> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Refuses names that occur more than once in the table.
void require_once(std::span<const std::string> wanted, std::span<const std::string> found) {
  for (const std::string& name : wanted) {
    const auto times = std::count(found.begin(), found.end(), name);
    if (times < 2) continue;
    throw InvalidInput(fmt::format("{} columns are named {}, which is one column of the model; each must be there once",
                                   times, files::quote(name)));
  }
}

}  // namespace
}  // namespace io

std::vector<std::size_t> match_columns(std::span<const std::string> wanted, std::span<const std::string> found,
                                       std::span<const std::string> known) {
  io::require_once(wanted, found);
  std::vector<std::size_t> order;
  std::vector<std::string> missing;
  for (const std::string& name : wanted) {
    const auto at = std::find(found.begin(), found.end(), name);
    if (at == found.end()) {
      missing.push_back(name);
    } else {
      order.push_back(static_cast<std::size_t>(at - found.begin()));
    }
  }
  std::vector<std::string> unknown;
  for (const std::string& name : found) {
    if (!io::contains(wanted, name) && !io::contains(known, name)) unknown.push_back(name);
  }
  if (missing.empty() && unknown.empty()) return order;
  constexpr std::size_t listed = 5;  // more names would not be read
  std::string text;
  if (!missing.empty()) {
    text = fmt::format("the model's column{} {} {} missing", missing.size() == 1 ? "" : "s",
                       io::list_names(missing, listed), missing.size() == 1 ? "is" : "are");
  }
  if (!unknown.empty()) {
    text += fmt::format("{}the model does not know {}", text.empty() ? "" : "; ", io::list_names(unknown, listed));
  }
  throw InvalidInput(fmt::format("{}; valid: its columns in any order, {}, and others only if they are ignored", text,
                                 io::list_names(wanted, listed)));
}

}  // namespace kernad
