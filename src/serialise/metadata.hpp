// Options and fit report as the texts of a model file's metadata.
#pragma once

#include <map>
#include <string>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"

namespace kernad::serialise {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// All but the format version.
[[nodiscard]] Metadata to_metadata(const KDEClassifierOptions& options, const FitReport& report);

/// The options that are there, and `defaults` for those that are not. Throws InvalidInput naming the key.
[[nodiscard]] KDEClassifierOptions options_from(const Metadata& metadata, const KDEClassifierOptions& defaults);

/// Replaces what the report in the metadata, if there is one, says beyond the tensors' shapes. Throws InvalidInput when
/// it is no such report.
void read_report(const Metadata& metadata, FitReport& report);

/// The number in metadata `key`. Throws InvalidInput when it is missing or anything else.
template <typename T>
[[nodiscard]] T number_in(const Metadata& metadata, const char* key, const char* valid);

}  // namespace kernad::serialise
