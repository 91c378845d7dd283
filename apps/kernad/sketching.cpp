#include "sketching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "output.hpp"
#include "progress.hpp"
#include "row_reader.hpp"
#include "weights.hpp"

namespace kernad::cli {
namespace {

/// 0 for each row of a block that is labelled normal, 1 for others, missing_label for those without label, which have
/// to be skipped. first: number of the block's first row. Empty without labels.
std::vector<std::uint8_t> labels_of(const kernad::Table& table, std::size_t first, const std::string& normal_label,
                                    bool skip_missing) {
  if (table.labels.empty()) return {};
  auto texts = table.labels;
  texts.push_back(normal_label);  // a block need not contain it
  auto labels = parse_labels(texts, "labels", {.normal_label = normal_label, .allow_missing = true});
  labels.pop_back();
  const auto missing = std::ranges::find(labels, missing_label);
  if (missing != labels.end() && !skip_missing) {
    throw InvalidInput(
        fmt::format("row {}: there is no label; the row has to be left out", first + (missing - labels.begin())));
  }
  return labels;
}

/// The rows of a block that are left out: they lack a value or a label, or have another label.
std::vector<std::uint8_t> left_out_rows(const Rows& rows) {
  std::vector<std::uint8_t> left_out(rows.all, 1);
  for (std::size_t i = 0; i < rows.numbers.size(); ++i) {
    left_out[rows.numbers[i] - rows.first_number] = rows.labels.empty() ? 0 : rows.labels[i];
  }
  return left_out;
}

/// One per row of the block; none if rows have no ids.
std::vector<std::string> row_names(const Rows& rows) {
  std::vector<std::string> names;
  if (rows.table.ids.empty()) return names;
  names.resize(rows.all);
  for (std::size_t i = 0; i < rows.numbers.size(); ++i) names[rows.numbers[i] - rows.first_number] = rows.name(i);
  return names;
}

/// Each of the `kept` rows at its position among all rows of the block, the others 0.
template <typename T>
kernad::Matrix<T> in_place(MatrixView<T> features, const Rows& rows) {
  kernad::Matrix<T> all(rows.all, features.cols());
  for (std::size_t i = 0; i < rows.numbers.size(); ++i) {
    std::ranges::copy(features.row(i), all.row(rows.numbers[i] - rows.first_number).begin());
  }
  return all;
}

/// How often each row of the block counts; one that lacks a value or a label does not.
std::vector<std::uint32_t> counts_of(const Rows& rows, const std::vector<double>& weights, const Sources& sources) {
  std::vector<std::uint32_t> counts(rows.all);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != std::floor(weights[i]) || weights[i] > std::numeric_limits<std::uint32_t>::max()) {
      throw InvalidInput(fmt::format("{}: the weight of row {} is {}; valid in a sketch: whole numbers from 0 to {}",
                                     name_of(sources), rows.numbers[i], weights[i],
                                     std::numeric_limits<std::uint32_t>::max()));
    }
    counts[rows.numbers[i] - rows.first_number] = static_cast<std::uint32_t>(weights[i]);
  }
  return counts;
}

/// first: number of the block's first row in the data set; counts: of its rows, or none.
void add_block(const Rows& rows, std::size_t first, const std::vector<std::uint32_t>& counts, Sketch& sketch) {
  const auto names = row_names(rows);
  const auto add = [&]<typename T>(MatrixView<T> features) {
    if (rows.numbers.size() == rows.all && rows.labels.empty()) return sketch.add(features, first, {{}, names, counts});
    const auto all = in_place(features, rows);
    sketch.add(all.view(), first, {left_out_rows(rows), names, counts});
  };
  if (rows.rest.empty()) return add(rows.features.view());
  const auto doubles = rows.doubles(0, rows.features.rows());
  add(doubles.view());
}

}  // namespace

bool tell_columns_apart(kernad::Table& table) {
  std::set<std::string> seen(table.left_out.begin(), table.left_out.end());
  for (const auto& name : table.column_names) {
    if (seen.insert(name).second) continue;
    table.notes.push_back(
        fmt::format("more than one column is called '{}': the model knows columns by position", name));
    return false;
  }
  return !table.column_names.empty();
}

