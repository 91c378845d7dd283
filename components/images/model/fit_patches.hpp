// What a fit does with images: their patches, reduced to principal components.
#pragma once

#include <algorithm>
#include <mutex>

#include "density/choose.hpp"
#include "model/state.hpp"

namespace kernad::images {

/// Counts images, from several threads. A second fit, without odd images, stays at the end.
class Counter {
 public:
  Counter(const FitProgress& progress, std::size_t total) : progress_(progress), total_(total) {}
  void one_more() {
    const std::lock_guard lock(mutex_);
    done_ = std::min(done_ + 1, total_);
    if (progress_) progress_(done_, total_);
  }

 private:
  const FitProgress& progress_;
  std::size_t total_;
  std::size_t done_ = 0;
  std::mutex mutex_;
};

/// Sets the grid, and with `tile` the tiling, by the first image.
void set_grid(ImageModel::State& state, const ImageSource& images, std::size_t tile);

/// Of how many of `count` images the patches determine the components.
[[nodiscard]] std::size_t projection_images(std::size_t count);

/// Principal components of the patches of some images, evenly spread over the list.
void fit_projection(ImageModel::State& state, const ImageSource& images, std::size_t components, Counter& counter);

/// The patches of all images. Throws InvalidInput if they need more memory than the machine has.
[[nodiscard]] PatchSet project_all(const ImageModel::State& state, const ImageSource& images, Counter& counter);

}  // namespace kernad::images
