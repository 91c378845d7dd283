#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <string>

#include "fuzz_target.hpp"
#include "kernad/images.hpp"

namespace {

/// A file that is in memory alone.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* data, std::size_t size) : descriptor_(::memfd_create("input", 0)) {
    kernad::fuzz::expect(descriptor_ >= 0 && ::write(descriptor_, data, size) == static_cast<ssize_t>(size));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

// A file that loads as a model of images must judge images: a finite map and scores, a box within the image, near
// patches of its own images. no_network.cpp is its network.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  fuzz::expect_result_or_error([&] {
    const MemoryFile file(data, size);
    const images::ImageModel model = images::ImageModel::load(file.path(), 1);
    const auto& report = model.report();
    if (report.grid_rows * report.grid_cols > 4096) return;  // takes seconds, or gigabytes
    const bool tiled = report.tile != 0;
    images::Image image(tiled ? report.image_width : 40, tiled ? report.image_height : 30, images::PixelFormat::grey8);
    for (std::size_t y = 0; y < image.height(); ++y) image.row(y)[y % image.width()] = std::byte{200};
    const images::Verdict verdict = model.judge(image);
    fuzz::expect(std::isfinite(verdict.surprisal) && verdict.score >= 0 && verdict.score <= 1);
    fuzz::expect(verdict.p_value > 0 && verdict.p_value <= 1);
    fuzz::expect(verdict.map.rows() == report.grid_rows && verdict.map.cols() == report.grid_cols);
    fuzz::expect(verdict.hottest.x + verdict.hottest.width <= image.width());
    fuzz::expect(verdict.hottest.y + verdict.hottest.height <= image.height());
    for (const auto& near : model.nearest(image, 0, 0, 2)) {
      fuzz::expect(near.image < report.images && near.row < report.grid_rows && near.col < report.grid_cols);
    }
    fuzz::expect(images::overlay(image, verdict.map, model.heat_scale()).width() == image.width());
  });
  return 0;
}
