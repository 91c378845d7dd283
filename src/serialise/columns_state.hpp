// The names of a model's columns as metadata, and back.
#pragma once

#include <string>
#include <vector>

#include "model/model.hpp"
#include "serialise/metadata.hpp"

namespace kernad::serialise {

/// A JSON array of the names, and the names in metadata `key`: none if there is no such key. Throws InvalidInput if its
/// text is anything else.
[[nodiscard]] std::string to_json(const std::vector<std::string>& names);
[[nodiscard]] std::vector<std::string> names_in(const Metadata& metadata, const char* key);

/// Nothing for a model without names.
void write_columns(const model::Model& model, Metadata& metadata);

/// Throws InvalidInput for anything but one distinct text per column.
void read_columns(const Metadata& metadata, model::Model& model);

}  // namespace kernad::serialise
