#include "scaling/column_scale.hpp"

#include <cmath>

#include "linalg/moments.hpp"

namespace kernad::scaling {

std::vector<double> inverse_deviations(const linalg::Rows<float>& rows, int threads) {
  const linalg::ColumnMoments moments = linalg::column_moments(rows, threads);
  std::vector<double> squares(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double difference = static_cast<double>(row[j]) - moments.mean[j];
      squares[j] += rows.weight(i) * difference * difference;
    }
  }
  const double count = rows.count();
  for (std::size_t j = 0; j < squares.size(); ++j) {
    const double deviation = std::sqrt(squares[j] / count);
    squares[j] = deviation > 0x1p-24 * moments.largest[j] ? 1 / deviation : 1;
  }
  return squares;
}

}  // namespace kernad::scaling