Sketched sketch_of(const Sources& sources, const ReadOptions& reading, const SketchOptions& options, int threads,
                   const PartOptions& part) {
  RowReader reader(sources, reading);
  if (reader.columns() == 0) throw InvalidInput(name_of(sources) + ": has no column of features");
  Sketched result = {Sketch(reader.columns(), options), {}};
  result.sketch.set_threads(threads);
  kernad::Table names;
  Progress progress("reading", reader.total().value_or(0));
  std::size_t read = 0;
  std::size_t place = part.first_row;
  std::optional<WeightReader> weights;
  if (!part.weights.empty() || !reading.weight_column.empty()) weights.emplace(sources, part.weights);
  const auto labels = [&](const kernad::Table& table) {
    return in_file(sources, [&] { return labels_of(table, read, part.normal_label, reading.allow_missing); });
  };
  for (bool first = true; auto rows = reader.next(labels); first = false) {
    read += rows->all;
    if (first) {
      names.column_names = rows->table.column_names;
      names.left_out = rows->table.left_out;
    }
    std::vector<std::uint32_t> counts;
    if (weights) counts = counts_of(*rows, weights->of(*rows), sources);
    in_file(sources, [&] { add_block(*rows, place, counts, result.sketch); });
    place = std::accumulate(counts.begin(), counts.end(), place + (weights ? 0 : rows->all));
    progress.advance(rows->all);
  }
  if (weights) weights->require_end();
  names.notes = reader.notes();
  if (tell_columns_apart(names)) result.sketch.set_column_names(names.column_names, names.left_out);
  result.notes = std::move(names.notes);
  return result;
}

bool are_sketches(const Sources& sources) {
  const auto is_sketch = [](const std::string& source) { return source.ends_with(".sketch"); };
  const auto count = std::ranges::count_if(sources, is_sketch);
  if (count == 0) return false;
  if (count == std::ssize(sources)) return true;
  const auto other = std::ranges::find_if_not(sources, is_sketch);
  throw InvalidParameter(*other + ": is no sketch, but others are; a fit takes rows or sketches, not both");
}

Sketch merged(const Sources& sketches) {
  std::optional<Sketch> all;
  for (const std::string& file : sketches) {
    const Sketch part = Sketch::load(file);
    if (!all) {
      all = part;
      continue;
    }
    try {
      all->merge(part);
    } catch (const InvalidInput& error) {
      throw InvalidInput(file + ": " + error.what());
    }
  }
  return std::move(*all);
}

void print_sketch(const std::string& path, const Sketch& sketch, const CommonOptions& options) {
  std::uint64_t added = 0;
  auto ranges = nlohmann::ordered_json::array();
  std::string text;
  for (const RowRange& range : sketch.ranges()) {
    added += range.last - range.first;
    ranges.push_back({range.first, range.last});
    text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", range.first, range.last - 1);
  }
  const std::size_t kept = sketch.row_numbers().size();
  const SketchOptions& sample = sketch.options();
  if (options.json) {
    print_json({{"sketch", path},
                {"ranges", ranges},
                {"rows_left_out", added - sketch.rows_seen()},
                {"rows_kept", kept},
                {"columns", sketch.columns()},
                {"column_names", sketch.column_names()},
                {"max_training_points", sample.max_training_points},
                {"seed", sample.seed},
                {"all_rows", sample.all_rows}});
    return;
  }
  std::vector<std::pair<std::string, std::string>> table = {
      {"sketch", path},
      {"rows of the data set", text},
      {"rows left out", fmt::format("{}", added - sketch.rows_seen())},
      {"rows kept", fmt::format("{} of at most {}", kept, sample.max_training_points)},
      {"columns", fmt::format("{}", sketch.columns())},
      {"seed", fmt::format("{}", sample.seed)}};
  if (sample.all_rows) table.emplace_back("components, scales", "of all rows");
  print_table(table);
}

}  // namespace kernad::cli
