#include "model/training_sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "model/column_shift.hpp"
#include "model/precision.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::model {
namespace {

std::vector<double> chosen_shift(const Sketch& sketch, int threads) {
  if (!sketch.has_doubles()) return {};
  const auto rows = sketch.doubles();
  return choose_shift(linalg::Rows<double>(rows.view()), parallel::resolve_threads(threads));
}

Embeddings shifted(const Sketch& sketch, const std::vector<double>& shift, int threads) {
  if (shift.empty()) return sketch.rows();
  return ShiftedRows(sketch.doubles(), shift, parallel::resolve_threads(threads)).take();
}

}  // namespace

TrainingSample TrainingSample::of(EmbeddingsView rows, const KDEClassifierOptions& options,
                                  const sampling::RowWeights& weights) {
  if (weights.are_whole()) {
    const auto selected =
        weights.rows_at(sample_rows(weights.repeated_count(), options.max_training_points, options.seed));
    return {rows, selected, selected, weights.repeated_count()};
  }
  if (options.automatic) throw InvalidParameter("auto takes only whole numbers as weights");
  auto counted = weights.counted_rows();
  if (counted.size() > options.max_training_points) {
    throw InvalidParameter(fmt::format(
        "of {} rows with weights a sample of {} (max_training_points) cannot be drawn unless the weights are "
        "whole numbers",
        counted.size(), options.max_training_points));
  }
  return {rows, counted, counted, counted.size(), weights.positive()};
}

std::optional<linalg::RowMoments> TrainingSample::rounded_moments(std::span<const double> shift, int threads) const {
  if (!moments) return std::nullopt;
  return linalg::rounded(*moments, shift, selected.size(), threads);
}

Embeddings TrainingSample::copy() const {
  Embeddings result(selected.size(), memory.cols());
  for (std::size_t i = 0; i < selected.size(); ++i) std::ranges::copy(memory.row(selected[i]), result.row(i).begin());
  return result;
}

SketchSample::SketchSample(const Sketch& sketch, int threads)
    : SketchSample(sketch, chosen_shift(sketch, threads), threads) {
  if (!sketch.has_doubles()) return;
  const auto given = sketch.doubles();
  unrounded = some_rows(given.view(), every_row());
}

SketchSample::SketchSample(const Sketch& sketch, std::vector<double> shift_of_columns, int threads)
    : rows(shifted(sketch, shift_of_columns, threads)),
      shift(std::move(shift_of_columns)),
      rows_seen(sketch.rows_seen()) {
  const auto in_data_set = sketch.row_numbers();
  numbers.assign(in_data_set.begin(), in_data_set.end());
  if (rows_seen > numbers.size()) moments = sketch.moments();
}

std::vector<std::size_t> SketchSample::every_row() const {
  std::vector<std::size_t> places(rows.rows());
  std::iota(places.begin(), places.end(), std::size_t{0});
  return places;
}

TrainingSample SketchSample::sample() const { return {rows, every_row(), numbers, rows_seen, {}, unrounded, moments}; }

template <typename T>
std::shared_ptr<const linalg::ExactMoments> moments_of_all(MatrixView<T> rows, const KDEClassifierOptions& options,
                                                           int threads) {
  if (!options.all_rows || rows.rows() <= options.max_training_points) return nullptr;
  auto moments = std::make_shared<linalg::ExactMoments>(rows.cols());
  moments->add(rows, {}, threads);
  return moments;
}

template std::shared_ptr<const linalg::ExactMoments> moments_of_all(MatrixView<float>, const KDEClassifierOptions&,
                                                                    int);
template std::shared_ptr<const linalg::ExactMoments> moments_of_all(MatrixView<double>, const KDEClassifierOptions&,
                                                                    int);

}  // namespace kernad::model
