// kernad explain: why a row has its score.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "data.hpp"
#include "images/image_commands.hpp"
#include "model.hpp"
#include "options.hpp"
#include "output.hpp"
#include "row_finder.hpp"
#include "row_reader.hpp"

namespace kernad::cli {
namespace {

struct ExplainOptions {
  std::string model;
  Sources data;
  std::string row;  ///< its number, or its id
  std::size_t nearest = 5;
  std::size_t show = 10;
  std::string label_column;
  TableOptions table;
  CommonOptions common;
};

/// The printed results for one row.
struct Explained {
  std::size_t row = 0;
  Explanation why;
  std::optional<bool> anomalous;          ///< if the model has a threshold
  std::optional<double> score;            ///< the same
  std::vector<std::string> column_names;  ///< empty if the file has none
  std::vector<std::pair<std::string, std::string>> ids;
  std::vector<std::string> neighbours;  ///< their names
};

/// As a number if the name is one.
nlohmann::ordered_json name_json(const std::string& name) {
  const bool digits = !name.empty() && name.size() < 19 && name.find_first_not_of("0123456789") == std::string::npos;
  if (digits && (name == "0" || name[0] != '0')) return std::stoull(name);
  return name;
}

nlohmann::ordered_json columns_json(const Explained& explained, const std::vector<ColumnContribution>& columns) {
  auto json = nlohmann::ordered_json::array();
  for (std::size_t d = 0; d < columns.size(); ++d) {
    nlohmann::ordered_json column = {{"column", d}};
    if (!explained.column_names.empty()) column["name"] = explained.column_names[d];
    column["value"] = columns[d].value;
    column["expected"] = columns[d].expected;
    column["share"] = columns[d].share;
    json.push_back(std::move(column));
  }
  return json;
}

nlohmann::ordered_json as_json(const Explained& explained) {
  const auto& why = explained.why;
  nlohmann::ordered_json json;
  json["row"] = explained.row;
  for (const auto& [name, value] : explained.ids) json["ids"][name] = value;
  if (explained.anomalous) json["label"] = *explained.anomalous ? 1 : 0;
  if (explained.score) json["score"] = *explained.score;
  if (why.p_value) json["p_value"] = *why.p_value;
  json["log_density"] = why.log_density;
  json["probability"] = why.probability;
  if (why.decided_by != 0) json["decided_by"] = why.decided_by;
  json["deviation"] = why.deviation;
  json["residual_share"] = why.residual_share;
  json["residual_decides"] = why.residual_decides;
  json["unseen"] = why.residual_share;  // its old name, until the next minor version
  json["neighbours"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < why.neighbours.size(); ++i) {
    const auto& [row, distance, weight] = why.neighbours[i];
    json["neighbours"].push_back(
        {{"row", name_json(explained.neighbours[i])}, {"distance", distance}, {"weight", weight}});
  }
  json["components"] = why.components;
  json["columns"] = columns_json(explained, why.columns);
  json["outside"] = why.outside;
  if (why.outside > 0) json["outside_columns"] = columns_json(explained, why.outside_columns);
  return json;
}

/// Numbers of the `count` largest shares by magnitude, the largest first.
template <typename Share>
std::vector<std::size_t> largest(std::size_t size, std::size_t count, const Share& share) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::abs(share(a)) > std::abs(share(b)); });
  order.resize(std::min(count, size));
  return order;
}

std::string title(std::string_view what, std::size_t shown, std::size_t all) {
  return shown < all ? fmt::format("\n{} ({} of {})\n", what, shown, all) : fmt::format("\n{}\n", what);
}

void print_scores(const Explained& explained) {
  const auto& why = explained.why;
  std::vector<std::pair<std::string, std::string>> table = {
      {"row", fmt::format("{}", explained.row)},
  };
  table.insert(table.end(), explained.ids.begin(), explained.ids.end());
  if (explained.anomalous) table.emplace_back("label", *explained.anomalous ? "1 (anomalous)" : "0 (normal)");
  if (explained.score) table.emplace_back("score", fmt::format("{:.6f}", *explained.score));
  if (why.p_value) table.emplace_back("p_value", fmt::format("{:.6g}", *why.p_value));
  table.emplace_back("log_density", fmt::format("{:.6g}", why.log_density));
  table.emplace_back("probability", fmt::format("{:.6f}", why.probability));
  if (why.residual_decides) {
    table.emplace_back("decided by", "the residual, which the density does not see");
  } else if (why.decided_by != 0) {
    table.emplace_back("decided by", why.decided_by == 1 ? "density 1, of all columns together"
                                                         : "density 2, of standardised columns");
  }
  table.emplace_back("deviation", fmt::format("{:.6g} bandwidths", why.deviation));
  table.emplace_back("residual share", fmt::format("{:.4f} of the squared distance from the mean", why.residual_share));
  if (why.outside > 0) {
    table.emplace_back("outside", fmt::format("{:.6g} times what rounding explains off the subspace of all training "
                                              "rows",
                                              why.outside));
  }
  print_table(table);
}

void print_neighbours(const Explained& explained) {
  Grid grid = {{"training row", "distance", "weight"}};
  for (std::size_t i = 0; i < explained.neighbours.size(); ++i) {
    const auto& [row, distance, weight] = explained.why.neighbours[i];
    grid.push_back({explained.neighbours[i], fmt::format("{:.6g}", distance), fmt::format("{:.4f}", weight)});
  }
  print("\nnearest training rows\n");
  print_grid(grid);
}

