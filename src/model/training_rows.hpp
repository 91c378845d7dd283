// The names and hashes of the training rows, which a model keeps in addition to their density.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernad/kde_classifier.hpp"
#include "kernad/matrix.hpp"
#include "linalg/rows.hpp"

namespace kernad::model {

/// Maximum number of hashes that a model keeps; with fewer training rows, those of all.
inline constexpr std::size_t kKeptHashes = 1024;

struct TrainingRows {
  std::vector<std::string> names;    ///< of the rows of the sample, in order; empty: unknown
  std::vector<std::int64_t> hashes;  ///< the smallest distinct hashes of the rows, ascending; empty: unknown
};

/// For the sample that a model was fitted on. names: of its rows, or none.
[[nodiscard]] TrainingRows make_training_rows(const linalg::Rows<float>& rows, std::vector<std::string> names);

/// Only rows whose hash is at most the largest kept one can be compared; with kKeptHashes or fewer training rows, all.
[[nodiscard]] TrainedOn count_trained_on(const TrainingRows& known, EmbeddingsView rows);

}  // namespace kernad::model
