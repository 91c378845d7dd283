// Which files of a folder are pictures, and the layout of the MVTec data sets.
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

namespace fs = std::filesystem;

/// Sorted. Throws ReadError if there are none.
std::vector<std::string> pictures_in(const fs::path& folder) {
  std::vector<std::string> found;
  bool has_folders = false;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    has_folders = has_folders || entry->is_directory();
    if (entry->is_regular_file() && is_picture_name(entry->path().string())) found.push_back(entry->path().string());
  }
  if (error) throw ReadError(folder.string() + ": " + error.message());
  if (found.empty()) {
    throw ReadError(folder.string() + ": has no pictures (.png, .jpg, .bmp, .tif)" +
                    (has_folders ? " outside its folders; name one of those" : ""));
  }
  std::ranges::sort(found);
  return found;
}

std::string mask_of(const fs::path& root, const fs::path& picture, const std::string& kind) {
  const fs::path folder = root / "ground_truth" / kind;
  for (const char* ending : {"_mask.png", ".png", "_mask.bmp", "_mask.tif"}) {
    const fs::path mask = folder / (picture.stem().string() + ending);
    if (fs::is_regular_file(mask)) return mask.string();
  }
  return "";
}

}  // namespace

bool is_picture_name(const std::string& path) {
  std::string ending = fs::path(path).extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<const char*, 6> known = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"};
  return std::ranges::find(known, ending) != known.end();
}

std::vector<std::string> training_pictures(const std::string& source) {
  const fs::path path(source);
  if (!fs::exists(path)) throw ReadError(source + ": No such file or directory");
  if (!fs::is_directory(path)) return {source};
  const fs::path good = path / "train" / "good";
  return pictures_in(fs::is_directory(good) ? good : path);
}

std::vector<TestPicture> mvtec_test_set(const std::string& folder) {
  const fs::path root(folder);
  const fs::path test = root / "test";
  if (!fs::is_directory(test / "good")) {
    throw ReadError(folder +
                    ": has no folder test/good; valid: a category in the layout of MVTec AD, with test/good, " +
                    "test/KIND and ground_truth/KIND");
  }
  std::vector<TestPicture> pictures;
  for (const auto& entry : fs::directory_iterator(test)) {
    if (!entry.is_directory()) continue;
    const std::string kind = entry.path().filename().string();
    for (const auto& picture : pictures_in(entry.path()))
      pictures.push_back({picture, kind, mask_of(root, picture, kind)});
  }
  std::ranges::sort(pictures, {}, &TestPicture::path);
  return pictures;
}

}  // namespace kernad::images
