// Many pictures, judged in parallel.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../scores_file.hpp"
#include "kernad/images.hpp"

namespace kernad::cli {

/// A picture to judge.
struct PictureFile {
  std::string path;
  std::string name;  ///< relative to the given folder, for heat maps
};

/// All pictures of the sources; folders are searched recursively (in MVTec layout, only their test/).
[[nodiscard]] std::vector<PictureFile> picture_files(const std::vector<std::string>& sources);

/// Calls `use(i, picture, verdict)` for each, from several threads. A picture that cannot be read is reported and left
/// out with keep_going; else throws ReadError.
void judge_all(const images::PictureModel& model, const std::vector<std::string>& paths, int threads, bool keep_going,
               const std::function<void(std::size_t, const images::Picture&, const images::Verdict&)>& use);

/// What is written of `count` pictures, still empty.
[[nodiscard]] Output picture_scores(std::size_t count);
/// Fills line i.
void set_picture_score(Output& output, std::size_t i, const std::string& path, const images::Verdict& verdict);

/// A .npy file of float32.
[[nodiscard]] std::vector<std::byte> npy_bytes(const Embeddings& values);

/// Writes FOLDER/NAME.png, the overlay, and FOLDER/NAME.npy, the surprisal of each pixel.
void write_heatmap(const std::string& folder, const std::string& name, const images::PictureModel& model,
                   const images::Picture& picture, const images::Verdict& verdict);

}  // namespace kernad::cli
