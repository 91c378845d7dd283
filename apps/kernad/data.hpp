// Reads the commands' input; errors name the file.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"
#include "table_options.hpp"

namespace kernad::cli {

/// One or several sources, read as one table.
using Sources = std::vector<std::string>;

/// For messages: "a.csv", or "a.csv and 2 more".
[[nodiscard]] std::string name_of(const Sources& sources);

/// Patterns (`*`, `?`, `[`) become the files that they match, sorted. Throws InvalidParameter when there is none.
[[nodiscard]] Sources expand(const Sources& sources);

/// Whether `source` is an existing file, or an array in one.
[[nodiscard]] bool is_file(const std::string& source);
/// Whether all are texts, whose columns can have names.
[[nodiscard]] bool have_columns(const Sources& sources);

/// A command's input: the rows without a missing value, of whole sources or of a block of them.
struct Rows {
  Embeddings features;
  Embeddings rest;                   ///< their rounding errors in float32, see Table::rest; empty: all 0
  std::vector<std::size_t> numbers;  ///< of these rows in the sources, from 0
  std::vector<std::uint8_t> labels;  ///< one per row if requested: 0 normal, 1 anomalous
  std::size_t first_number = 0;      ///< of the first row in the sources
  std::size_t all = 0;               ///< number of rows read, including those that lack a value
  kernad::Table table;               ///< names, notes, and ids and fields of all rows; its features have been moved out

  /// The name of row `i` of the features: its ids, else its number in the sources.
  [[nodiscard]] std::string name(std::size_t i) const;

  /// Rows first to first + count of the features in double.
  [[nodiscard]] kernad::Matrix<double> doubles(std::size_t first, std::size_t count) const;

  /// Calls `work` with `count` rows from `first` on: a view of floats, or of doubles if float32 does not hold them.
  auto with(std::size_t first, std::size_t count, const auto& work) const {
    return rest.empty() ? work(features.view().middle_rows(first, count)) : work(doubles(first, count));
  }
  /// The same of all rows.
  auto with_all(const auto& work) const { return with(0, features.rows(), work); }
};

/// The name of row `row` of a table with ids: "A7", or "A7, 2" if there are two.
[[nodiscard]] std::string row_name(const kernad::Table& table, std::size_t row);

/// The name of a training row: from the fit, else its number there.
[[nodiscard]] std::string training_row_name(const KDEClassifier& model, std::size_t row);

/// The rows of all sources. Throws InvalidInput naming, with row and column, the first value that is infinite, or
/// missing unless those are skipped.
[[nodiscard]] Rows read_rows(const Sources& sources, const ReadOptions& options);

/// The rows of a table without a missing value or label; labels: of all rows of the table, or none. first_number: of
/// its first row in the sources. Throws as read_rows does.
[[nodiscard]] Rows complete_rows(kernad::Table table, std::vector<std::uint8_t> labels, const Sources& sources,
                                 bool skip_missing, std::size_t first_number = 0);
/// Notes the rows that were left out.
[[nodiscard]] std::string skipped_note(const Sources& sources, std::size_t skipped, std::size_t all);

/// Keeps the rows in `kept`, places in its features, in that order.
void select(Rows& rows, const std::vector<std::size_t>& kept);

/// Row `i` of the features alone, with its number and ids.
[[nodiscard]] Rows one_row(const Rows& rows, std::size_t i);

/// Appends rows that follow those of `to`, without their features.
void append(Rows& to, Rows from);

/// Runs `action`, and puts the data's name before the message of any error, since the library does not know it.
auto in_file(const Sources& sources, const std::invocable auto& action) {
  try {
    return action();
  } catch (const InvalidInput& error) {
    throw InvalidInput(name_of(sources) + ": " + error.what());
  }
}

}  // namespace kernad::cli
