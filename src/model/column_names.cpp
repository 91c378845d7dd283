#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "files/message.hpp"
#include "files/utf8.hpp"
#include "kernad/error.hpp"
#include "model/model.hpp"

namespace kernad::model {

void check_column_names(std::span<const std::string> names, std::span<const std::string> left_out,
                        std::size_t columns) {
  if (!names.empty() && names.size() != columns) {
    throw InvalidParameter(
        fmt::format("{} column names for {} columns; one a column is needed, or none", names.size(), columns));
  }
  std::set<std::string> seen;
  for (const auto& list : {names, left_out}) {
    for (const std::string& name : list) {
      if (!files::is_utf8(name)) {
        throw InvalidParameter(fmt::format("the column name {} is not UTF-8", files::quote(name)));
      }
    }
  }
  for (const std::string& name : names) {
    if (seen.insert(name).second) continue;
    throw InvalidParameter(fmt::format("two columns are called {}; each needs a name of its own", files::quote(name)));
  }
  for (const std::string& name : left_out) {
    if (!seen.contains(name)) continue;
    throw InvalidParameter(fmt::format("{} is both a column of the model and left out", files::quote(name)));
  }
}

}  // namespace kernad::model
