// kernad compare: whether new rows, all believed normal, still look like those that a model learned.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "commands.hpp"
#include "data.hpp"
#include "images/image_commands.hpp"
#include "kernad/comparison.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "row_reader.hpp"
#include "scoring.hpp"

namespace kernad::cli {
namespace {

struct CompareOptions {
  std::string model;
  Sources data;
  double alpha = 0.01;
  std::size_t show = 10;
  std::string label_column;
  TableOptions table;
  CommonOptions common;
};

/// The result, and what the columns are called: by the model, the table, or their numbers.
struct Compared {
  ComparisonResult result;
  std::vector<std::string> column_names;
  std::vector<std::string> notes;

  [[nodiscard]] std::string name(const ColumnDifference& column) const {
    return column_names.empty() ? fmt::format("{}", column.column) : column_names[column.column];
  }
};

Compared compare(const CompareOptions& options, const Sources& data, const KDEClassifier& model) {
  ReadOptions reading = options.table.read_options(model, options.common.threads);
  reading.label_column = options.label_column;
  RowReader reader(data, reading);
  Progress progress("comparing", reader.total().value_or(0));
  Comparison comparison(model, options.common.threads);
  TrainedOnNote trained(model);
  Compared compared;
  compared.column_names = model.column_names();
  while (const auto rows = reader.next()) {
    if (compared.column_names.empty()) compared.column_names = rows->table.column_names;
    in_file(data, [&] { rows->with_all([&](const auto& features) { comparison.add(features); }); });
    trained.see(*rows);
    progress.advance(rows->all);
  }
  compared.result = in_file(data, [&] { return comparison.result(options.alpha); });
  compared.notes = reader.notes();
  trained.add_to(compared.notes, data, "to find drift, rows have to be new");
  return compared;
}

nlohmann::ordered_json difference_json(const ScoreDifference& difference) {
  return {{"p_value", difference.p_value},
          {"distance", difference.distance},
          {"log_density", difference.log_density},
          {"share_of_rows", difference.share_of_rows},
          {"share_expected", difference.share_expected},
          {"smallest_distance", difference.smallest_distance}};
}

nlohmann::ordered_json as_json(const Compared& compared, const Calibration& calibration) {
  const ComparisonResult& result = compared.result;
  nlohmann::ordered_json json;
  json["drift"] = result.drift;
  json["alpha"] = result.alpha;
  json["p_value"] = result.p_value;
  json["rows"] = result.rows;
  json["calibration"] = {{"rows", calibration.size()}, {"folds", calibration.folds()}};
  json["scores"] = difference_json(result.scores);
  json["scores"]["allowance"] = result.allowance;
  json["scores_two_sided"] = difference_json(result.two_sided);
  json["columns_compared_by"] = to_string(result.column_test);
  json["columns"] = nlohmann::ordered_json::array();
  for (const ColumnDifference& column : result.columns) {
    nlohmann::ordered_json entry = {{"column", column.column}};
    if (!compared.column_names.empty()) entry["name"] = compared.name(column);
    entry["moved"] = column.adjusted_p_value <= result.alpha / 2;
    entry["shift"] = column.shift ? nlohmann::ordered_json(*column.shift) : nlohmann::ordered_json();
    entry["distance"] = column.distance ? nlohmann::ordered_json(*column.distance) : nlohmann::ordered_json();
    entry["p_value"] = column.p_value;
    entry["adjusted_p_value"] = column.adjusted_p_value;
    json["columns"].push_back(std::move(entry));
  }
  return json;
}

std::string columns_text(const ComparisonResult& result) {
  if (result.column_test == ColumnTest::none) return "not compared: the model knows no variances, or has weights";
  const auto moved = std::ranges::count_if(
      result.columns, [&](const ColumnDifference& column) { return column.adjusted_p_value <= result.alpha / 2; });
  return fmt::format("{} of {} moved, by their {}", moved, result.columns.size(), to_string(result.column_test));
}

std::string found_text(const ScoreDifference& found) {
  return fmt::format("{:.4f}: {:.1f} % of the rows are below log_density {:.6g}, {:.1f} % of the calibration",
                     found.distance, 100 * found.share_of_rows, found.log_density, 100 * found.share_expected);
}

void print_columns(const Compared& compared, std::size_t show) {
  const auto& columns = compared.result.columns;
  std::vector<std::size_t> order(columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return columns[i].p_value; });
  order.resize(std::min(show, order.size()));
  if (order.empty()) return;
  Grid grid = {{"column", "shift", "distance", "p_value", "adjusted"}};
  for (const std::size_t i : order) {
    const ColumnDifference& column = columns[i];
    grid.push_back({compared.name(column), column.shift ? fmt::format("{:.3f}", *column.shift) : "",
                    column.distance ? fmt::format("{:.4f}", *column.distance) : "",
                    fmt::format("{:.3g}", column.p_value), fmt::format("{:.3g}", column.adjusted_p_value)});
  }
  print(order.size() < columns.size() ? fmt::format("\ncolumns ({} of {})\n", order.size(), columns.size())
                                      : "\ncolumns\n");
  print_grid(grid);
}

void print_all(const Compared& compared, const Calibration& calibration, std::size_t show) {
  const ComparisonResult& result = compared.result;
  const ScoreDifference& scores = result.scores;
  Table table = {{"drift", result.drift ? "yes" : "no"},
                 {"p_value", fmt::format("{:.4g} (drift at {} or less)", result.p_value, result.alpha)},
                 {"rows", fmt::format("{}", result.rows)},
                 {"calibrated on", calibration.folds() == 0 ? fmt::format("{} further normal rows", calibration.size())
                                                            : fmt::format("{} training rows in {} folds",
                                                                          calibration.size(), calibration.folds())},
                 {"scores, p_value", fmt::format("{:.4g}", scores.p_value)}};
  if (scores.distance > 0) table.emplace_back("largest difference", found_text(scores));
  table.emplace_back("significant from", fmt::format("{:.4f}", scores.smallest_distance));
  table.emplace_back("columns", columns_text(result));
  print_table(table);
  print_columns(compared, show);
}

void run(const CompareOptions& options) {
  if (is_image_model(options.model)) {
    throw InvalidParameter(options.model + ": is a model of images; compare takes one of rows");
  }
  const Sources data = expand(options.data);
  const KDEClassifier model = load_model(options.model, options.common);
  if (!model.is_calibrated()) {
    throw InvalidParameter(options.model + ": is not calibrated, as compare needs it; see kernad calibrate");
  }
  const Compared compared = compare(options, data, model);
  if (options.common.json) {
    print_json(as_json(compared, model.calibration()));
  } else {
    print_all(compared, model.calibration(), options.show);
  }
  print_notes(compared.notes);
  print_load_notes(model);
  if (compared.result.drift) throw Verdict{kDriftStatus};
}

constexpr const char* kCompareFooter =
    "Drift: rows drawn as the model's own would differ as much with a probability of at most\n"
    "--alpha, half of it for the scores and half for all columns together. shift is in standard\n"
    "deviations of the training rows, distance the largest difference of the distribution functions.\n\n"
    "Example:\n  kernad compare model.safetensors tonight.csv --json > drift.json || mail_somebody\n\n"
    "Exit status: 0 success, no drift; 3 drift; 2 wrong usage or bad input; 1 anything else";

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand("compare", "Tell whether new normal rows still look like the training rows");
  command->add_option("MODEL", options->model, "Model file, calibrated")->required()->type_name("");
  command
      ->add_option(
          "DATA", options->data,
          "Rows, believed normal: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are one table")
      ->required()
      ->type_name("");
  command->add_option("--alpha", options->alpha, "How often rows without drift may be called drifted")
      ->type_name("RATE")
      ->capture_default_str();
  command->add_option("--show", options->show, "Number of columns to show, those that differ most; --json has all")
      ->check(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--labels", options->label_column, "Column of a .csv or .tsv that is a label, not a feature")
      ->check(not_empty())
      ->type_name("COLUMN");
  add_no_pruning(*command, options->common);
  add_table_options(*command, options->table);
  add_columns_by(*command, options->table);
  add_common(*command, options->common);
  command->footer(kCompareFooter);
  command->callback([options] { run(*options); });
}

}  // namespace kernad::cli
