#include "table_options.hpp"

#include <fmt/format.h>

#include <utility>

#include "kernad/error.hpp"
#include "options.hpp"

namespace kernad::cli {
namespace {

/// 0 for "auto"; else the character itself, or the one with that name.
char delimiter_of(const std::string& text) {
  for (const auto& [name, mark] : {std::pair{"auto", '\0'},
                                   {"comma", ','},
                                   {"semicolon", ';'},
                                   {"tab", '\t'},
                                   {"\\t", '\t'},
                                   {"pipe", '|'},
                                   {"blank", ' '}}) {
    if (text == name) return mark;
  }
  if (text.size() == 1 && text[0] != '"' && text[0] != '\n' && text[0] != '\r') return text[0];
  throw InvalidParameter(
      fmt::format("--delimiter is '{}'; valid: auto, comma, semicolon, tab, pipe, or one character", text));
}

/// "a,b" is two columns; a name that contains a comma is put in double quotes, as in a .csv.
std::vector<std::string> split_names(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    std::string name;
    bool quoted = false;
    for (const char c : text) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        names.push_back(std::exchange(name, {}));
      } else {
        name += c;
      }
    }
    names.push_back(std::move(name));
  }
  return names;
}

/// An option that takes one value each time that it is given.
CLI::Option* add_list(CLI::App& command, const char* name, std::vector<std::string>& values, const char* help) {
  return command.add_option(name, values, help)->allow_extra_args(false)->check(not_empty());
}

}  // namespace

ReadOptions TableOptions::read_options(int threads) const {
  ReadOptions options;
  options.num_threads = threads;
  if (header != "auto") options.header = header == "present" ? CsvHeader::present : CsvHeader::absent;
  options.delimiter = delimiter_of(delimiter);
  if (decimal != "auto") options.decimal = decimal == "comma" ? DecimalMark::comma : DecimalMark::point;
  options.allow_missing = missing == "skip";
  options.columns = split_names(columns);
  options.ignored_columns = split_names(ignored);
  options.id_columns = split_names(ids);
  return options;
}

ReadOptions TableOptions::read_options(const KDEClassifier& model, int threads) const {
  ReadOptions options = read_options(threads);
  options.keep_rest = model.takes_doubles();
  if (columns_by == "position") return options;
  options.model_columns = model.column_names();
  options.known_columns = model.left_out_columns();
  return options;
}

void add_table_options(CLI::App& command, TableOptions& options) {
  command.add_option("--header", options.header, "Whether the first line of a .csv or .tsv names its columns")
      ->check(quiet(CLI::IsMember({"auto", "present", "absent"})))
      ->type_name("auto|present|absent")
      ->capture_default_str();
  command.add_option("--delimiter", options.delimiter, "What separates the columns of a .csv or .tsv")
      ->check(not_empty())
      ->type_name("auto|comma|semicolon|tab|pipe|CHARACTER")
      ->capture_default_str();
  command.add_option("--decimal", options.decimal, "The decimal mark of a .csv or .tsv")
      ->check(quiet(CLI::IsMember({"auto", "point", "comma"})))
      ->type_name("auto|point|comma")
      ->capture_default_str();
  command.add_option("--missing", options.missing, "What to do with rows that lack a value: an empty field, NA, NaN")
      ->check(quiet(CLI::IsMember({"refuse", "skip"})))
      ->type_name("refuse|skip")
      ->capture_default_str();
  add_list(command, "--columns", options.columns, "Columns that are features: names or numbers, a comma between")
      ->type_name("LIST");
  add_list(command, "--ignore", options.ignored, "Columns to leave out")->type_name("LIST");
  add_list(command, "--id", options.ids, "Columns that say what a row is called; they are in all that is written")
      ->type_name("LIST");
}

void add_normal_label(CLI::App& command, TableOptions& options) {
  command.add_option("--normal-label", options.normal_label, "The label of normal rows; all others are anomalous")
      ->check(not_empty())
      ->type_name("TEXT");
}

void add_columns_by(CLI::App& command, TableOptions& options) {
  command.add_option("--columns-by", options.columns_by, "How columns are found that the model knows by name")
      ->check(quiet(CLI::IsMember({"name", "position"})))
      ->type_name("name|position")
      ->capture_default_str();
}

}  // namespace kernad::cli
