#include "labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "labelled_reader.hpp"

namespace kernad::cli {
namespace {

/// The features of blocks, one below the other.
class Stack {
 public:
  void add(const Rows& rows) {
    const auto all = rows.features.values();
    features_.insert(features_.end(), all.begin(), all.end());
    if (rows.rest.empty() && rest_.empty()) return;
    rest_.resize(features_.size() - all.size());
    const auto rest = rows.rest.values();
    rest_.insert(rest_.end(), rest.begin(), rest.end());
    rest_.resize(features_.size());
  }

  void take(Rows& rows, std::size_t columns) {
    const std::size_t count = rows.numbers.size();
    rows.features = Embeddings(std::move(features_), count, columns);
    if (!rest_.empty()) rows.rest = Embeddings(std::move(rest_), count, columns);
  }

 private:
  std::vector<float> features_;
  std::vector<float> rest_;
};

}  // namespace

void require_one_standard_input(const Sources& sources, const LabelSource& labels) {
  if (labels.column_or_file != "-" || std::ranges::count(sources, "-") == 0) return;
  throw InvalidParameter("data and labels cannot both be standard input; give one of them as a file");
}

bool may_be_column(const Sources& sources, const LabelSource& labels) {
  if (!have_columns(sources) || !is_file(labels.column_or_file)) return have_columns(sources);
  // A name may be that of a file and of a column; the column takes precedence. But a pipe can be read only once.
  std::error_code ignored;
  return std::ranges::all_of(
      sources, [&](const std::string& source) { return std::filesystem::is_regular_file(source, ignored); });
}

Rows read_labelled(const Sources& sources, const LabelSource& labels, const ReadOptions& options) {
  LabelledReader reader(sources, labels, options);
  Rows all;
  Stack features;
  std::vector<std::uint32_t> codes;
  std::vector<double> weights;
  while (auto rows = reader.next()) {
    features.add(*rows);
    codes.insert(codes.end(), reader.codes().begin(), reader.codes().end());
    weights.insert(weights.end(), rows->table.weights.begin(), rows->table.weights.end());
    if (all.all == 0) all.table.column_names = rows->table.column_names;
    if (all.all == 0) all.table.left_out = rows->table.left_out;
    append(all, std::move(*rows));
  }
  features.take(all, reader.columns());
  const auto meanings = reader.meanings();
  std::ranges::transform(codes, std::back_inserter(all.labels), [&](std::uint32_t code) { return meanings[code]; });
  all.table.weights = std::move(weights);
  all.table.notes = reader.notes();
  return all;
}

std::string minus_one_note(const Sources& sources) {
  return fmt::format("{}: the label -1 is taken for anomalous and 1 for normal", name_of(sources));
}

std::string few_normal_note(const Sources& sources, std::size_t normal, std::size_t labelled) {
  if (normal == 0 || normal * 5 >= labelled) return "";
  return fmt::format(
      "{}: only {} of {} rows are labelled normal; if the labels mean the opposite, see "
      "--normal-label",
      name_of(sources), normal, labelled);
}

Rows normal_rows(Rows rows) {
  if (rows.labels.empty()) return rows;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] == 0) kept.push_back(i);
  }
  select(rows, kept);
  return rows;
}

}  // namespace kernad::cli
