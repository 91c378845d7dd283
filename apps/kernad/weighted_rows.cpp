#include "weighted_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "labelled_reader.hpp"
#include "weights.hpp"

namespace kernad::cli {
namespace {

constexpr double kMost = std::numeric_limits<std::uint32_t>::max();

template <typename T>
kernad::Matrix<T> some(MatrixView<T> rows, const std::vector<std::size_t>& chosen) {
  kernad::Matrix<T> result(chosen.size(), rows.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i) std::ranges::copy(rows.row(chosen[i]), result.row(i).begin());
  return result;
}

}  // namespace

WeightedRows::WeightedRows(std::string file, std::size_t columns, const KDEClassifierOptions& options)
    : file_(std::move(file)),
      options_(options),
      sketch_(columns, {options.max_training_points, options.seed}),
      columns_(columns) {}

void WeightedRows::add(const Rows& rows, const std::vector<std::size_t>& chosen, const std::vector<double>& weights) {
  count_ += chosen.size();
  std::vector<std::size_t> counted;
  std::vector<std::uint32_t> counts;
  for (const std::size_t i : chosen) {
    const double weight = weights[i];
    if (weight == 0) continue;
    ++counted_;
    total_ += weight;
    whole_ = whole_ && weight == std::floor(weight);
    if (smallest_ == 0 || weight < smallest_) {
      smallest_ = weight;
      smallest_name_ = rows.name(i);
    }
    if (counted_ <= options_.max_training_points) keep(rows, i, weight);
    counted.push_back(i);
    if (total_ <= kMost) counts.push_back(static_cast<std::uint32_t>(weight));
  }
  if (counted_ > options_.max_training_points) {  // of no use for a fit
    std::vector<float>().swap(features_);
    std::vector<float>().swap(rest_);
  }
  if (whole_ && total_ <= kMost) add_repeated(rows, counted, counts);
}

void WeightedRows::add_repeated(const Rows& rows, const std::vector<std::size_t>& counted,
                                const std::vector<std::uint32_t>& counts) {
  if (counted.empty()) return;
  std::vector<std::string> names(counted.size());
  std::ranges::transform(counted, names.begin(), [&](std::size_t i) { return rows.name(i); });
  const RowDetails details = {.names = names, .counts = counts};
  if (rows.rest.empty()) {
    sketch_.add(some(rows.features.view(), counted), places_, details);
  } else {
    const auto doubles = rows.doubles(0, rows.features.rows());
    sketch_.add(some(doubles.view(), counted), places_, details);
  }
  places_ = std::accumulate(counts.begin(), counts.end(), places_);
}

void WeightedRows::keep(const Rows& rows, std::size_t i, double weight) {
  const auto row = rows.features.row(i);
  features_.insert(features_.end(), row.begin(), row.end());
  if (!rows.rest.empty()) {
    const auto rest = rows.rest.row(i);
    rest_.resize(features_.size() - columns_);
    rest_.insert(rest_.end(), rest.begin(), rest.end());
  }
  names_.push_back(rows.name(i));
  weights_.push_back(weight);
}

bool WeightedRows::are_whole() const {
  if (total_ > kMost) {
    throw InvalidInput(
        fmt::format("{}: the weights add up to {:g}; at most {:.0f} rows can be counted", file_, total_, kMost));
  }
  if (!(total_ > 1)) {
    throw InvalidInput(
        fmt::format("{}: the weights add up to {:g}; they count rows, and more than 1 is needed", file_, total_));
  }
  if (smallest_ < 0x1p-63 * total_) {
    throw InvalidInput(
        fmt::format("{}: the weight of row {} is {:g}, the sum of all is {:g}; valid: 0, or 1.1e-19 of the sum and "
                    "more",
                    file_, smallest_name_, smallest_, total_));
  }
  if (whole_) return true;
  if (options_.automatic) throw InvalidParameter("auto takes only whole numbers as weights");
  if (counted_ > options_.max_training_points) {
    throw InvalidParameter(fmt::format(
        "of {} rows with weights a sample of {} (max_training_points) cannot be drawn unless the weights are whole "
        "numbers",
        counted_, options_.max_training_points));
  }
  return false;
}

Rows WeightedRows::rows() const {
  Rows rows;
  rows.features = Embeddings(std::vector<float>(features_), counted_, columns_);
  if (!rest_.empty()) {
    std::vector<float> rest = rest_;
    rest.resize(features_.size());
    rows.rest = Embeddings(std::move(rest), counted_, columns_);
  }
  rows.numbers.resize(counted_);
  std::iota(rows.numbers.begin(), rows.numbers.end(), std::size_t{0});
  rows.all = counted_;
  rows.table.ids = {{"", names_}};
  return rows;
}

namespace {

/// Names and notes of a table, from its blocks.
void take_names(const Rows& rows, kernad::Table& table) {
  if (!table.column_names.empty()) return;
  table.column_names = rows.table.column_names;
  table.left_out = rows.table.left_out;
}

WeightedSample labelled_sample(const Sources& sources, const LabelSource& labels, const ReadOptions& reading,
                               WeightReader weights, const KDEClassifierOptions& options) {
  LabelledReader reader(sources, labels, reading);
  if (reader.columns() == 0) throw InvalidInput(name_of(sources) + ": has no column of features");
  // What is normal is known at the end alone: see normal_sketch.cpp.
  WeightedRows words(name_of(sources), reader.columns(), options);
  WeightedRows ones = words;
  kernad::Table table;
  std::size_t labelled = 0;
  while (const auto rows = reader.next()) {
    take_names(*rows, table);
    const auto of_rows = weights.of(*rows);
    std::vector<std::size_t> as_word;
    std::vector<std::size_t> as_one;
    for (std::size_t i = 0; i < reader.codes().size(); ++i) {
      if (reader.is_normal_word(reader.codes()[i])) as_word.push_back(i);
      if (reader.may_be_ones() && reader.is_one(reader.codes()[i])) as_one.push_back(i);
    }
    in_file(sources, [&] {
      words.add(*rows, as_word, of_rows);
      ones.add(*rows, as_one, of_rows);
    });
    labelled += rows->features.rows();
  }
  weights.require_end();
  (void)reader.meanings();  // throws if there is none
  table.notes = reader.notes();
  return {reader.are_ones() ? std::move(ones) : std::move(words), std::move(table), labelled};
}

}  // namespace

WeightedSample weighted_sample_of(const Sources& sources, const LabelSource& labels, const ReadOptions& reading,
                                  const std::string& weights, const KDEClassifierOptions& options) {
  WeightReader of_rows(sources, weights);
  if (!labels.column_or_file.empty()) return labelled_sample(sources, labels, reading, std::move(of_rows), options);
  RowReader reader(sources, reading);
  if (reader.columns() == 0) throw InvalidInput(name_of(sources) + ": has no column of features");
  WeightedSample sample = {WeightedRows(name_of(sources), reader.columns(), options), {}, 0};
  while (const auto rows = reader.next()) {
    take_names(*rows, sample.table);
    std::vector<std::size_t> all(rows->features.rows());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto weights_of_rows = of_rows.of(*rows);
    in_file(sources, [&] { sample.rows.add(*rows, all, weights_of_rows); });
  }
  of_rows.require_end();
  sample.table.notes = reader.notes();
  return sample;
}

}  // namespace kernad::cli
