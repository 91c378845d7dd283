// Parameters and fit report as the texts of a model file's metadata.
#pragma once

#include <map>
#include <string>

#include "kernad/kde_classifier.hpp"

namespace kernad::model {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// The newest version of the model format that this library reads. What it writes is version 1 as long as version 1
/// can say it: files with a residual column or per-row bandwidths are of version 2, so that a reader that would score
/// them wrong refuses them, and committees of version 3.
inline constexpr int kFormatVersion = 3;
inline constexpr int kPlainVersion = 1;
inline constexpr int kEstimationVersion = 2;  ///< with a residual column or per-row bandwidths

[[nodiscard]] Metadata to_metadata(const KDEClassifierOptions& options, const FitReport& report);

/// Throws InvalidInput for a format_version newer than kFormatVersion or a text that is not one.
void check_format_version(const Metadata& metadata);

/// The parameters told, and `defaults` for those that are not. Throws InvalidInput naming the key.
[[nodiscard]] KDEClassifierOptions options_from(const Metadata& metadata, const KDEClassifierOptions& defaults);

/// Replaces what the report in the metadata, if there is one, tells beyond the tensors' shapes: rows_seen, rank,
/// explained_variance, notes. Throws InvalidInput when it is no such report.
void read_report(const Metadata& metadata, FitReport& report);

}  // namespace kernad::model
