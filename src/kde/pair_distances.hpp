// Distances among the training rows, block by block: what leave-one-out likelihood and neighbours are made of.
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
/// are equal to the last bit are known by a number that they share.
class PairDistances {
 public:
  /// The square between a row and its copies (itself included): farther than anything.
  static constexpr double kCopy = 1e200;

  /// rows: N x k, whitened, at least one.
  explicit PairDistances(MatrixView<float> rows);

  [[nodiscard]] std::size_t rows() const { return squares_.size(); }
  /// Rows that are no copy of row i.
  [[nodiscard]] std::size_t others(std::size_t i) const { return rows() - copies_[group_[i]]; }

  /// |row i - row j|^2 for each i of `queries` and the references j = first .. first + count - 1: relative error below
  /// 1e-7. out: queries x kernels::kScalesPanel >= count, aligned; what follows a row's count is kCopy.
  void block(std::span<const std::size_t> queries, std::size_t first, std::size_t count, double* out) const;

 private:
  [[nodiscard]] double by_difference(std::size_t i, std::size_t j) const;

  Matrix<double> columns_;           // k x N
  std::vector<double> squares_;      // N: |row|^2
  std::vector<std::size_t> group_;   // N: which rows are copies of each other
  std::vector<std::size_t> copies_;  // rows of each group
};

/// What for_each_panel gives: position in `queries`, first reference, their count, their squared distances.
using PanelVisit = std::function<void(std::size_t query, std::size_t first, std::size_t count, double* squares)>;

/// Calls visit for every query and every panel of references; panels of one query come in order and on one thread.
/// visit may change the squares, and must not touch what belongs to another query.
void for_each_panel(const PairDistances& pairs, std::span<const std::size_t> queries, int threads,
                    const PanelVisit& visit);

}  // namespace kernad::kde
