// Options and fit report as texts in the metadata of a model file.
#pragma once

#include <map>
#include <string>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"

namespace kernad::serialise {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// Everything except the format version.
[[nodiscard]] Metadata to_metadata(const KDEClassifierOptions& options, const FitReport& report);

/// The options in the metadata, and `defaults` for the others. Throws InvalidInput naming the key.
[[nodiscard]] KDEClassifierOptions options_from(const Metadata& metadata, const KDEClassifierOptions& defaults);

/// Overwrites the parts of the report that do not follow from the shapes of tensors with the report in the metadata, if
/// there is one. Throws InvalidInput when that is not a fit report.
void read_report(const Metadata& metadata, FitReport& report);

/// The number in metadata `key`. Throws InvalidInput when it is missing or anything else.
template <typename T>
[[nodiscard]] T number_in(const Metadata& metadata, const char* key, const char* valid);

}  // namespace kernad::serialise
