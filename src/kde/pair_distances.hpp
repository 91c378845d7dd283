// Distances between training rows, block by block, for leave-one-out likelihood and neighbours.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernad/matrix.hpp"
#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"

namespace kernad::kde {

/// A row must not be its own neighbour, nor may its copies: at distance 0 they would draw any bandwidth to 0. Rows that
/// are equal to the last bit share a number.
class PairDistances {
 public:
  /// The square between a row and its copies (itself included): farther than anything.
  static constexpr double kCopy = 1e200;

  /// rows: N x k, whitened, at least one.
  explicit PairDistances(MatrixView<float> rows, int threads = 1);

  [[nodiscard]] std::size_t rows() const { return squares_.size(); }
  /// Number of rows that are not copies of row i.
  [[nodiscard]] std::size_t others(std::size_t i) const { return rows() - copies_[group_[i]]; }

  /// Maximum numbers of queries and references in one block(): whole panels on every target.
  static constexpr std::size_t kQueries = 48;
  static constexpr std::size_t kReferences = 960;
  /// Stride of a block's result. Not a power of two, which would map all rows to a few lines of the cache.
  static constexpr std::size_t kStride = kReferences + kernels::kScalesMultiple;

  /// |row i - row j|^2 for each i of `queries` and the references j from `first`, a multiple of kReferences, up to
  /// kReferences of them: relative error below 1e-7. panels: gather(queries). out: kQueries x kStride, aligned; values
  /// after the last reference are kCopy.
  void block(std::span<const std::size_t> queries, const double* panels, std::size_t first, double* out) const;
  /// The queries as block() reads them.
  [[nodiscard]] kernels::AlignedVector<double> gather(std::span<const std::size_t> queries) const;

 private:
  [[nodiscard]] double value(std::size_t row, std::size_t d) const {
    return panels_[(row / width_ * dimension_ + d) * width_ + row % width_];
  }
  [[nodiscard]] double by_difference(std::size_t i, std::size_t j) const;
  void finish_row(std::size_t i, std::size_t first, std::size_t count, double* products) const;

  std::size_t dimension_;                  // k
  std::size_t width_;                      // number of rows interleaved in a panel
  kernels::AlignedVector<double> panels_;  // N in panels, each k x width, the last one padded with zeros
  std::vector<double> squares_;            // N: |row|^2
  std::vector<std::size_t> group_;         // N: which rows are copies of each other
  std::vector<std::size_t> copies_;        // rows of each group
};

/// The arguments from for_each_panel: position in `queries`, first reference, number of references, their squared
/// distances, and the number of the calling thread.
using PanelVisit =
    std::function<void(std::size_t query, std::size_t first, std::size_t count, double* squares, std::size_t worker)>;

/// Calls visit for every query and every panel of references; panels of one query come in order and on one thread.
/// visit may change the squares, and must not touch data of another query or worker.
void for_each_panel(const PairDistances& pairs, std::span<const std::size_t> queries, int threads,
                    const PanelVisit& visit);

}  // namespace kernad::kde
