// Pixel AUROC, and the per-region overlap of Bergmann et al. 2021 ("The MVTec Anomaly Detection Dataset"), section 5.2.
#include <algorithm>
#include <numeric>

#include "kernad/images.hpp"

namespace kernad::images {
namespace {

constexpr double kLargestFpr = 0.3;

/// Numbers the connected regions of a mask from `first` on; corners count as touching.
std::vector<std::uint32_t> label_regions(std::span<const std::uint8_t> mask, std::size_t cols,
                                         std::vector<std::size_t>& sizes) {
  const std::size_t rows = mask.size() / cols;
  std::vector<std::uint32_t> region(mask.size());
  std::vector<std::size_t> open;
  for (std::size_t start = 0; start < mask.size(); ++start) {
    if (mask[start] == 0 || region[start] != 0) continue;
    sizes.push_back(0);
    const auto label = static_cast<std::uint32_t>(sizes.size());
    region[start] = label;
    open.assign(1, start);
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      ++sizes.back();
      for (std::size_t y = at / cols == 0 ? 0 : at / cols - 1; y <= std::min(at / cols + 1, rows - 1); ++y) {
        for (std::size_t x = at % cols == 0 ? 0 : at % cols - 1; x <= std::min(at % cols + 1, cols - 1); ++x) {
          const std::size_t next = y * cols + x;
          if (mask[next] == 0 || region[next] != 0) continue;
          region[next] = label;
          open.push_back(next);
        }
      }
    }
  }
  return region;
}

/// Area under a curve that is continued from its last point by a straight line.
class Area {
 public:
  explicit Area(double end) : end_(end) {}
  void to(double x, double y) {
    if (x_ < end_) {
      const double stop = std::min(x, end_);
      const double at_stop = x > x_ ? y_ + (y - y_) * (stop - x_) / (x - x_) : y;
      area_ += (stop - x_) * (y_ + at_stop) / 2;
    }
    x_ = x;
    y_ = y;
  }
  [[nodiscard]] double area() const { return area_; }

 private:
  double end_;
  double x_ = 0, y_ = 0, area_ = 0;
};

}  // namespace

void Localisation::add(const Embeddings& map, std::span<const std::uint8_t> mask) {
  const std::size_t count = map.rows() * map.cols();
  if (!mask.empty() && mask.size() != count) throw InvalidInput("a mask of another size than its map");
  scores_.insert(scores_.end(), map.data(), map.data() + count);
  if (mask.empty()) {
    region_.resize(scores_.size());
    return;
  }
  const auto region = label_regions(mask, map.cols(), region_sizes_);
  region_.insert(region_.end(), region.begin(), region.end());
}

LocalisationMetrics Localisation::measure() const {
  const auto defects = std::accumulate(region_sizes_.begin(), region_sizes_.end(), std::size_t{0});
  if (defects == 0) throw InvalidInput("no mask has a defect");
  if (defects == scores_.size()) throw InvalidInput("no pixel is free of defects");
  std::vector<std::uint32_t> order(scores_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, std::ranges::greater(), [&](std::uint32_t i) { return scores_[i]; });

  const auto normals = static_cast<double>(scores_.size() - defects);
  Area roc(1);
  Area pro(kLargestFpr);
  double false_positives = 0;
  double true_positives = 0;
  double overlap = 0;  // sum over regions of the share found
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (const auto region = region_[order[i]]; region != 0) {
      ++true_positives;
      overlap += 1 / static_cast<double>(region_sizes_[region - 1]);
    } else {
      ++false_positives;
    }
    if (i + 1 < order.size() && scores_[order[i + 1]] == scores_[order[i]]) continue;  // ties are one threshold
    roc.to(false_positives / normals, true_positives / static_cast<double>(defects));
    pro.to(false_positives / normals, overlap / static_cast<double>(region_sizes_.size()));
  }
  return {roc.area(), pro.area() / kLargestFpr, region_sizes_.size()};
}

}  // namespace kernad::images
