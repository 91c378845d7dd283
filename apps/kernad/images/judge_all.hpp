// Many images, judged in parallel.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../scores_file.hpp"
#include "kernad/images.hpp"

namespace kernad::cli {

/// An image to judge.
struct ImageFile {
  std::string path;
  std::string name;  ///< relative to the given folder, for heat maps
};

/// All images of the sources; folders are searched recursively (in MVTec layout, only their test/).
[[nodiscard]] std::vector<ImageFile> image_files(const std::vector<std::string>& sources);

/// Calls `use(i, image, verdict)` for each, from several threads. An image that cannot be read is reported and left
/// out with keep_going; else throws ReadError.
void judge_all(const images::ImageModel& model, const std::vector<std::string>& paths, int threads, bool keep_going,
               const std::function<void(std::size_t, const images::Image&, const images::Verdict&)>& use);

/// What is written of `count` images, still empty.
[[nodiscard]] Output image_scores(std::size_t count);
/// Fills line i.
void set_image_score(Output& output, std::size_t i, const std::string& path, const images::Verdict& verdict);

/// A .npy file of float32.
[[nodiscard]] std::vector<std::byte> npy_bytes(const Embeddings& values);

/// Writes FOLDER/NAME.png, the overlay, and FOLDER/NAME.npy, the surprisal of each pixel.
void write_heatmap(const std::string& folder, const std::string& name, const images::ImageModel& model,
                   const images::Image& image, const images::Verdict& verdict);

}  // namespace kernad::cli
