// Rows and labels from texts: .csv, .tsv, .jsonl.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "files/source.hpp"
#include "io/row_source.hpp"

namespace kernad::io {

/// A .csv or .tsv. delimiter: the usual one, which gives way to another where that parts the first rows better. Throws
/// as text_rows.
[[nodiscard]] std::unique_ptr<RowSource> csv_rows(std::unique_ptr<files::Source> source, char delimiter,
                                                  const ReadOptions& options);

/// JSON Lines. Throws as text_rows.
[[nodiscard]] std::unique_ptr<RowSource> json_lines_rows(std::unique_ptr<files::Source> source,
                                                         const ReadOptions& options);

/// What has no ending: JSON Lines where it begins with { or [, otherwise a .csv.
[[nodiscard]] std::unique_ptr<RowSource> csv_or_json_rows(std::unique_ptr<files::Source> source,
                                                          const ReadOptions& options);

/// Reads one label a row. The first row is passed over as a heading when it is no label and is not repeated.
[[nodiscard]] std::vector<std::uint8_t> read_csv_labels(std::unique_ptr<files::Source> source, char delimiter,
                                                        const LabelOptions& options = {});

/// The same from JSON Lines: one value a line, or objects of one.
[[nodiscard]] std::vector<std::uint8_t> read_json_labels(std::unique_ptr<files::Source> source,
                                                         const LabelOptions& options = {});

}  // namespace kernad::io
