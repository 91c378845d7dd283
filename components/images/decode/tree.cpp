// Which files of a folder are images, and the layout of the MVTec data sets.
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

namespace fs = std::filesystem;

/// Sorted. Throws ReadError if there are none.
std::vector<std::string> images_in(const fs::path& folder) {
  std::vector<std::string> found;
  bool has_folders = false;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    has_folders = has_folders || entry->is_directory();
    if (entry->is_regular_file() && is_image_name(entry->path().string())) found.push_back(entry->path().string());
  }
  if (error) throw ReadError(folder.string() + ": " + error.message());
  if (found.empty()) {
    throw ReadError(folder.string() + ": has no images (.png, .jpg, .bmp, .tif)" +
                    (has_folders ? " outside its folders; name one of those" : ""));
  }
  std::ranges::sort(found);
  return found;
}

std::string mask_of(const fs::path& root, const fs::path& image, const std::string& kind) {
  const fs::path folder = root / "ground_truth" / kind;
  for (const char* ending : {"_mask.png", ".png", "_mask.bmp", "_mask.tif"}) {
    const fs::path mask = folder / (image.stem().string() + ending);
    if (fs::is_regular_file(mask)) return mask.string();
  }
  return "";
}

}  // namespace

bool is_image_name(const std::string& path) {
  std::string ending = fs::path(path).extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<const char*, 6> known = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"};
  return std::ranges::find(known, ending) != known.end();
}

std::vector<std::string> training_images(const std::string& source) {
  const fs::path path(source);
  if (!fs::exists(path)) throw ReadError(source + ": No such file or directory");
  if (!fs::is_directory(path)) return {source};
  const fs::path good = path / "train" / "good";
  return images_in(fs::is_directory(good) ? good : path);
}

std::vector<TestImage> mvtec_test_set(const std::string& folder) {
  const fs::path root(folder);
  const fs::path test = root / "test";
  if (!fs::is_directory(test / "good")) {
    throw ReadError(folder +
                    ": has no folder test/good; valid: a category in the layout of MVTec AD, with test/good, " +
                    "test/KIND and ground_truth/KIND");
  }
  std::vector<TestImage> images;
  for (const auto& entry : fs::directory_iterator(test)) {
    if (!entry.is_directory()) continue;
    const std::string kind = entry.path().filename().string();
    for (const auto& image : images_in(entry.path())) images.push_back({image, kind, mask_of(root, image, kind)});
  }
  std::ranges::sort(images, {}, &TestImage::path);
  return images;
}

}  // namespace kernad::images
