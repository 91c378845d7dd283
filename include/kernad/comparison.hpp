// Whether new rows still look like those that a model learned: drift. docs/drift.md has the tests and what they
// promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"

namespace kernad {

class KDEClassifier;

/// How columns are compared, by what the model remembers of its training rows.
enum class ColumnTest : std::uint8_t {
  distributions,  ///< by their values, with the Kolmogorov-Smirnov test: the model keeps all components
  means,          ///< by their means alone: it leaves axes out, or the lengths of rows (`norm`)
  none,           ///< not at all: it was fitted with weights, or by another program
};

/// "distributions", "means", "none".
[[nodiscard]] KERNAD_API std::string_view to_string(ColumnTest test) noexcept;

/// How one column of the new rows differs from that of the training rows.
struct KERNAD_API ColumnDifference {
  std::size_t column = 0;  ///< of the embeddings
  /// Mean of the new rows less that of the training rows, in standard deviations of the training rows (an estimate
  /// where the model leaves axes out and does not standardise columns); none if the column is constant in training.
  std::optional<double> shift;
  std::optional<double> distance;  ///< the largest difference of the distribution functions; none with `means`
  double p_value = 1;              ///< of the column alone
  double adjusted_p_value = 1;     ///< for all columns together (Holm 1979): moved where it is at most alpha / 2
};

/// A difference of two distribution functions, of the log-densities of new rows and of the calibration.
struct KERNAD_API ScoreDifference {
  double distance = 0;           ///< the largest difference
  double p_value = 1;            ///< of such a distance or a larger one
  double log_density = 0;        ///< where that is: below it, or at most as high, are
  double share_of_rows = 0;      ///< this share of the new rows
  double share_expected = 0;     ///< and this share of the calibration
  double smallest_distance = 0;  ///< that is significant at alpha / 2 with so many rows: what the test can tell
};

/// What a Comparison has found.
struct KERNAD_API ComparisonResult {
  std::size_t rows = 0;              ///< new ones
  std::size_t calibration_rows = 0;  ///< log-densities of the calibration
  double alpha = 0;                  ///< as given
  bool drift = false;                ///< whether p_value <= alpha
  double p_value = 1;  ///< twice the smaller of the scores' and the smallest adjusted one of the columns, at most 1
  /// The difference that decides, in either direction. After calibrate, that of rows that are more usual counts less
  /// `allowance`, because rows held out of a fit have lower log-densities than new rows under the fit of all.
  ScoreDifference scores;
  double allowance = 0;                       ///< 0 after calibrate_from, 0.5 after calibrate
  ScoreDifference two_sided;                  ///< in either direction, without allowance
  ColumnTest column_test = ColumnTest::none;  ///< how `columns` were compared
  std::vector<ColumnDifference> columns;      ///< D; empty with `none`
};

/// Compares new rows, all believed normal, with those that a model was calibrated on and fitted on. Where both are
/// drawn from one distribution, independently, drift is found with a probability of at most alpha: half of it for the
/// scores, half for all columns together. Takes rows block by block: neither their order nor the blocks change a bit.
/// Memory does not grow with them.
class KERNAD_API Comparison {
 public:
  /// Keeps the model as it is. threads: as in set_threads. Throws NotFitted for a classifier without model or
  /// calibration; InvalidParameter for threads outside 0 to 1024.
  explicit Comparison(const KDEClassifier& classifier, int threads = 0);
  ~Comparison();
  Comparison(Comparison&&) noexcept;             ///< the other can only be destroyed or assigned to
  Comparison& operator=(Comparison&&) noexcept;  ///< the same

  /// Adds M x D rows. Throws as KDEClassifier::compute_kde_scores; then nothing is added.
  void add(EmbeddingsView rows);
  /// The same for M x D doubles.
  template <DoubleRows Rows>
  void add(const Rows& rows) {
    add_doubles(rows);
  }

  /// Of the rows added so far. Throws InvalidParameter for alpha outside (0, 1); InvalidInput for so few rows that no
  /// difference of the scores could be significant, with the number that is needed.
  [[nodiscard]] ComparisonResult result(double alpha = 0.01) const;

 private:
  void add_doubles(MatrixView<double> rows);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kernad
