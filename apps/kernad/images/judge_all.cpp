#include "judge_all.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>

#include "../output.hpp"
#include "../progress.hpp"
#include "kernad/io.hpp"
#include "kernad/system_info.hpp"

namespace kernad::cli {
namespace {

namespace fs = std::filesystem;

void add_folder(const std::string& source, std::vector<ImageFile>& files) {
  const fs::path root =
      fs::is_directory(fs::path(source) / "test" / "good") ? fs::path(source) / "test" : fs::path(source);
  std::vector<ImageFile> found;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(root, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_regular_file() || !images::is_image_name(entry->path().string())) continue;
    found.push_back({entry->path().string(), entry->path().lexically_relative(root).replace_extension().string()});
  }
  if (error) throw ReadError(root.string() + ": " + error.message());
  if (found.empty()) throw ReadError(root.string() + ": has no images (.png, .jpg, .bmp, .tif)");
  std::ranges::sort(found, {}, &ImageFile::path);
  files.insert(files.end(), found.begin(), found.end());
}

/// One of another size than the tiles are for is reported like one that cannot be read: the next may be right.
void require_size(const images::ImageModel& model, const images::Image& image, const std::string& path) {
  const auto& report = model.report();
  if (report.tile == 0 || (image.width() == report.image_width && image.height() == report.image_height)) return;
  throw ReadError(fmt::format("{}: has {} x {} pixels; the model cuts images of {} x {} into tiles", path,
                              image.width(), image.height(), report.image_width, report.image_height));
}

}  // namespace

std::vector<std::byte> npy_bytes(const Embeddings& values) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", values.rows(), values.cols());
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file = "\x93NUMPY\x01";
  file += '\0';
  file += static_cast<char>(header.size() & 255U);
  file += static_cast<char>(header.size() >> 8U);
  file += header;
  const auto bytes = std::as_bytes(std::span(file));
  std::vector<std::byte> result(bytes.begin(), bytes.end());
  const auto data = std::as_bytes(std::span(values.data(), values.rows() * values.cols()));
  result.insert(result.end(), data.begin(), data.end());
  return result;
}

std::vector<ImageFile> image_files(const std::vector<std::string>& sources) {
  std::vector<ImageFile> files;
  for (const auto& source : sources) {
    if (fs::is_directory(source)) {
      add_folder(source, files);
    } else {
      files.push_back({source, fs::path(source).stem().string()});
    }
  }
  return files;
}

void judge_all(const images::ImageModel& model, const std::vector<std::string>& paths, int threads, bool keep_going,
               const std::function<void(std::size_t, const images::Image&, const images::Verdict&)>& use) {
  Progress progress("judging images", paths.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto judge_one = [&](std::size_t i) {
    try {
      const images::Image image = images::read_image(paths[i]);
      require_size(model, image, paths[i]);
      use(i, image, model.judge(image));
    } catch (const ReadError& error) {
      if (!keep_going) throw;
      print_error(error.what());
    } catch (const InvalidInput& error) {
      throw InvalidInput(paths[i] + ": " + error.what());
    }
    progress.advance(1);
  };
  const auto run = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      try {
        judge_one(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = paths.size();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (int t = 1; t < (threads == 0 ? system_info().threads : threads); ++t) others.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

void write_heatmap(const std::string& folder, const std::string& name, const images::ImageModel& model,
                   const images::Image& image, const images::Verdict& verdict) {
  const fs::path path = fs::path(folder) / name;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw WriteError(path.parent_path().string() + ": " + error.message());
  images::write_png(path.string() + ".png", images::overlay(image, verdict.map, model.heat_scale()));
  const Embeddings map = images::ImageModel::enlarge(verdict.map, image.width(), image.height());
  write_file_atomically(path.string() + ".npy", npy_bytes(map));
}

}  // namespace kernad::cli
