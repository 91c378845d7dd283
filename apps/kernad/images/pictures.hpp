// The commands with pictures in place of tables: the data are a folder or a picture, or the model was fitted on
// pictures. In a build without the images component, absent.cpp replaces all of this and reports what to install.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "../data.hpp"
#include "../options.hpp"

namespace kernad::cli {

/// Whether a source is a folder, or a file with the ending of a picture.
[[nodiscard]] bool are_pictures(const Sources& sources);
/// Whether `path` is a model of pictures: a safetensors file whose metadata say so.
[[nodiscard]] bool is_picture_model(const std::string& path);

/// Options of kernad fit for pictures.
struct PictureFitOptions {
  std::string backbone;
  std::vector<std::string> layers;
  std::size_t size = 0;
  std::size_t components = 0;
  std::size_t max_patches = 0;  ///< 0: the default
  double bandwidth = 0;         ///< 0: by likelihood
  std::string width;
  std::string mask;
  std::string odd = "reference";
  std::size_t tile = 0;  ///< 0: pictures are not cut
  bool keep_going = false;
};

/// Options of kernad predict for pictures.
struct PictureScoreOptions {
  std::string heatmaps;
  bool keep_going = false;
};

/// What kernad watch asks.
struct WatchOptions {
  std::string heatmaps;
  std::size_t count = 0;  ///< pictures to stop after; 0: none
};

/// What kernad embed asks.
struct EmbedOptions {
  std::string backbone;
  std::vector<std::string> layers;
  std::size_t size = 0;
  bool keep_going = false;
};

void add_picture_options(CLI::App& command, PictureFitOptions& options);
void add_picture_options(CLI::App& command, EmbedOptions& options);
void add_picture_options(CLI::App& command, PictureScoreOptions& options);

/// Options shared with the commands for tables.
struct PictureCommand {
  const CLI::App* app = nullptr;
  std::string model;
  Sources data;
  std::string output;
  std::optional<double> target_fpr;
  std::optional<std::size_t> folds;
  CommonOptions common;
};

void fit_pictures(const PictureCommand& command, const PictureFitOptions& options);
void predict_pictures(const PictureCommand& command, const PictureScoreOptions& options);
void embed_pictures(const PictureCommand& command, const EmbedOptions& options);
void watch_pictures(const PictureCommand& command, const WatchOptions& options);
void test_pictures(const PictureCommand& command);
void explain_picture(const PictureCommand& command);
void show_picture_model(const PictureCommand& command);

/// Throws InvalidParameter naming a given option that is not one of `known`, with the message that it is for `what`.
void require_known_options(const CLI::App& app, const std::vector<std::string>& known, const std::string& what);
/// The same for any of `options`, which are for pictures, if given with tables.
void refuse_picture_options(const CLI::App& app);

}  // namespace kernad::cli
