// Reading what the commands work on, and saying which file was wrong.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad::cli {

struct LabelledData {
  Embeddings features;
  std::vector<std::uint8_t> labels;       ///< one a row: 0 normal, 1 anomalous
  std::vector<std::string> column_names;  ///< of the features; empty where the source has none
};

/// The rows of `source` and the names of its columns where it has some; finite, as those of read_features.
[[nodiscard]] kernad::Table read_rows(const std::string& source, CsvHeader header,
                                      const std::string& label_column = "");

/// The features of `source`, all finite; `label_column`, if there is one, is left out. Throws InvalidInput naming the
/// first value that is not finite with its row and column.
[[nodiscard]] Embeddings read_features(const std::string& source, CsvHeader header,
                                       const std::string& label_column = "");

/// The same with labels: the column of a .csv or .tsv that `labels` names or counts, or else the file of that name.
[[nodiscard]] LabelledData read_labelled(const std::string& source, const std::string& labels, CsvHeader header);

/// The rows labelled normal.
[[nodiscard]] Embeddings normal_rows(const LabelledData& data);

/// Runs `action`; the library does not know where the data came from, so `source` is put before what it finds wrong.
auto in_file(const std::string& source, const std::invocable auto& action) {
  try {
    return action();
  } catch (const InvalidInput& error) {
    throw InvalidInput(source + ": " + error.what());
  }
}

}  // namespace kernad::cli
