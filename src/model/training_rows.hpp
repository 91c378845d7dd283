// What a model knows of the rows that it was trained on, beyond their density.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/matrix.hpp"

namespace kernad::model {

/// Hashes that a model keeps: of that many rows or fewer all of them.
inline constexpr std::size_t kKeptHashes = 1024;

struct TrainingRows {
  std::vector<std::string> names;    ///< of the rows that the density keeps, in their order; empty: not known
  std::vector<std::int64_t> hashes;  ///< the smallest of the rows' hashes, ascending, each once; empty: not known
};

/// Of the rows of a fit. names: of all of them, or none; kept: those that the density keeps.
[[nodiscard]] TrainingRows make_training_rows(EmbeddingsView rows, const std::vector<std::string>& names,
                                              const std::vector<std::size_t>& kept);

/// Only rows whose hash is at most the largest kept one can be compared; with kKeptHashes or fewer training rows, all.
[[nodiscard]] TrainedOn count_trained_on(const TrainingRows& known, EmbeddingsView rows);

}  // namespace kernad::model
