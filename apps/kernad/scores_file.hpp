// What `predict` writes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace kernad::cli {

struct Scores {
  std::span<const double> log_density;
  std::span<const double> probability;
  std::optional<std::span<const double>> p_value;      ///< of a calibrated model
  std::optional<std::span<const std::uint8_t>> label;  ///< of one with a threshold
};

/// Throws InvalidParameter unless `path` ends in .csv, .npy or .json.
void require_known_ending(const std::string& path);

/// A heading and a line a row, in the order of Scores. Numbers are as short as they can be and still read back as the
/// same double.
[[nodiscard]] std::string csv_text(const Scores& scores);
/// One object: "rows", and each of the columns with a number a row.
[[nodiscard]] std::string json_text(const Scores& scores);

/// All of it in the format of the path's ending, written whole or not at all. A .npy holds log_density alone.
void write_scores(const std::string& path, const Scores& scores);

}  // namespace kernad::cli
