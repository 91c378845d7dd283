#include <dlfcn.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "backbone/backbone.hpp"

namespace kernad::images {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxBytes = std::uintmax_t{2} << 30U;  // of a network; also the limit of ONNX

std::vector<std::byte> contents(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) throw ReadError(path.string() + ": " + error.message());
  if (size == 0) throw ReadError(path.string() + ": is empty");
  if (size > kMaxBytes) throw ReadError(path.string() + ": is larger than 2 GiB, the most that a network may have");
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes(size);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw ReadError(path.string() + ": cannot be read");
  }
  return bytes;
}

/// Properties of the network from the .json, unless given in the options.
void read_description(const fs::path& path, BackboneFile& file) {
  if (!fs::is_regular_file(path)) return;
  std::ifstream stream(path);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  if (!json.is_object()) throw ReadError(path.string() + ": is no JSON object");
  try {
    if (file.layers.empty()) file.layers = json.value("layers", file.layers);
    if (file.size == 0) file.size = json.value("size", file.size);
    if (file.mean.empty()) file.mean = json.value("mean", file.mean);
    if (file.std.empty()) file.std = json.value("std", file.std);
  } catch (const nlohmann::json::exception&) {
    throw ReadError(path.string() +
                    R"(: valid: {"layers": ["NAME", ...], "size": 256, "mean": [R, G, B], "std": [R, G, B]})");
  }
}

void require_three(const std::vector<double>& values, const char* name, bool positive) {
  bool good = values.size() == 3;
  for (const double value : values) good = good && std::isfinite(value) && (!positive || value > 0);
  if (good) return;
  throw InvalidParameter(std::string(name) + " of the backbone: valid: three finite numbers, of red, green and blue" +
                         (positive ? ", above 0" : ""));
}

/// The prefix under which this library is installed: two folders above it (three if there is one for the architecture).
fs::path installation() {
  Dl_info info = {};
  if (::dladdr(reinterpret_cast<const void*>(&read_description), &info) == 0 || info.dli_fname == nullptr) return "";
  std::error_code ignored;
  fs::path folder = fs::weakly_canonical(info.dli_fname, ignored).parent_path();
  while (folder.has_relative_path() && !fs::exists(folder / KERNAD_IMAGES_INSTALLED_BACKBONE, ignored)) {
    folder = folder.parent_path();
  }
  return folder;
}

}  // namespace

std::string BackboneFile::hash() const {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto* part : {&network, &weights}) {
    for (const std::byte byte : *part) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
  }
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4U) *digit = "0123456789abcdef"[hash & 15U];
  return text;
}

std::string default_backbone() {
  const fs::path installed = installation() / KERNAD_IMAGES_INSTALLED_BACKBONE;
  if (fs::is_regular_file(installed)) return installed.string();
  if (fs::is_regular_file(KERNAD_IMAGES_BACKBONE)) return KERNAD_IMAGES_BACKBONE;
  throw ReadError("the backbone that comes with kernad is not at " KERNAD_IMAGES_BACKBONE "; name one with --backbone");
}

BackboneFile read_backbone(const BackboneOptions& options) {
  const fs::path path(options.path.empty() ? default_backbone() : options.path);
  BackboneFile file = {
      path.filename().string(), contents(path), {}, options.layers, options.size, options.mean, options.std};
  if (path.extension() == ".xml") file.weights = contents(fs::path(path).replace_extension(".bin"));
  read_description(fs::path(path).replace_extension(".json"), file);
  if (file.mean.empty()) file.mean = {0.485, 0.456, 0.406};
  if (file.std.empty()) file.std = {0.229, 0.224, 0.225};
  require_three(file.mean, "mean", false);
  require_three(file.std, "std", true);
  return file;
}

}  // namespace kernad::images
