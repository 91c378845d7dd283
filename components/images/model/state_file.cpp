// A model of images as a safetensors file: docs/images.md lists the tensors. Everything is checked, since files are
// not trusted.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "kernad/state_dict.hpp"
#include "model/state.hpp"

namespace kernad::images {
namespace {

constexpr const char* kVersion = "1";
constexpr const char* kTiledVersion = "2";  // read as the first, it would judge without tiles
constexpr std::array<std::string_view, 3> kTreatments = {"reference", "leave_out", "keep"};  // of OddImages

Tensor bytes_tensor(const std::vector<std::byte>& bytes) { return {DType::u8, {bytes.size()}, bytes}; }

Tensor matrix_tensor(const Embeddings& matrix) {
  return Tensor::from(std::span<const float>(matrix.data(), matrix.rows() * matrix.cols()),
                      {matrix.rows(), matrix.cols()});
}

Tensor index_tensor(const std::vector<std::uint32_t>& values) {
  const std::vector<std::int64_t> wide(values.begin(), values.end());
  return Tensor::from(std::span<const std::int64_t>(wide), {wide.size()});
}

/// Reads values, or throws ReadError with the file's name.
class Reader {
 public:
  Reader(const StateDict& dict, std::string path) : dict_(dict), path_(std::move(path)) {}

  void require(bool good, const std::string& what) const {
    if (!good) throw ReadError(path_ + ": is no sound model of images: " + what);
  }

  [[nodiscard]] const Tensor& tensor(const std::string& name, DType dtype, std::size_t dimensions) const {
    const auto found = dict_.tensors.find(name);
    require(found != dict_.tensors.end(), "it has no tensor " + name);
    require(found->second.dtype == dtype && found->second.shape.size() == dimensions, name + " has another form");
    return found->second;
  }

  [[nodiscard]] Embeddings matrix(const std::string& name) const {
    const Tensor& tensor_ = tensor(name, DType::f32, 2);
    Embeddings result(tensor_.shape[0], tensor_.shape[1]);
    std::memcpy(result.data(), tensor_.bytes.data(), tensor_.bytes.size());
    for (std::size_t i = 0; i < result.rows() * result.cols(); ++i) {
      require(std::isfinite(result.data()[i]), name + " has values that are not finite");
    }
    return result;
  }

  /// Whole numbers below `end`.
  [[nodiscard]] std::vector<std::uint32_t> indices(const std::string& name, std::size_t end) const {
    const Tensor& tensor_ = tensor(name, DType::i64, 1);
    std::vector<std::uint32_t> result;
    for (const double value : tensor_.to_f64()) {
      require(value >= 0 && value < static_cast<double>(end), name + " has a number out of range");
      result.push_back(static_cast<std::uint32_t>(value));
    }
    return result;
  }

 private:
  const StateDict& dict_;
  std::string path_;
};

nlohmann::json describe(const ImageModel::State& state) {
  nlohmann::json json;
  json["backbone"] = {{"name", state.file.name}, {"hash", state.file.hash()}, {"layers", state.file.layers},
                      {"size", state.file.size}, {"mean", state.file.mean},   {"std", state.file.std}};
  json["grid"] = {state.grid.rows, state.grid.cols};
  if (!state.ignored.empty()) json["ignored"] = state.ignored;
  if (state.tiling.side != 0) {
    json["tile"] = {{"side", state.tiling.side},
                    {"patches", state.tiling.tile},
                    {"image", {state.tiling.image_width, state.tiling.image_height}}};
  }
  json["bandwidth"] = state.kernel.bandwidth;
  json["width"] = std::isfinite(state.kernel.width) ? nlohmann::json(state.kernel.width) : nlohmann::json("inf");
  json["folds"] = state.calibration.folds();
  json["target_fpr"] = state.current_threshold().value;
  json["heat_scale"] = {state.scale.usual, state.scale.limit};
  json["explained_variance"] = state.report.explained_variance;
  json["held_out_log_likelihood"] = state.report.held_out_log_likelihood;
  json["images"] = state.names;
  for (const auto& odd : state.report.odd) {
    if (odd.beyond_gap) {
      json["odd"].push_back({odd.name, odd.surprisal, odd.usual, kTreatments[static_cast<std::size_t>(odd.treatment)]});
    }
  }
  return json;
}

/// A whole number from `low` to `high`: a conversion would wrap or cut others.
std::size_t whole(const nlohmann::json& value, const std::string& name, std::size_t low, std::size_t high) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number >= low && number <= high) return number;
  }
  const std::string text = value.is_primitive() ? value.dump(-1, ' ', true) : value.type_name();
  throw InvalidInput(name + " is " + text.substr(0, 40) + "; valid: " + std::to_string(low) + " to " +
                     std::to_string(high));
}

