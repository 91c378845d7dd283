// Any number of rows, in blocks, on several threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "kde/full_sum.hpp"
#include "kde/reference_set.hpp"
#include "kernad/matrix.hpp"
#include "parallel/pool.hpp"

namespace kernad::kde {

/// Threads that are worth starting for one call of so many rows.
[[nodiscard]] inline int useful_threads(int threads, std::size_t rows, const ReferenceSet& references) {
  constexpr double kMultiplyAddsAThread = 2e6;  // some 50 us, which is what starting a thread costs
  const double work = static_cast<double>(rows) * static_cast<double>(references.packed.values.size());
  return static_cast<int>(std::clamp(work / kMultiplyAddsAThread, 1.0, static_cast<double>(threads)));
}

/// Holds the threads and each one's BlockScorer; once every thread has scored a block, a call allocates nothing.
/// BlockScorer(model, workers) has prunes(), block_rows() and score(block, first row of it, all rows, out, pool).
template <typename BlockScorer>
class BatchScorer {
 public:
  using Model = typename BlockScorer::Model;

  BatchScorer(Model model, int threads) : model_(std::move(model)), pool_(threads), scorers_(pool_.threads()) {
    scorers_[0].emplace(model_, pool_.threads());
  }

  /// The log-density of each row into out[rows]. Many rows are shared out among the threads; of a few, each one's
  /// references are.
  void score(EmbeddingsView rows, double* out) {
    const std::size_t threads = pool_.threads();
    const Blocks blocks = divide(rows.rows(), threads, scorers_[0]->block_rows());
    const auto score_block = [&](std::size_t b, std::size_t worker, parallel::Pool* pool) {
      auto& scorer = scorers_[worker];
      if (!scorer) scorer.emplace(model_, 1);
      const std::size_t first = blocks.first_row(b);
      const std::size_t n = blocks.first_row(b + 1) - first;
      scorer->score(rows.middle_rows(first, n), first, rows, out + first, pool);
    };
    const bool few = blocks.count() < threads && (blocks.count() <= 1 || !scorers_[0]->prunes());
    if (few) {
      for (std::size_t b = 0; b < blocks.count(); ++b) score_block(b, 0, &pool_);
    } else {
      pool_.run(blocks.count(), [&](std::size_t b, std::size_t worker) { score_block(b, worker, nullptr); });
    }
  }

 private:
  static constexpr std::size_t kBlockStep = 24;  // a whole number of runs on every target
  /// Fewer rows would read the references from memory for too little work.
  static constexpr std::size_t kSmallestBlock = 2 * kBlockStep;

  /// Whole blocks, and halves at the end, so that threads end together also where one of them is held up.
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
  [[nodiscard]] static Blocks divide(std::size_t rows, std::size_t threads, std::size_t most) {
    const std::size_t even = kernels::round_up((rows + threads - 1) / threads, kBlockStep);
    const std::size_t whole_rows = std::clamp(even, kSmallestBlock, most);
    const std::size_t whole = rows / whole_rows;
    // With one block a thread there is nothing to even out.
    if (threads == 1 || whole <= threads) return {rows, whole_rows, whole_rows, whole};
    return {rows, whole_rows, std::max(kSmallestBlock, whole_rows / 2), whole - threads};
  }

  Model model_;
  parallel::Pool pool_;
  std::vector<std::optional<BlockScorer>> scorers_;
};

}  // namespace kernad::kde
