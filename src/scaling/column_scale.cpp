#include "scaling/column_scale.hpp"

#include <cmath>
#include <span>
#include <utility>

#include "linalg/moments.hpp"

namespace kernad::scaling {
namespace {

/// squares: of the differences from the mean, summed over rows.
std::vector<double> inverse(std::vector<double> squares, double count, std::span<const double> largest) {
  for (std::size_t j = 0; j < squares.size(); ++j) {
    const double deviation = std::sqrt(squares[j] / count);
    squares[j] = deviation > 0x1p-24 * largest[j] ? 1 / deviation : 1;
  }
  return squares;
}

}  // namespace

std::vector<double> inverse_deviations(const linalg::RowMoments& moments) {
  const std::size_t columns = moments.columns.mean.size();
  std::vector<double> squares(columns);
  for (std::size_t j = 0; j < columns; ++j) squares[j] = moments.scatter[j * columns + j];
  return inverse(std::move(squares), static_cast<double>(moments.rows), moments.columns.largest);
}

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
  return inverse(std::move(squares), rows.count(), moments.largest);
}

}  // namespace kernad::scaling
