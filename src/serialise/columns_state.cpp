#include "serialise/columns_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernad/error.hpp"

namespace kernad::serialise {
namespace {

constexpr const char* kColumnNames = "column_names";
constexpr const char* kLeftOut = "left_out_columns";

}  // namespace

std::string to_json(const std::vector<std::string>& names) { return nlohmann::json(names).dump(); }

std::vector<std::string> names_in(const Metadata& metadata, const char* key) {
  const auto entry = metadata.find(key);
  if (entry == metadata.end()) return {};
  const auto json = nlohmann::json::parse(entry->second, nullptr, false);
  const bool texts =
      json.is_array() && std::all_of(json.begin(), json.end(), [](const auto& x) { return x.is_string(); });
  if (!texts) throw InvalidInput(fmt::format("metadata '{}' cannot be read; valid: a JSON array of texts", key));
  return json.get<std::vector<std::string>>();
}

void write_columns(const model::Model& model, Metadata& metadata) {
  if (!model.column_names.empty()) metadata[kColumnNames] = to_json(model.column_names);
  if (!model.left_out_columns.empty()) metadata[kLeftOut] = to_json(model.left_out_columns);
}

void read_columns(const Metadata& metadata, model::Model& model) {
  auto names = names_in(metadata, kColumnNames);
  auto left_out = names_in(metadata, kLeftOut);
  try {
    model::check_column_names(names, left_out, model.columns());
  } catch (const InvalidParameter& error) {
    throw InvalidInput(fmt::format("metadata '{}': {}", kColumnNames, error.what()));
  }
  model.column_names = std::move(names);
  model.left_out_columns = std::move(left_out);
}

}  // namespace kernad::serialise
