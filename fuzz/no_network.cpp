// In place of the network, for fuzz_image_model: OpenVINO has no sanitizers. Two maps of 3 and 2 channels, the second
// one coarser, whatever the network's bytes are.
#include <algorithm>

#include "backbone/backbone.hpp"

namespace kernad::images {
namespace {

constexpr std::size_t kStride = 16;

MapShape shape(std::size_t layer, std::size_t size) {
  const std::size_t side = size / (kStride << layer);
  return {3 - layer, std::max<std::size_t>(side, 1), std::max<std::size_t>(side, 1)};
}

}  // namespace

struct Backbone::Impl {
  std::size_t size;
};

Backbone::Backbone(BackboneFile& file, int /*threads*/) : impl_(std::make_unique<Impl>(Impl{file.size})) {}
Backbone::~Backbone() = default;
Backbone::Backbone(Backbone&&) noexcept = default;
Backbone& Backbone::operator=(Backbone&&) noexcept = default;

std::vector<MapShape> Backbone::shapes() const { return {shape(0, impl_->size), shape(1, impl_->size)}; }

struct Backbone::Runner::Impl {
  std::size_t size;
  std::vector<float> input;
};

Backbone::Runner::Runner(const Backbone& backbone)
    : impl_(std::make_unique<Impl>(
          Impl{backbone.impl_->size, std::vector<float>(3 * backbone.impl_->size * backbone.impl_->size)})) {}
Backbone::Runner::~Runner() = default;
Backbone::Runner::Runner(Runner&&) noexcept = default;
Backbone::Runner& Backbone::Runner::operator=(Runner&&) noexcept = default;

std::span<float> Backbone::Runner::input() { return impl_->input; }

/// The first values of the input.
std::vector<FeatureMap> Backbone::Runner::run() {
  std::vector<FeatureMap> maps;
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const auto [channels, rows, cols] = shape(layer, impl_->size);
    maps.push_back({std::span(impl_->input).first(channels * rows * cols), channels, rows, cols});
  }
  return maps;
}

}  // namespace kernad::images
