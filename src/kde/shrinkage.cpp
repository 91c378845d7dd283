#include "kde/shrinkage.hpp"

#include <algorithm>
#include <cmath>

namespace kernad::kde {
namespace {

/// The two moments of the spectrum of S (with divisor N) that both rules use.
struct Moments {
  double mean = 0;         // mu = tr S / p
  double mean_square = 0;  // tr S^2 / p
};

Moments moments_of(const Spread& spread) {
  const auto p = static_cast<double>(spread.dimension);
  const double n = spread.rows;
  Moments moments;
  for (const double value : spread.eigenvalues) {
    const double variance = std::max(0.0, value) / n;
    moments.mean += variance / p;
    moments.mean_square += variance * variance / p;
  }
  return moments;
}

double ledoit_wolf(const Spread& spread) {
  const Moments moments = moments_of(spread);
  const double n = spread.rows;
  const auto p = static_cast<double>(spread.dimension);
  // d^2 = |S - mu I|^2 and b^2 = mean of |x x^T - S|^2 / N, both in the Frobenius norm divided by p.
  const double distance = moments.mean_square - moments.mean * moments.mean;
  const double noise = (spread.fourth_powers / (n * p) - moments.mean_square) / n;
  if (!(noise > 0)) return 0;
  return distance > noise ? noise / distance : 1;
}

double oas(const Spread& spread) {
  const Moments moments = moments_of(spread);
  const double n = spread.rows;
  const auto p = static_cast<double>(spread.dimension);
  const double alpha = moments.mean_square / p;
  const double mean_squared = moments.mean * moments.mean;
  const double denominator = (n + 1) * (alpha - mean_squared / p);
  return denominator > 0 ? std::min((alpha + mean_squared) / denominator, 1.0) : 1;
}

}  // namespace

double shrinkage(Covariance covariance, const Spread& spread) {
  switch (covariance) {
    case Covariance::full:
      return 0;
    case Covariance::ledoit_wolf:
      return ledoit_wolf(spread);
    case Covariance::oas:
      return oas(spread);
    case Covariance::isotropic:
      break;
  }
  return 1;
}

}  // namespace kernad::kde
