#include <fmt/format.h>

#include <cmath>

#include "kernad/error.hpp"
#include "kernad/intervals.hpp"

namespace kernad {

// The k lowest of n + 1 exchangeable ranks give p <= k / (n + 1). Given the calibration, the probability that a new row
// is called anomalous is therefore distributed as Beta(k, n + 1 - k), and the number called among m rows is
// beta-binomial. Its terms are computed from their ratios, in the log domain because the first may underflow double.
Interval expected_fpr(std::size_t calibration_rows, std::size_t rows, double fpr, double confidence) {
  if (calibration_rows == 0 || rows == 0) throw InvalidParameter("there are no rows; valid: 1 or more of either kind");
  if (!(fpr >= 0 && fpr <= 1)) throw InvalidParameter(fmt::format("false-positive rate is {}; valid: 0 to 1", fpr));
  if (!(confidence > 0 && confidence < 1)) {
    throw InvalidParameter(fmt::format("confidence is {}; valid: above 0 and below 1", confidence));
  }
  const double n = static_cast<double>(calibration_rows);
  const double m = static_cast<double>(rows);
  const double k = std::floor(fpr * (n + 1) * (1 + 1e-12));  // 0.1 of 9 + 1 is 1, even if the product rounds below it
  if (k <= 0) return {0, 0};
  if (k >= n + 1) return {1, 1};

  const double tail = (1 - confidence) / 2;
  double log_term = std::lgamma(m + n + 1 - k) + std::lgamma(n + 1) - std::lgamma(n + 1 - k) - std::lgamma(m + n + 1);
  double sum = 0;
  Interval result{0, 1};
  bool low_found = false;
  for (double j = 0; j <= m; ++j) {
    sum += std::exp(log_term);
    if (!low_found && sum > tail) {
      result.low = j / m;
      low_found = true;
    }
    if (sum >= 1 - tail) {
      result.high = j / m;
      break;
    }
    log_term += std::log((m - j) / (j + 1) * (j + k) / (m - j + n - k));
  }
  return result;
}

}  // namespace kernad
