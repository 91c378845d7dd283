// Tables as sketches, for fit and sketch.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data.hpp"
#include "kernad/sketch.hpp"
#include "options.hpp"

namespace kernad::cli {

/// Whether the table's columns have distinct names, by which a model can find them. If they have names that are not
/// distinct, adds a note.
[[nodiscard]] bool tell_columns_apart(kernad::Table& table);

/// A sketch, and notes on its rows.
struct Sketched {
  Sketch sketch;
  std::vector<std::string> notes;
};

/// What is known of the sources besides their rows.
struct PartOptions {
  std::size_t first_row = 0;      ///< number of the first one in the data set
  std::string normal_label = {};  ///< with a label column: only such rows (ignoring case) take part in the fit
  std::string weights = {};       ///< a file, as WeightReader takes it, unless the tables have weights, or none
};

/// Of the rows of all sources, read block by block; with weights, of the rows repeated. Throws as read_rows does, and
/// InvalidInput for weights that are no whole numbers.
[[nodiscard]] Sketched sketch_of(const Sources& sources, const ReadOptions& reading, const SketchOptions& options,
                                 int threads, const PartOptions& part = {});

/// Whether all are sketch files, by their ending .sketch. Throws InvalidParameter if only some are.
[[nodiscard]] bool are_sketches(const Sources& sources);

/// All sketches together, in any order. Throws ReadError, or InvalidInput naming the file that does not fit the others.
[[nodiscard]] Sketch merged(const Sources& sketches);

/// Describes its contents. path: of the file.
void print_sketch(const std::string& path, const Sketch& sketch, const CommonOptions& options);

}  // namespace kernad::cli
