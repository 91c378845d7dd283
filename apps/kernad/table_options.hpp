// The options of every command that reads tables.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"

namespace kernad::cli {

/// How tables are read, and the roles of their columns.
struct TableOptions {
  std::string header = "auto";
  std::string delimiter = "auto";
  std::string decimal = "auto";
  std::string missing = "refuse";
  std::string columns_by = "name";
  std::vector<std::string> columns;  ///< each may be several, separated by commas
  std::vector<std::string> ignored;
  std::vector<std::string> ids;
  std::string normal_label;

  /// For a fit. threads: as in CommonOptions.
  [[nodiscard]] ReadOptions read_options(int threads) const;
  /// With the columns of `model`, unless they are matched by position.
  [[nodiscard]] ReadOptions read_options(const KDEClassifier& model, int threads) const;
};

/// --header, --delimiter, --decimal, --missing, --columns, --ignore and --id.
void add_table_options(CLI::App& command, TableOptions& options);
/// --normal-label: for the commands that need to know which rows are normal.
void add_normal_label(CLI::App& command, TableOptions& options);
/// --columns-by: for the commands that have a model.
void add_columns_by(CLI::App& command, TableOptions& options);

}  // namespace kernad::cli