/// Three numbers, finite as all of JSON's are.
std::vector<double> three(const nlohmann::json& values, const std::string& name, bool positive) {
  auto result = values.get<std::vector<double>>();
  if (result.size() != 3 || (positive && !(*std::ranges::min_element(result) > 0))) {
    throw InvalidInput("its backbone's " + name + " has other than 3 numbers" + (positive ? " above 0" : ""));
  }
  return result;
}

void read_backbone(const nlohmann::json& json, BackboneFile& file) {
  json.at("name").get_to(file.name);  // messages begin with it
  if (std::ranges::any_of(file.name, [](unsigned char c) { return c < ' ' || c == 127; })) {
    throw InvalidInput("its backbone's name has control characters");
  }
  json.at("layers").get_to(file.layers);
  if (file.layers.empty()) throw InvalidInput("its backbone has no layers");
  file.size = whole(json.at("size"), "its backbone's size", 16, 4096);
  file.mean = three(json.at("mean"), "mean", false);
  file.std = three(json.at("std"), "std", true);
}

void read_tiling(const nlohmann::json& json, ImageModel::State& state) {
  constexpr std::size_t kPixels = std::size_t{1} << 24U;  // more than a decoder reads
  const auto patches = whole(json.at("patches"), "its tile's patches", 2, Grid::kMost);
  const auto side = whole(json.at("side"), "its tile's side", 16, kPixels);
  const auto width = whole(json.at("image").at(0), "its tile's width", 1, kPixels);
  const auto height = whole(json.at("image").at(1), "its tile's height", 1, kPixels);
  state.tiling = make_tiling(side, width, height, state.file.size, {patches, patches});
}

void read_odd(const nlohmann::json& json, ImageModelReport& report) {
  const auto treatment = std::ranges::find(kTreatments, json.at(3).get<std::string>());
  if (treatment == kTreatments.end()) throw InvalidInput("what became of an odd image is not known");
  report.odd.push_back({json.at(0).get<std::string>(), json.at(1).get<double>(), json.at(2).get<double>(), true,
                        static_cast<OddImages>(treatment - kTreatments.begin())});
}

void read_description(const nlohmann::json& json, ImageModel::State& state) {
  read_backbone(json.at("backbone"), state.file);
  state.grid = {whole(json.at("grid").at(0), "its grid's rows", 1, Grid::kMost),
                whole(json.at("grid").at(1), "its grid's columns", 1, Grid::kMost)};
  if (json.contains("ignored")) json["ignored"].get_to(state.ignored);
  if (json.contains("tile")) read_tiling(json["tile"], state);
  json.at("bandwidth").get_to(state.kernel.bandwidth);
  const auto& width = json.at("width");
  state.kernel.width = width == "inf" ? std::numeric_limits<double>::infinity() : width.get<double>();
  state.scale = {json.at("heat_scale").at(0).get<double>(), json.at("heat_scale").at(1).get<double>()};
  json.at("explained_variance").get_to(state.report.explained_variance);
  json.at("held_out_log_likelihood").get_to(state.report.held_out_log_likelihood);
  json.at("images").get_to(state.names);
  if (json.contains("odd")) {
    for (const auto& odd : json["odd"]) read_odd(odd, state.report);  // not a copy: one nests as deep as the file says
  }
}

void read_tensors(const Reader& reader, const StateDict& dict, ImageModel::State& state) {
  state.file.network = reader.tensor("backbone.network", DType::u8, 1).bytes;
  if (dict.tensors.contains("backbone.weights")) {
    state.file.weights = reader.tensor("backbone.weights", DType::u8, 1).bytes;
  }
  const Embeddings mean = reader.matrix("projection.mean");
  state.projection.mean.assign(mean.data(), mean.data() + mean.rows() * mean.cols());
  state.projection.axes = reader.matrix("projection.axes");
  state.references.features = reader.matrix("references.features");
  state.references.positions = reader.indices("references.positions", state.grid.size());
  state.reference_images = reader.indices("references.images", state.names.size());
}

