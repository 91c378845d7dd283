// The report of one pipeline's fit.
#pragma once

#include <cstddef>

#include "kernad/classifier_options.hpp"
#include "kernad/fit_report.hpp"
#include "model/pipeline.hpp"

namespace kernad::model {

/// The part of the report that follows from a pipeline's shapes, without notes.
[[nodiscard]] FitReport report_from_shapes(const Pipeline& pipeline);

/// rows_seen: number of rows from which the pipeline's were sampled. options: those of the fit.
[[nodiscard]] FitReport make_report(const Pipeline& pipeline, std::size_t rows_seen,
                                    const KDEClassifierOptions& options);

}  // namespace kernad::model
