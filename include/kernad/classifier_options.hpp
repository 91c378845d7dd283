// The options of KDEClassifier, and the one table from which the command line, the keywords of every Python class, the
// C interface and the metadata of model files follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernad/export.hpp"
#include "kernad/feature_scaling_method.hpp"
#include "kernad/kde_options.hpp"
#include "kernad/pca.hpp"

namespace kernad {

/// What a fit is told; the defaults are the reference's.
struct KDEClassifierOptions {
  ComponentCount n_pca_components = 16;  ///< principal components to keep
  /// What features are divided by before the density is estimated.
  FeatureScalingMethod feature_scaling_method = FeatureScalingMethod::scale;
  std::size_t max_training_points = 40'000;  ///< >= 2; of more rows a seeded sample is used
  std::uint64_t seed = 0;                    ///< of that sample
  bool standardize = false;                  ///< bring each column to standard deviation 1 before the PCA
  /// Where a sample is used: let components, means and standard deviations of columns be those of all rows. Kernels,
  /// bandwidth and the length that `scale` divides by are the sample's.
  bool all_rows = false;
  KDEOptions kde = {};  ///< of the density; the default is the reference's
  /// Choose all of the above but the sampling from the training rows: two densities judge together
  /// (docs/estimation.md). What it chooses must be left at its default.
  bool automatic = false;

  friend bool operator==(const KDEClassifierOptions&, const KDEClassifierOptions&) = default;
};

/// One option as text. `key` is its name in Python, in the C interface and in model files, `flag` that on the command
/// line; the other texts are for people.
struct EstimatorOption {
  std::string_view key;     ///< "n_pca_components"
  std::string_view flag;    ///< "--components"
  std::string_view values;  ///< short, for a usage line: "K|RATIO|all"; empty: the option is true or false
  std::string_view valid;   ///< in words, for an error message
  std::string_view help;    ///< one line
  bool set_by_auto;         ///< `auto` chooses it

  /// The value that `options` has, as set() reads it.
  std::string (*get)(const KDEClassifierOptions& options);
  /// Sets it. False, and nothing is set, for a text that is not valid.
  bool (*set)(KDEClassifierOptions& options, std::string_view text);

  /// Whether it is true or false, and on the command line takes no value.
  [[nodiscard]] bool is_flag() const noexcept { return values.empty(); }
};

/// All of them, in the order in which help texts show them.
[[nodiscard]] KERNAD_API std::span<const EstimatorOption> estimator_options() noexcept;

/// Sets the option called `key`. Throws InvalidParameter naming what is valid for a key that does not exist, or for a
/// text that is not valid.
KERNAD_API void set_option(KDEClassifierOptions& options, std::string_view key, std::string_view text);

}  // namespace kernad
