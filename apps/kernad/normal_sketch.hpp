// The training sample of labelled rows, for fit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernad/sketch.hpp"
#include "labels.hpp"

namespace kernad::cli {

/// A sketch of the rows that are labelled normal, which are numbered among themselves; it has their names.
struct NormalSketch {
  Sketch sketch;
  kernad::Table table;            ///< names of the columns, and notes on all rows; no rows
  std::size_t labelled = 0;       ///< rows with a label and all values
  bool called_by_number = false;  ///< whether a row's name is its number in the sketch
};

/// Reads block by block. Throws as read_labelled does.
[[nodiscard]] NormalSketch sketch_of_normal(const Sources& sources, const LabelSource& labels,
                                            const ReadOptions& reading, const SketchOptions& options, int threads);

/// The same sketch, whose rows have no names.
[[nodiscard]] Sketch without_names(const Sketch& sketch);

}  // namespace kernad::cli
