// How far to shrink a sample covariance towards a scaled identity. Both rules depend only on the eigenvalues of the
// scatter matrix and on the rows' lengths: they are invariant to rotations of the rows.
#pragma once

#include <cstddef>
#include <span>

#include "kernad/kde_options.hpp"

namespace kernad::kde {

/// The input of the rules: moments of N centred rows in p dimensions.
struct Spread {
  std::span<const double> eigenvalues;  ///< of the scatter matrix sum x x^T; those left out are 0
  double fourth_powers = 0;             ///< weighted sum of |x|^4 over the rows
  double rows = 0;                      ///< N, or the sum of the weights
  std::size_t dimension = 0;            ///< p >= eigenvalues.size()
};

/// The intensity a in [0, 1] of (1 - a) S + a mu I: Ledoit-Wolf's or OAS's, 0 for full and 1 for isotropic.
/// Both as scikit-learn computes them, with S of divisor N. Sources: Ledoit and Wolf 2004, "A well-conditioned
/// estimator for large-dimensional covariance matrices", lemmas 3.2 to 3.4; Chen, Wiesel, Eldar and Hero 2010,
/// "Shrinkage algorithms for MMSE covariance estimation", eq. 23 without its terms in 1 / p.
[[nodiscard]] double shrinkage(Covariance covariance, const Spread& spread);

}  // namespace kernad::kde
