// Tables as sketches: what fit and sketch share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data.hpp"
#include "kernad/sketch.hpp"
#include "options.hpp"

namespace kernad::cli {

/// Whether the table's columns have names that a model can find them by: each one another. If they have some and cannot
/// be told apart, that becomes a note.
[[nodiscard]] bool tell_columns_apart(kernad::Table& table);

/// A sketch, and what is to be said of its rows.
struct Sketched {
  Sketch sketch;
  std::vector<std::string> notes;
};

/// Of the rows of all sources, read block by block. first_row: number of the first one in the data set. With a
/// label column only the rows of that label, in any case, count as rows of the fit. Throws as read_rows does.
[[nodiscard]] Sketched sketch_of(const Sources& sources, const ReadOptions& reading, const SketchOptions& options,
                                 std::size_t first_row = 0, const std::string& normal_label = {});

/// Whether all are files of sketches, by their ending .sketch. Throws InvalidParameter if only some are.
[[nodiscard]] bool are_sketches(const Sources& sources);

/// All sketches together, in any order. Throws ReadError, or InvalidInput naming the file that does not fit the others.
[[nodiscard]] Sketch merged(const Sources& sketches);

/// What is in it. path: where it lies.
void print_sketch(const std::string& path, const Sketch& sketch, const CommonOptions& options);

}  // namespace kernad::cli
