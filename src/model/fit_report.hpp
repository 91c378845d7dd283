// The report of one pipeline's fit.
#pragma once

#include <cstddef>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "model/pipeline.hpp"

namespace kernad::model {

/// What the shapes of a pipeline say; no notes.
[[nodiscard]] FitReport report_from_shapes(const Pipeline& pipeline);

/// rows_seen: rows given, from which the pipeline's were sampled. options: those it was fitted with.
[[nodiscard]] FitReport make_report(const Pipeline& pipeline, std::size_t rows_seen,
                                    const KDEClassifierOptions& options);

}  // namespace kernad::model
