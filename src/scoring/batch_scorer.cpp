#include "scoring/batch_scorer.hpp"

#include <algorithm>

#include "kernels/references.hpp"
#include "linalg/finite.hpp"

namespace kernad::scoring {
namespace {

constexpr std::size_t kBlockStep = 24;  // a whole number of runs on every target
/// With fewer rows, there would be too little work for each read of the references from memory.
constexpr std::size_t kMinBlock = 2 * kBlockStep;

/// Whole blocks, and halves towards the end, so that threads finish together even if one of them is delayed.
struct Blocks {
  std::size_t rows;
  std::size_t whole_rows;
  std::size_t half_rows;
  std::size_t whole;

  [[nodiscard]] std::size_t count() const { return whole + (rows - whole * whole_rows + half_rows - 1) / half_rows; }
  [[nodiscard]] std::size_t first_row(std::size_t block) const {
    return std::min(rows, std::min(block, whole) * whole_rows + (block - std::min(block, whole)) * half_rows);
  }
};

Blocks divide(std::size_t rows, std::size_t threads, std::size_t max_block) {
  const std::size_t even = kernels::round_up((rows + threads - 1) / threads, kBlockStep);
  const std::size_t whole_rows = std::clamp(even, kMinBlock, max_block);
  const std::size_t whole = rows / whole_rows;
  // With one block per thread there is nothing to balance.
  if (threads == 1 || whole <= threads) return {rows, whole_rows, whole_rows, whole};
  return {rows, whole_rows, std::max(kMinBlock, whole_rows / 2), whole - threads};
}

int useful_threads(int threads, std::size_t rows, std::size_t multiply_adds) {
  constexpr double kMultiplyAddsAThread = 2e6;  // about 50 us, the cost of starting a thread
  const double work = static_cast<double>(rows) * static_cast<double>(multiply_adds);
  return static_cast<int>(std::clamp(work / kMultiplyAddsAThread, 1.0, static_cast<double>(threads)));
}

}  // namespace

BatchScorer::BatchScorer(const Scorable& fitted, int threads)
    : fitted_(fitted), pool_(threads), scorers_(pool_.threads()) {
  scorers_[0] = fitted_.make_scorer(pool_.threads());
}

void BatchScorer::score(EmbeddingsView rows, double* out) {
  const std::size_t threads = pool_.threads();
  const Blocks blocks = divide(rows.rows(), threads, scorers_[0]->max_rows());
  const auto score_block = [&](std::size_t b, std::size_t worker, parallel::Pool* pool) {
    auto& scorer = scorers_[worker];
    if (!scorer) scorer = fitted_.make_scorer(1);
    const std::size_t first = blocks.first_row(b);
    scorer->score(rows.middle_rows(first, blocks.first_row(b + 1) - first), first, out + first, pool);
  };
  const bool few = blocks.count() < threads && (blocks.count() <= 1 || !scorers_[0]->prunes());
  if (few) {
    for (std::size_t b = 0; b < blocks.count(); ++b) score_block(b, 0, &pool_);
  } else {
    pool_.run(blocks.count(), [&](std::size_t b, std::size_t worker) { score_block(b, worker, nullptr); });
  }
}

std::vector<double> log_densities(const Scorable& fitted, EmbeddingsView rows, int threads, const char* what) {
  linalg::require_columns(rows, fitted.columns(), what);
  std::vector<double> result(rows.rows());
  BatchScorer(fitted, useful_threads(threads, rows.rows(), fitted.multiply_adds())).score(rows, result.data());
  return result;
}

}  // namespace kernad::scoring
