#include "model/column_shift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernad/error.hpp"
#include "linalg/moments.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::model {
namespace {

/// A column nearer to zero loses less than 16 * 2^-24 = 1e-6 standard deviations to float32.
constexpr double kFar = 16;

struct Spread {
  double mean;
  double deviation;
};

std::vector<Spread> spreads(const linalg::Rows<double>& rows, int threads) {
  const auto mean = linalg::column_moments(rows, threads).mean;
  std::vector<double> squares(rows.cols());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double x = row[j] - mean[j];
      squares[j] += x * x;
    }
  }
  std::vector<Spread> result;
  for (std::size_t j = 0; j < mean.size(); ++j) {
    result.push_back({mean[j], std::sqrt(squares[j] / static_cast<double>(rows.rows()))});
  }
  return result;
}

bool is_float32(double x) { return static_cast<double>(static_cast<float>(x)) == x; }

template <typename T>
Embeddings rounded(MatrixView<T> rows, std::span<const double> shift, int threads) {
  Embeddings result(rows.rows(), rows.cols());
  constexpr std::size_t kBlockRows = 256;
  parallel::parallel_for((rows.rows() + kBlockRows - 1) / kBlockRows, threads, [&](std::size_t block, std::size_t) {
    for (std::size_t i = block * kBlockRows; i < std::min(rows.rows(), (block + 1) * kBlockRows); ++i) {
      const auto row = rows.row(i);
      for (std::size_t j = 0; j < row.size(); ++j) {
        const double value = static_cast<double>(row[j]) - (shift.empty() ? 0.0 : shift[j]);
        if (std::isfinite(value) && std::abs(value) > double{std::numeric_limits<float>::max()}) {
          throw InvalidInput(fmt::format(
              "row {}, column {}: {} is beyond float32, whose largest value is 3.4028235e+38", i, j, row[j]));
        }
        result(i, j) = static_cast<float>(value);
      }
    }
  });
  return result;
}

}  // namespace

std::vector<double> choose_shift(const linalg::Rows<double>& rows, int threads) {
  const auto columns = spreads(rows, threads);
  std::vector<char> exact(rows.cols(), 1);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) exact[j] = exact[j] != 0 && is_float32(row[j]) ? 1 : 0;
  }
  std::vector<double> shift(rows.cols());
  for (std::size_t j = 0; j < shift.size(); ++j) {
    const auto& [mean, deviation] = columns[j];
    if (exact[j] == 0 && std::abs(mean) > kFar * deviation) shift[j] = mean;
  }
  if (std::ranges::all_of(shift, [](double x) { return x == 0; })) shift.clear();
  return shift;
}

ShiftedRows::ShiftedRows(MatrixView<double> rows, std::span<const double> shift, int threads)
    : own_(rounded(rows, shift, threads)), view_(own_) {}

ShiftedRows::ShiftedRows(EmbeddingsView rows, std::span<const double> shift, int threads) : view_(rows) {
  if (shift.empty()) return;
  own_ = rounded(rows, shift, threads);
  view_ = own_;
}

}  // namespace kernad::model