void check(const Reader& reader, const ImageModel::State& state) {
  const std::size_t count = state.references.features.rows();
  reader.require(state.tiling.side == 0 || state.tiling.grid() == state.grid, "its tiles do not cover its grid");
  reader.require(state.ignored.empty() || (state.ignored.size() == state.grid.size() &&
                                           std::ranges::find(state.ignored, false) != state.ignored.end()),
                 "its mask is of another size");
  reader.require(state.projection.axes.cols() >= 1, "projection.axes has no columns");
  reader.require(state.projection.axes.rows() == state.projection.mean.size(), "projection.mean is of another length");
  reader.require(state.references.features.cols() == state.projection.axes.cols(), "references.features is too wide");
  reader.require(count >= 2 && state.references.positions.size() == count && state.reference_images.size() == count,
                 "its references differ in number");
  reader.require(state.kernel.bandwidth > 0 && std::isfinite(state.kernel.bandwidth) && state.kernel.width > 0,
                 "its kernel has no width");
  reader.require(state.scale.usual <= state.scale.limit && std::abs(state.scale.usual) <= 1e37 &&
                     std::abs(state.scale.limit) <= 1e37,
                 "its heat_scale falls, or is beyond 1e37");
  reader.require(state.report.explained_variance >= 0 && state.report.explained_variance < 1.001,
                 "its explained_variance is no share");
}

/// What its network gives must be what its projection and grid are for.
void check_network(const Reader& reader, const ImageModel::State& state) {
  std::size_t channels = 0;
  Grid given;
  for (const MapShape& map : state.backbone->shapes()) {
    channels += map.channels;
    given = {std::max(given.rows, map.rows), std::max(given.cols, map.cols)};
  }
  reader.require(channels == state.projection.mean.size(),
                 "projection.mean has " + std::to_string(state.projection.mean.size()) + " values, and its network " +
                     std::to_string(channels) + " channels");
  const Grid own = state.tiling.side == 0 ? state.grid : Grid{state.tiling.tile, state.tiling.tile};
  const auto text = [](Grid grid) { return std::to_string(grid.rows) + " x " + std::to_string(grid.cols); };
  reader.require(own == given, "its grid is " + text(own) + ", and its network's " + text(given));
}

}  // namespace

StateDict to_state_dict(const ImageModel::State& state) {
  StateDict dict;
  dict.metadata["kernad_images"] = state.tiling.side == 0 ? kVersion : kTiledVersion;
  dict.metadata["images"] = describe(state).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  dict.tensors["backbone.network"] = bytes_tensor(state.file.network);
  if (!state.file.weights.empty()) dict.tensors["backbone.weights"] = bytes_tensor(state.file.weights);
  dict.tensors["projection.mean"] =
      Tensor::from(std::span<const float>(state.projection.mean), {1, state.projection.mean.size()});
  dict.tensors["projection.axes"] = matrix_tensor(state.projection.axes);
  dict.tensors["references.features"] = matrix_tensor(state.references.features);
  dict.tensors["references.positions"] = index_tensor(state.references.positions);
  dict.tensors["references.images"] = index_tensor(state.reference_images);
  const auto scores = state.calibration.log_densities();
  dict.tensors["calibration.log_densities"] = Tensor::from(scores, {scores.size()});
  return dict;
}

void from_state_dict(const StateDict& dict, const std::string& path, ImageModel::State& state) {
  const Reader reader(dict, path);
  const auto version = dict.metadata.find("kernad_images");
  reader.require(version != dict.metadata.end(), "it is something else");
  if (version->second != kVersion && version->second != kTiledVersion) {
    throw ReadError(
        path + ": is of version " +
        nlohmann::json(version->second).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(0, 40) +
        "; this kernad reads versions 1 and 2");
  }
  const auto text = dict.metadata.find("images");
  reader.require(text != dict.metadata.end(), "its description is missing");
  const auto json = nlohmann::json::parse(text->second, nullptr, false);
  try {
    read_description(json, state);
    read_tensors(reader, dict, state);
    check(reader, state);
    reader.require(json.at("backbone").at("hash") == state.file.hash(),
                   "its backbone is another one than it was fitted with");
    auto scores = reader.tensor("calibration.log_densities", DType::f64, 1).to_f64();
    reader.require(scores.size() <= state.names.size(), "its calibration has more values than it has images");
    state.calibration = Calibration(
        std::move(scores), whole(json.at("folds"), "its folds", 2, std::max<std::size_t>(state.names.size(), 2)));
    state.threshold = Threshold::at_target_fpr(json.at("target_fpr").get<double>(), state.calibration);
    state.make_ready();
    check_network(reader, state);
  } catch (const nlohmann::json::exception&) {
    reader.require(false, "its description is incomplete or of another form");
  } catch (const InvalidInput& error) {
    reader.require(false, error.what());
  } catch (const InvalidParameter& error) {
    reader.require(false, error.what());
  }
}

}  // namespace kernad::images
