// The commands with images in place of tables: the data are a folder or an image, or the model was fitted on
// images. In a build without the images component, absent.cpp replaces all of this and reports what to install.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "../data.hpp"
#include "../options.hpp"

namespace kernad::cli {

/// Whether a source is a folder, or a file with the ending of an image.
[[nodiscard]] bool are_images(const Sources& sources);
/// Whether `path` is a model of images: a safetensors file whose metadata say so.
[[nodiscard]] bool is_image_model(const std::string& path);

/// Options of kernad fit for images.
struct ImageFitOptions {
  std::string backbone;
  std::vector<std::string> layers;
  std::size_t size = 0;
  std::size_t components = 0;
  std::size_t max_patches = 0;  ///< 0: the default
  double bandwidth = 0;         ///< 0: by likelihood
  std::string width;
  std::string mask;
  std::string odd = "reference";
  std::size_t tile = 0;  ///< 0: images are not cut
  bool keep_going = false;
};

/// Options of kernad predict for images.
struct ImageScoreOptions {
  std::string heatmaps;
  bool keep_going = false;
};

/// What kernad watch asks.
struct WatchOptions {
  std::string heatmaps;
  std::size_t count = 0;  ///< images to stop after; 0: none
};

/// What kernad embed asks.
struct EmbedOptions {
  std::string backbone;
  std::vector<std::string> layers;
  std::size_t size = 0;
  bool keep_going = false;
};

void add_image_options(CLI::App& command, ImageFitOptions& options);
void add_image_options(CLI::App& command, EmbedOptions& options);
void add_image_options(CLI::App& command, ImageScoreOptions& options);

/// Options shared with the commands for tables.
struct ImageCommand {
  const CLI::App* app = nullptr;
  std::string model;
  Sources data;
  std::string output;
  std::optional<double> target_fpr;
  std::optional<std::size_t> folds;
  CommonOptions common;
};

void fit_images(const ImageCommand& command, const ImageFitOptions& options);
void predict_images(const ImageCommand& command, const ImageScoreOptions& options);
void embed_images(const ImageCommand& command, const EmbedOptions& options);
void watch_images(const ImageCommand& command, const WatchOptions& options);
void test_images(const ImageCommand& command);
void explain_image(const ImageCommand& command);
void show_image_model(const ImageCommand& command);

/// Throws InvalidParameter naming a given option that is not one of `known`, with the message that it is for `what`.
void require_known_options(const CLI::App& app, const std::vector<std::string>& known, const std::string& what);
/// The same for any of `options`, which are for images, if given with tables.
void refuse_image_options(const CLI::App& app);

}  // namespace kernad::cli
