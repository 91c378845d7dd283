// Rows with labels.
#pragma once

#include <string>

#include "data.hpp"

namespace kernad::cli {

/// Which labels to read, and how.
struct LabelSource {
  std::string column_or_file;
  std::string normal_label;  ///< empty: those that kernad::parse_labels accepts
};

/// Throws InvalidParameter if data and labels are both standard input.
void require_one_standard_input(const Sources& sources, const LabelSource& labels);
/// Whether labels are looked for among the columns of the sources, before any file of that name.
[[nodiscard]] bool may_be_column(const Sources& sources, const LabelSource& labels);

/// All rows with their labels: those of the column of a text with that name or number, or else of the file of that
/// name. Throws as read_rows and parse_labels do. LabelledReader does the same block by block.
[[nodiscard]] Rows read_labelled(const Sources& sources, const LabelSource& labels, const ReadOptions& options);

/// Those labelled normal; all, where there are no labels.
[[nodiscard]] Rows normal_rows(Rows rows);

/// A note of what -1 is taken for.
[[nodiscard]] std::string minus_one_note(const Sources& sources);
/// A note if most rows are labelled anomalous, as they are if labels are read upside down; else empty.
[[nodiscard]] std::string few_normal_note(const Sources& sources, std::size_t normal, std::size_t labelled);

}  // namespace kernad::cli
