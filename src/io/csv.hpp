// Rows and labels from text files: .csv, .tsv, .jsonl.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "files/source.hpp"
#include "io/row_source.hpp"

namespace kernad::io {

/// A .csv or .tsv. delimiter: the usual one; another is used if it splits the first rows better. Throws as text_rows
/// does.
[[nodiscard]] std::unique_ptr<RowSource> csv_rows(std::unique_ptr<files::Source> source, char delimiter,
                                                  const ReadOptions& options);

/// JSON Lines. Throws as text_rows does.
[[nodiscard]] std::unique_ptr<RowSource> json_lines_rows(std::unique_ptr<files::Source> source,
                                                         const ReadOptions& options);

/// A source without an ending: JSON Lines if it begins with { or [, otherwise a .csv.
[[nodiscard]] std::unique_ptr<RowSource> csv_or_json_rows(std::unique_ptr<files::Source> source,
                                                          const ReadOptions& options);

/// Reads one label per row. The first row is skipped as a heading if it is not a label and is not repeated.
[[nodiscard]] std::vector<std::uint8_t> read_csv_labels(std::unique_ptr<files::Source> source, char delimiter,
                                                        const LabelOptions& options = {});

/// The same from JSON Lines: one value per line, or objects with one value.
[[nodiscard]] std::vector<std::uint8_t> read_json_labels(std::unique_ptr<files::Source> source,
                                                         const LabelOptions& options = {});

}  // namespace kernad::io
