// A sketch as tensors and metadata, and back: docs/formats.md, "The sketch file".
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "kernad/sketch.hpp"
#include "sampling/row_ranges.hpp"
#include "serialise/columns_state.hpp"
#include "serialise/lines.hpp"
#include "serialise/metadata.hpp"
#include "serialise/moments_state.hpp"

namespace kernad {
namespace {

constexpr const char* kFormat = "kernad-sketch";
constexpr const char* kVersion = "1";
constexpr const char* kVersionWithMoments = "2";
constexpr const char* kRows = "sketch.rows";
constexpr const char* kRest = "sketch.rest";
constexpr const char* kNumbers = "sketch.row_numbers";
constexpr const char* kRanges = "sketch.ranges";
constexpr const char* kNames = "sketch.row_names";

const Tensor& tensor_of(const StateDict& state, const char* name, DType dtype, std::size_t dimensions) {
  const auto entry = state.tensors.find(name);
  if (entry == state.tensors.end()) throw InvalidInput(fmt::format("tensor '{}' is missing", name));
  if (entry->second.dtype != dtype || entry->second.shape.size() != dimensions) {
    throw InvalidInput(
        fmt::format("tensor '{}' is not of dtype {} with {} dimensions", name, to_string(dtype), dimensions));
  }
  return entry->second;
}

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  std::vector<T> values(tensor.size());
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

std::vector<RowRange> ranges_in(const StateDict& state) {
  const auto ends = values_of<std::int64_t>(tensor_of(state, kRanges, DType::i64, 2));
  std::vector<RowRange> ranges;
  std::int64_t last = -1;
  for (std::size_t i = 0; i + 1 < ends.size(); i += 2) {
    if (ends[i] <= last || ends[i + 1] <= ends[i]) {
      throw InvalidInput(fmt::format("tensor '{}' does not ascend", kRanges));
    }
    last = ends[i + 1];
    ranges.push_back({static_cast<std::uint64_t>(ends[i]), static_cast<std::uint64_t>(last)});
  }
  return ranges;
}

void check_format(const StateDict& state) {
  const auto value = [&](const char* key) {
    const auto entry = state.metadata.find(key);
    return entry == state.metadata.end() ? std::string() : entry->second;
  };
  if (value("format") != kFormat) throw InvalidInput("this is no sketch, which `kernad sketch` writes");
  if (value("format_version") != (serialise::has_moments(state) ? kVersionWithMoments : kVersion)) {
    throw InvalidInput(fmt::format(
        "format_version '{}' of a sketch is not known to this version of kernad, which reads {}, and {} with the "
        "moments of all rows",
        value("format_version"), kVersion, kVersionWithMoments));
  }
}

}  // namespace

StateDict Sketch::state_dict() const {
  StateDict state;
  state.metadata = {{"format", kFormat},
                    {"format_version", moments_ ? kVersionWithMoments : kVersion},
                    {"max_training_points", std::to_string(options_.max_training_points)},
                    {"seed", std::to_string(options_.seed)},
                    {"rows_seen", std::to_string(rows_seen_)}};
  if (!column_names_.empty()) state.metadata["column_names"] = serialise::to_json(column_names_);
  if (!left_out_columns_.empty()) state.metadata["left_out_columns"] = serialise::to_json(left_out_columns_);
  const auto kept = in_order();
  std::vector<std::int64_t> numbers;
  numbers.reserve(kept.size());
  for (const Kept& row : kept) numbers.push_back(static_cast<std::int64_t>(row.number));
  std::vector<std::int64_t> ends;
  for (const RowRange& range : ranges_) {
    ends.push_back(static_cast<std::int64_t>(range.first));
    ends.push_back(static_cast<std::int64_t>(range.last));
  }
  state.tensors[kRows] = Tensor::from(rows().values(), {kept.size(), columns_});
  state.tensors[kNumbers] = Tensor::from(std::span<const std::int64_t>(numbers), {numbers.size()});
  state.tensors[kRanges] = Tensor::from(std::span<const std::int64_t>(ends), {ranges_.size(), 2});
  if (!rest_.empty()) {
    std::vector<double> rest;
    for (const Kept& row : kept) {
      const auto begin = rest_.begin() + static_cast<std::ptrdiff_t>(row.slot * columns_);
      rest.insert(rest.end(), begin, begin + static_cast<std::ptrdiff_t>(columns_));
    }
    state.tensors[kRest] = Tensor::from(std::span<const double>(rest), {kept.size(), columns_});
  }
  if (!names_.empty()) state.tensors[kNames] = serialise::to_lines(row_names());
  if (moments_) serialise::add_moments(*moments_, state);
  return state;
}

Sketch Sketch::from_state_dict(const StateDict& state) {
  check_format(state);
  SketchOptions options;
  options.max_training_points =
      serialise::number_in<std::size_t>(state.metadata, "max_training_points", "a whole number, 2 or more");
  options.seed = serialise::number_in<std::uint64_t>(state.metadata, "seed", "a whole number");
  const Tensor& rows = tensor_of(state, kRows, DType::f32, 2);
  options.all_rows = serialise::has_moments(state);
  Sketch sketch(rows.shape[1], options);
  sketch.rows_seen_ = serialise::number_in<std::uint64_t>(state.metadata, "rows_seen", "a whole number");
  sketch.ranges_ = ranges_in(state);
  if (options.all_rows) {
    sketch.moments_ =
        std::make_shared<linalg::ExactMoments>(serialise::moments_from(state, rows.shape[1], sketch.rows_seen_));
  }
  sketch.values_ = values_of<float>(rows);
  sketch.set_column_names(serialise::names_in(state.metadata, "column_names"),
                          serialise::names_in(state.metadata, "left_out_columns"));
  if (state.tensors.contains(kRest)) {
    sketch.rest_ = values_of<double>(tensor_of(state, kRest, DType::f64, 2));
  }
  if (const auto names = state.tensors.find(kNames); names != state.tensors.end()) {
    sketch.names_ = serialise::from_lines(names->second).value_or(std::vector<std::string>());
    if (sketch.names_.size() != rows.shape[0])
      throw InvalidInput(fmt::format("tensor '{}' is no list of names", kNames));
  }
  for (const std::int64_t number : values_of<std::int64_t>(tensor_of(state, kNumbers, DType::i64, 1))) {
    const auto row = static_cast<std::uint64_t>(number);
    sketch.kept_.push_back({row_key(options.seed, row), row, sketch.kept_.size()});
  }
  sketch.check_loaded(rows.shape[0]);
  std::ranges::make_heap(sketch.kept_);
  return sketch;
}

/// What no sketch that was saved can violate; called before the rows are a heap.
void Sketch::check_loaded(std::size_t rows) const {
  std::uint64_t added = 0;
  for (const RowRange& range : ranges_) added += range.last - range.first;
  const bool counts = rows_seen_ <= added && rows == std::min<std::uint64_t>(rows_seen_, options_.max_training_points);
  if (!counts || kept_.size() != rows) {
    throw InvalidInput(fmt::format("{} rows are kept of {}; with max_training_points {} that cannot be", rows,
                                   rows_seen_, options_.max_training_points));
  }
  if (!rest_.empty() && rest_.size() != values_.size()) {
    throw InvalidInput(fmt::format("tensor '{}' is not of the shape of '{}'", kRest, kRows));
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t number = kept_[i].number;
    const bool seen = sampling::overlap(ranges_, {{number, number + 1}}).has_value();
    if (!seen || (i > 0 && number <= kept_[i - 1].number)) {
      throw InvalidInput(fmt::format("tensor '{}' does not ascend within '{}'", kNumbers, kRanges));
    }
  }
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::ranges::all_of(values_, finite) || !std::ranges::all_of(rest_, finite)) {
    throw InvalidInput(fmt::format("tensor '{}' or '{}' holds values that are not finite", kRows, kRest));
  }
}

void Sketch::save(const std::string& path) const { write_safetensors(path, state_dict()); }

Sketch Sketch::load(const std::string& path) {
  const StateDict state = read_safetensors(path);
  try {
    return from_state_dict(state);
  } catch (const Error& error) {
    throw ReadError(path + ": " + error.what());
  }
}

}  // namespace kernad
