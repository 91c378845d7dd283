// Scores any number of rows, in blocks, on several threads.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "kernad/matrix.hpp"
#include "parallel/pool.hpp"
#include "scoring/block_scorer.hpp"

namespace kernad::scoring {

/// Holds the threads and each one's BlockScorer; once every thread has scored a block, a call allocates nothing.
class BatchScorer {
 public:
  /// fitted must outlive the scorer.
  BatchScorer(const Scorable& fitted, int threads);

  /// Writes the log-density of each row to out[rows]. Many rows are divided among the threads; with few rows, the
  /// references are. Throws as BlockScorer::score does.
  void score(EmbeddingsView rows, double* out);

 private:
  const Scorable& fitted_;
  parallel::Pool pool_;
  std::vector<std::unique_ptr<BlockScorer>> scorers_;
};

/// The log-densities of all rows in one call, on as many of the threads as are worth starting. Throws InvalidInput for
/// a wrong number of columns (`what` names the rows) and as BlockScorer::score does.
[[nodiscard]] std::vector<double> log_densities(const Scorable& fitted, EmbeddingsView rows, int threads,
                                                const char* what);

}  // namespace kernad::scoring