void print_components(const Explanation& why, std::size_t count) {
  const auto order = largest(why.components.size(), count, [&](std::size_t j) { return why.components[j]; });
  Grid grid = {{"component", "share"}};
  for (const std::size_t j : order) grid.push_back({fmt::format("{}", j), fmt::format("{:.4f}", why.components[j])});
  print(title("deviation by component", order.size(), why.components.size()));
  print_grid(grid);
}

void print_columns(const Explained& explained, const std::vector<ColumnContribution>& columns, std::string_view what,
                   std::string_view expected, std::size_t count) {
  const auto order = largest(columns.size(), count, [&](std::size_t d) { return columns[d].share; });
  Grid grid = {{"column", "value", std::string(expected), "share"}};
  for (const std::size_t d : order) {
    grid.push_back({explained.column_names.empty() ? fmt::format("{}", d) : explained.column_names[d],
                    fmt::format("{:.6g}", columns[d].value), fmt::format("{:.6g}", columns[d].expected),
                    fmt::format("{:.4f}", columns[d].share)});
  }
  print(title(what, order.size(), columns.size()));
  print_grid(grid);
}

void print_all(const Explained& explained, std::size_t show) {
  const Explanation& why = explained.why;
  print_scores(explained);
  if (!why.neighbours.empty()) print_neighbours(explained);
  if (show == 0) return;
  print_components(why, show);
  if (why.outside > 0) print_columns(explained, why.outside_columns, "outside by column", "training", show);
  // For a row outside, under a calibrated model, both are the same.
  if (why.outside > 0 && why.p_value) return;
  const char* what = why.residual_decides ? "residual by column" : "deviation by column";
  print_columns(explained, why.columns, what, "expected", show);
}

void run(const CLI::App& command, const ExplainOptions& options) {
  if (is_image_model(options.model)) {
    return explain_image({&command, options.model, expand(options.data), {}, {}, {}, options.common});
  }
  if (command.get_option("--row")->count() == 0) throw InvalidParameter("--row is required; see kernad explain --help");
  if (options.table.ids.empty()) {
    std::string row = options.row;
    if (const auto error = whole_number()(row); !error.empty()) {
      throw InvalidParameter("--row: " + error + ", or the id of a row, with --id");
    }
  }
  const KDEClassifier model = load_model(options.model, options.common);
  const Sources data = expand(options.data);
  ReadOptions reading = options.table.read_options(model, options.common.threads);
  reading.label_column = options.label_column;
  RowReader reader(data, reading);
  RowFinder finder(options.row);
  std::vector<std::string> column_names;
  while (const auto rows = reader.next()) {
    column_names = rows->table.column_names;
    finder.see(*rows);
  }
  const Rows& row = finder.found(data);
  Explained explained{.row = row.numbers[0],
                      .why = {},
                      .anomalous = {},
                      .score = {},
                      .column_names = std::move(column_names),
                      .ids = {},
                      .neighbours = {}};
  for (const TextColumn& id : row.table.ids) explained.ids.emplace_back(id.name, id.values[0]);
  explained.why =
      in_file(data, [&] { return row.with_all([&](const auto& one) { return model.explain(one, options.nearest); }); });
  for (const auto& neighbour : explained.why.neighbours) {
    explained.neighbours.push_back(training_row_name(model, neighbour.row));
  }
  if (model.has_threshold()) {
    explained.anomalous = model.threshold().labels(std::vector{explained.why.log_density})[0] != 0;
    explained.score = model.threshold().scores(std::vector{explained.why.log_density})[0];
  }
  if (options.common.json) {
    print_json(as_json(explained));
  } else {
    print_all(explained, options.show);
  }
  print_notes(reader.notes());
  print_load_notes(model);
}

constexpr const char* kExplainFooter =
    "Distances are in bandwidths; weights are shares of the sum of kernels. The deviation is the\n"
    "vector from the weighted mean of the training rows to the row; shares are of its square.\n"
    "expected is the column's value without the deviation. A row outside the subspace of\n"
    "all training rows (constant columns, columns that depend on each other) has a table of its\n"
    "own, with the values of the training rows there. If the part of the row that the density does\n"
    "not see decides a calibrated verdict, the table of columns is of that residual. Training rows\n"
    "are named by their ids at the fit, else by their numbers in its file, from 0.\n\n"
    "Example:\n  kernad explain model.safetensors new.csv --row 17";

}  // namespace

void add_explain(CLI::App& app) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand("explain", "Explain a row's score: nearest training rows, columns");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command
      ->add_option("DATA", options->data,
                   "Rows: .npy, .npz[:ARRAY], .safetensors[:ARRAY], .csv, .tsv or -; several are read as one table. Or "
                   "an image")
      ->required()
      ->type_name("");
  command->add_option("--row", options->row, "Row of DATA to explain, counted from 0; or its id, with --id (tables)")
      ->check(not_empty())
      ->type_name("I|ID");
  command->add_option("--nearest", options->nearest, "Number of nearest training rows to show")
      ->check(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--show", options->show,
                   "Number of components and columns to show, those with the largest shares; --json has all")
      ->check(whole_number())
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--labels", options->label_column, "Column of a .csv or .tsv that is a label, not a feature")
      ->check(not_empty())
      ->type_name("COLUMN");
  add_table_options(*command, options->table);
  add_columns_by(*command, options->table);
  add_common(*command, options->common);
  command->footer(std::string(kExplainFooter) + kExitStatus);
  command->callback([options, command] { run(*command, *options); });
}

}  // namespace kernad::cli
