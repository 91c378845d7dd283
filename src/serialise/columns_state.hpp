// The names of a model's columns as metadata, and back.
#pragma once

#include "model/model.hpp"
#include "serialise/metadata.hpp"

namespace kernad::serialise {

/// Nothing for a model without names.
void write_columns(const model::Model& model, Metadata& metadata);

/// Throws InvalidInput for anything but one text a column, each another.
void read_columns(const Metadata& metadata, model::Model& model);

}  // namespace kernad::serialise
