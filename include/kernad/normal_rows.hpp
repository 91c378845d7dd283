// Normal rows to calibrate on that do not fit into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

class KDEClassifier;

/// What KDEClassifier::calibrate_from needs to know of normal rows that the model was not fitted on, gathered block by
/// block: 8 to 24 bytes a row. The calibration has the same bits as that on all rows at once.
class KERNAD_API NormalRows {
 public:
  /// Of that classifier's model, as it is now. Throws NotFitted.
  explicit NormalRows(const KDEClassifier& classifier);
  ~NormalRows();
  NormalRows(NormalRows&&) noexcept;             ///< the other can only be destroyed or assigned to
  NormalRows& operator=(NormalRows&&) noexcept;  ///< the same

  /// Adds M x D rows. Throws as KDEClassifier::compute_kde_scores; then nothing is added.
  void add(EmbeddingsView rows);
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  void add(const Rows& rows) {
    add_doubles(rows);
  }

  /// Number of rows.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Drops the rows that turn out not to be normal. kept: one per row, not 0 where it stays. Throws InvalidParameter
  /// for another number of them.
  void keep(std::span<const std::uint8_t> kept);

 private:
  friend class KDEClassifier;
  void add_doubles(MatrixView<double> rows);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kernad
