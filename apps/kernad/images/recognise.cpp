// Recognises images and their models, and adds their options. Compiled with and without the component.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "image_commands.hpp"

namespace kernad::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImageGroup = "Images";

template <typename Options>
void add_backbone_options(CLI::App& command, Options& options) {
  command
      .add_option("--backbone", options.backbone,
                  "Network: .onnx or .xml (OpenVINO IR); default: the one supplied with kernad")
      ->check(not_empty())
      ->type_name("FILE")
      ->group(kImageGroup);
  command.add_option("--layers", options.layers, "Its outputs, or inner values, to use, separated by commas")
      ->delimiter(',')
      ->type_name("NAMES")
      ->group(kImageGroup);
  command.add_option("--size", options.size, "Images are scaled to S x S; default: the network's own size, or 256")
      ->check(quiet(CLI::Range(16, 4096)))
      ->type_name("S")
      ->group(kImageGroup);
}

void add_keep_going(CLI::App& command, bool& keep_going) {
  command.add_flag("--keep-going", keep_going, "Report images that cannot be read, and continue without them")
      ->group(kImageGroup);
}

}  // namespace

bool are_images(const Sources& sources) {
  return std::ranges::any_of(sources, [](const std::string& source) {
    std::error_code ignored;
    if (fs::is_directory(source, ignored)) return true;
    std::string ending = fs::path(source).extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::array<const char*, 6> known = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"};
    return std::ranges::find(known, ending) != known.end();
  });
}

bool is_image_model(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<unsigned char, 8> length = {};
  if (!file.read(reinterpret_cast<char*>(length.data()), length.size())) return false;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < length.size(); ++i) size |= std::uint64_t{length[i]} << (8 * i);
  if (size > (1U << 26U)) return false;
  std::string header(size, '\0');
  if (!file.read(header.data(), static_cast<std::streamsize>(size))) return false;
  const auto json = nlohmann::json::parse(header, nullptr, false);
  return json.is_object() && json.contains("__metadata__") && json["__metadata__"].is_object() &&
         json["__metadata__"].contains("kernad_images");
}

void add_image_options(CLI::App& command, ImageFitOptions& options) {
  add_backbone_options(command, options);
  command
      .add_option("--spatial-width", options.width,
                  "Width of the kernel over positions, in patches, or inf; default: by held-out likelihood")
      ->type_name("W")
      ->group(kImageGroup);
  command
      .add_option("--tile", options.tile,
                  "Cut images, all of one size, into tiles of N x N pixels, each of which the network sees by itself")
      ->check(quiet(CLI::Range(16, 100'000)))
      ->type_name("N")
      ->group(kImageGroup);
  command.add_option("--mask", options.mask, "Image whose white regions are ignored in every image")
      ->check(not_empty())
      ->type_name("FILE")
      ->group(kImageGroup);
  command
      .add_option("--odd", options.odd,
                  "An image far beyond all others: reference (default: does not raise the threshold), leave-out, keep")
      ->check(quiet(CLI::IsMember({"reference", "leave-out", "keep"})))
      ->type_name("WHAT")
      ->group(kImageGroup);
  add_keep_going(command, options.keep_going);
}

void add_image_options(CLI::App& command, EmbedOptions& options) {
  add_backbone_options(command, options);
  add_keep_going(command, options.keep_going);
}

void add_image_options(CLI::App& command, ImageScoreOptions& options) {
  command
      .add_option("--heatmaps", options.heatmaps,
                  "Folder for each image's heat map: as an overlay, .png, and in nats, .npy")
      ->check(not_empty())
      ->type_name("FOLDER")
      ->group(kImageGroup);
  add_keep_going(command, options.keep_going);
}

void require_known_options(const CLI::App& app, const std::vector<std::string>& known, const std::string& what) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_positional()) continue;
    const std::string name = option->get_name();
    if (std::ranges::find(known, name) == known.end()) {
      throw InvalidParameter(fmt::format("{}: is an option for {}", name, what));
    }
  }
}

void refuse_image_options(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() != 0 && option->get_group() == kImageGroup) {
      throw InvalidParameter(option->get_name() + ": is an option for images, and the data are a table");
    }
  }
}

}  // namespace kernad::cli
