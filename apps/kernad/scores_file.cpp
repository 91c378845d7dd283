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

}  // namespace

void require_known_ending(const std::string& path) {
  const std::string known = ending(path);
  if (known != ".csv" && known != ".npy" && known != ".json") {
    throw InvalidParameter(path + ": scores cannot be written in that format; valid endings: .csv, .npy, .json");
  }
}

std::string csv_text(const Scores& scores) {
  std::string text = "log_density,probability";
  if (scores.p_value) text += ",p_value";
  if (scores.label) text += ",label";
  text += '\n';
  for (std::size_t i = 0; i < scores.log_density.size(); ++i) {
    fmt::format_to(std::back_inserter(text), "{},{}", scores.log_density[i], scores.probability[i]);
    if (scores.p_value) fmt::format_to(std::back_inserter(text), ",{}", (*scores.p_value)[i]);
    if (scores.label) fmt::format_to(std::back_inserter(text), ",{}", (*scores.label)[i]);
    text += '\n';
  }
  return text;
}

std::string json_text(const Scores& scores) {
  nlohmann::ordered_json json;
  json["rows"] = scores.log_density.size();
  json["log_density"] = scores.log_density;
  json["probability"] = scores.probability;
  if (scores.p_value) json["p_value"] = *scores.p_value;
  if (scores.label) json["label"] = *scores.label;
  return json.dump() + '\n';
}

void write_scores(const std::string& path, const Scores& scores) {
  const std::string known = ending(path);
  const std::string bytes = known == ".npy"    ? npy_bytes(scores.log_density)
                            : known == ".json" ? json_text(scores)
                                               : csv_text(scores);
  write_file_atomically(path, std::as_bytes(std::span(bytes)));
}

}  // namespace kernad::cli
