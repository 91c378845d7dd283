// From a log-density to a decision: p-values among held-out scores of normal rows, thresholds, and the false
// discoveries of a batch. docs/calibration.md says which guarantee holds when, and measures it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernad/export.hpp"

namespace kernad {

/// The anomaly probability of a log-density is anomalib's sigmoid, 1 / (1 + exp(slope (log-density - midpoint))).
inline constexpr double probability_slope = 0.05;   ///< per nat
inline constexpr double probability_midpoint = 12;  ///< nats: the log-density whose probability is 0.5

/// Log-densities of normal rows, each under a model that was not fitted on that row. New rows are ranked among them.
class KERNAD_API Calibration {
 public:
  /// log_densities: in any order. folds: of the cross-conformal refits that gave them; 0 when the model was not fitted
  /// on these rows. Throws InvalidInput for no log-densities or one that is not finite.
  explicit Calibration(std::vector<double> log_densities, std::size_t folds = 0);

  [[nodiscard]] std::span<const double> log_densities() const noexcept { return sorted_; }  ///< ascending
  [[nodiscard]] std::size_t size() const noexcept { return sorted_.size(); }                ///< n, at least 1
  [[nodiscard]] std::size_t folds() const noexcept { return folds_; }                       ///< as given, 0 for none

  /// Conformal p-value of each row, in [1 / (n + 1), 1]: (1 + #{calibration log-density <= its own}) / (n + 1). Small
  /// values are anomalous: a new normal row has P(p <= a) <= a for every a. Infinite log-densities give the limits;
  /// throws InvalidInput for NaN. Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005),
  /// ch. 2.
  [[nodiscard]] std::vector<double> p_values(std::span<const double> log_densities) const;

  /// The smallest false-positive rate that n rows can guarantee: 1 / (n + 1).
  [[nodiscard]] double smallest_fpr() const noexcept;

  /// The largest threshold whose false-positive rate is at most `fpr` on new normal rows, on average over fits:
  /// log_density <= threshold exactly where the p-value is <= fpr. Throws InvalidParameter outside (0, 1), and below
  /// smallest_fpr(), which it names.
  [[nodiscard]] double threshold(double fpr) const;
  /// Throws what `threshold` throws for this rate where a calibration has `rows` rows: to be called before the work.
  static void require_fpr(double fpr, std::size_t rows);

 private:
  std::vector<double> sorted_;
  std::size_t folds_ = 0;
};

/// How a threshold was chosen.
enum class ThresholdRule : std::uint8_t {
  target_fpr,   ///< Threshold::at_target_fpr
  log_density,  ///< Threshold::at_log_density
  probability,  ///< Threshold::at_probability
  f1_max,       ///< Threshold::at_largest_f1
};

/// "target_fpr", "log_density", "probability", "f1_max".
[[nodiscard]] KERNAD_API std::string_view to_string(ThresholdRule rule) noexcept;

/// Rows whose log-density is at most `log_density` (a tie included) are called anomalous.
struct KERNAD_API Threshold {
  ThresholdRule rule = ThresholdRule::log_density;  ///< how it was chosen
  double value = 0;        ///< what the rule was given: the false-positive rate, the log-density, the probability; for
                           ///< f1_max, the log-density that it found
  double log_density = 0;  ///< in nats

  /// Uses Calibration::threshold, and throws what that throws.
  [[nodiscard]] static Threshold at_target_fpr(double fpr, const Calibration& calibration);
  /// Throws InvalidParameter unless it is finite.
  [[nodiscard]] static Threshold at_log_density(double log_density);
  /// The log-density where KDEClassifier's probability is `probability`. Throws InvalidParameter outside (0, 1).
  [[nodiscard]] static Threshold at_probability(double probability);
  /// The threshold with the largest F1 on labelled rows; among ties, the one that calls the fewest rows anomalous.
  /// labels: 0 normal, 1 anomalous. Throws InvalidInput as evaluate does.
  [[nodiscard]] static Threshold at_largest_f1(std::span<const double> log_densities,
                                               std::span<const std::uint8_t> labels);

  /// 1 for each row called anomalous, else 0. Throws InvalidInput for NaN.
  [[nodiscard]] std::vector<std::uint8_t> labels(std::span<const double> log_densities) const;

  /// How anomalous each row is, 0 to 1, by the reference's sigmoid with its midpoint at the threshold: 0.5 and more
  /// exactly where the label is 1. Throws InvalidInput for NaN.
  [[nodiscard]] std::vector<double> scores(std::span<const double> log_densities) const;
};

/// Which rows of a batch to call anomalous (1) so that the expected share of normal rows among them, the
/// false-discovery rate, is at most `fdr`: Benjamini and Hochberg (1995), which holds for the p-values of a calibration
/// on rows that the model was not fitted on (Bates et al. 2023, "Testing for outliers with conformal p-values"). Throws
/// InvalidParameter for an fdr outside (0, 1), InvalidInput for a p-value outside [0, 1].
[[nodiscard]] KERNAD_API std::vector<std::uint8_t> benjamini_hochberg(std::span<const double> p_values, double fdr);

}  // namespace kernad
