// The single interface from rows to log-densities: anything fitted gives every thread its own scorer, which is called
// once for each block of rows.
#pragma once

#include <cstddef>
#include <memory>

#include "kernad/matrix.hpp"
#include "parallel/pool.hpp"

namespace kernad::scoring {

/// Scores blocks for one thread and holds the scratch memory for that: a call allocates nothing.
class BlockScorer {
 public:
  BlockScorer() = default;
  BlockScorer(const BlockScorer&) = delete;
  BlockScorer& operator=(const BlockScorer&) = delete;
  virtual ~BlockScorer() = default;

  /// Maximum number of rows in one call.
  [[nodiscard]] virtual std::size_t max_rows() const = 0;
  /// Whether references that cannot matter are skipped; a pool is then of little use.
  [[nodiscard]] virtual bool prunes() const = 0;

  /// Log-densities of the block, at most max_rows() rows of Scorable::columns() values, into out. first: the number of
  /// the block's first row, for messages. pool: threads among which the references may be divided, or null. A row's
  /// result depends neither on the rows next to it nor on the number of threads. Throws InvalidInput naming row and
  /// column of a value that is not finite.
  virtual void score(EmbeddingsView block, std::size_t first, double* out, parallel::Pool* pool) = 0;
};

/// Something fitted that scores rows. It must outlive the scorers that it makes.
class Scorable {
 public:
  virtual ~Scorable() = default;

  /// Number of values in a row.
  [[nodiscard]] virtual std::size_t columns() const = 0;
  /// The approximate work for one row, which decides how many threads are worth starting.
  [[nodiscard]] virtual std::size_t multiply_adds() const = 0;
  /// workers: the number of threads in the pools that will be passed to its calls.
  [[nodiscard]] virtual std::unique_ptr<BlockScorer> make_scorer(std::size_t workers) const = 0;

 protected:
  Scorable() = default;
  Scorable(const Scorable&) = default;
  Scorable(Scorable&&) = default;
  Scorable& operator=(const Scorable&) = default;
  Scorable& operator=(Scorable&&) = default;
};

}  // namespace kernad::scoring
