#include "scores_file.hpp"

#include <fmt/format.h>

#include <bit>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "kernad/error.hpp"
#include "kernad/io.hpp"
#include "output.hpp"

namespace kernad::cli {
namespace {

/// One dimension of '<f8'. Source: NumPy's format description (numpy.lib.format), version 1.0.
std::string npy_bytes(std::span<const double> values) {
  static_assert(std::endian::native == std::endian::little, "'<f8' is written as the values lie in memory");
  constexpr std::size_t kPreamble = 10;  // magic, version, length
  constexpr std::size_t kAlignment = 64;
  std::string header = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", values.size());
  while ((kPreamble + header.size() + 1) % kAlignment != 0) header += ' ';
  header += '\n';

  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  const auto bytes = std::as_bytes(values);
  file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return file;
}

std::string ending(const std::string& path) { return std::filesystem::path(path).extension().string(); }

bool is_json_lines(const std::string& known) { return known == ".jsonl" || known == ".ndjson"; }

bool is_lines(const std::string& known) { return known == ".csv" || known == ".tsv" || is_json_lines(known); }

/// As a field of a .csv, quoted if needed.
std::string quoted(const std::string& text, char delimiter) {
  const bool plain = text.find_first_of("\"\r\n") == std::string::npos && text.find(delimiter) == std::string::npos &&
                     (text.empty() || (text.front() != ' ' && text.back() != ' ' && text.front() != '#'));
  if (plain) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + '"';
}

std::string csv_field(const Output& output, const OutputColumn& column, std::size_t row, char delimiter) {
  if (const auto* texts = std::get_if<2>(&column.values)) return quoted((*texts)[row], delimiter);
  if (const auto* whole = std::get_if<1>(&column.values)) return fmt::format("{}", (*whole)[row]);
  const double value = std::get<0>(column.values)[row];
  return output.scored[row] ? fmt::format("{}", value) : "";
}

nlohmann::ordered_json json_value(const Output& output, const OutputColumn& column, std::size_t row) {
  if (const auto* texts = std::get_if<2>(&column.values)) return (*texts)[row];
  if (const auto* whole = std::get_if<1>(&column.values)) return (*whole)[row];
  if (!output.scored[row]) return nullptr;
  const double value = std::get<0>(column.values)[row];
  if (column.name.ends_with("label")) return static_cast<int>(value);
  return value;
}

std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

void require_known_ending(const std::string& path) {
  const std::string known = ending(path);
  for (const char* valid : {".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".npy"}) {
    if (known == valid) return;
  }
  throw InvalidParameter(path +
                         ": scores cannot be written in that format; valid endings: .csv, .npy, .json, .jsonl, "
                         ".ndjson, .tsv");
}

std::string csv_text(const Output& output, char delimiter, bool with_heading) {
  std::string text;
  for (const OutputColumn& column : output.columns) {
    if (!with_heading) break;
    if (!text.empty()) text += delimiter;
    text += quoted(column.name, delimiter);
  }
  if (with_heading) text += '\n';
  for (const std::size_t row : output.rows) {
    for (std::size_t k = 0; k < output.columns.size(); ++k) {
      if (k > 0) text += delimiter;
      text += csv_field(output, output.columns[k], row, delimiter);
    }
    text += '\n';
  }
  return text;
}

bool can_be_streamed(const std::string& path) { return is_lines(ending(path)); }

ScoresWriter::ScoresWriter(const std::string& path) : ending_(ending(path)) {
  if (!path.empty()) file_.emplace(path);
}

void ScoresWriter::write(const Output& output) {
  const std::string text = is_json_lines(ending_) ? json_lines_text(output)
                                                  : csv_text(output, ending_ == ".tsv" ? '\t' : ',', with_heading_);
  with_heading_ = false;
  if (file_) {
    file_->write(std::as_bytes(std::span(text)));
  } else {
    print(text);
  }
}

void ScoresWriter::finish() {
  if (file_) file_->commit();
}

std::string json_text(const Output& output) {
  nlohmann::ordered_json json;
  json["rows"] = output.rows.size();
  for (const OutputColumn& column : output.columns) {
    auto values = nlohmann::ordered_json::array();
    for (const std::size_t row : output.rows) values.push_back(json_value(output, column, row));
    json[column.name] = std::move(values);
  }
  return dumped(json);
}

std::string json_lines_text(const Output& output) {
  std::string text;
  for (const std::size_t row : output.rows) {
    nlohmann::ordered_json json;
    for (const OutputColumn& column : output.columns) json[column.name] = json_value(output, column, row);
    text += dumped(json);
  }
  return text;
}

void write_output(const std::string& path, const Output& output) {
  const std::string known = ending(path);
  std::string bytes;
  if (known == ".npy") {
    std::vector<double> values;
    for (const OutputColumn& column : output.columns) {
      if (!column.name.ends_with("log_density")) continue;
      values.clear();
      for (const std::size_t row : output.rows) values.push_back(std::get<0>(column.values)[row]);
    }
    bytes = npy_bytes(values);
  } else if (known == ".json") {
    bytes = json_text(output);
  } else if (is_json_lines(known)) {
    bytes = json_lines_text(output);
  } else {
    bytes = csv_text(output, known == ".tsv" ? '\t' : ',');
  }
  write_file_atomically(path, std::as_bytes(std::span(bytes)));
}

}  // namespace kernad::cli
