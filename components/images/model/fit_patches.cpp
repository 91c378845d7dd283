#include "model/fit_patches.hpp"

#include <unistd.h>

#include <numeric>

#include "kernad/pca.hpp"
#include "kernad/sampling.hpp"
#include "model/parallel.hpp"

namespace kernad::images {
namespace {

constexpr std::size_t kProjectionImages = 64;        // whose patches determine the components,
constexpr std::size_t kProjectionPatches = 262'144;  // and at most so many of those: bounds the memory

/// Calls work(i, runner, image) for image numbers[i], for each i. Errors name it.
template <typename Work>
void for_each_image(const ImageModel::State& state, const ImageSource& source, const std::vector<std::size_t>& numbers,
                    const Work& work) {
  std::mutex mutex;
  std::vector<std::unique_ptr<Backbone::Runner>> idle;
  parallel_for_each(numbers.size(), state.threads, [&](std::size_t i) {
    const Image image = source.read(numbers[i]);
    std::unique_ptr<Backbone::Runner> runner;
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        runner = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (!runner) runner = std::make_unique<Backbone::Runner>(*state.backbone);
    try {
      work(i, *runner, image);
    } catch (const InvalidInput& error) {
      throw InvalidInput(source.names[numbers[i]] + ": " + error.what());
    }
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(runner));
  });
}

/// At most `count` rows, a seeded sample.
Embeddings some_of(Embeddings patches, std::size_t count, std::uint64_t seed) {
  if (patches.rows() <= count) return patches;
  Embeddings some(count, patches.cols());
  std::size_t to = 0;
  for (const std::size_t row : sample_rows(patches.rows(), count, seed)) {
    std::ranges::copy(patches.view().row(row), some.data() + to++ * some.cols());
  }
  return some;
}

/// Patches of images evenly spread over the list, one image after another.
Embeddings projection_rows(const ImageModel::State& state, const ImageSource& images, Counter& counter) {
  const std::size_t count = projection_images(images.names.size());
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(i * images.names.size() / count);
  std::vector<Embeddings> patches(count);
  for_each_image(state, images, chosen, [&](std::size_t i, Backbone::Runner& runner, const Image& image) {
    patches[i] = some_of(joined_patches(runner, state, image), kProjectionPatches / count, i);
    counter.one_more();
  });
  const std::size_t rows = patches[0].rows();
  Embeddings all(count * rows, patches[0].cols());
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(patches[i].data(), rows * all.cols(), all.data() + i * rows * all.cols());
    patches[i] = {};
  }
  return all;
}

/// Before gigabytes are asked for in vain, or swapped.
void require_memory(const ImageModel::State& state, std::size_t components) {
  const double needed = 4.0 * static_cast<double>(state.names.size()) * static_cast<double>(state.grid.size()) *
                        static_cast<double>(components);
  const double there = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (needed < there) return;
  const auto gigabytes = [](double bytes) { return std::to_string(static_cast<std::uint64_t>(bytes / 1e9)) + " GB"; };
  throw InvalidInput(std::to_string(state.names.size()) + " images of " + std::to_string(state.grid.rows) + " x " +
                     std::to_string(state.grid.cols) + " patches take " + gigabytes(needed) +
                     ", and this machine has " + gigabytes(there) +
                     "; valid: fewer images or components, larger tiles, a smaller size");
}

}  // namespace

std::size_t projection_images(std::size_t count) { return std::min(count, kProjectionImages); }

void set_grid(ImageModel::State& state, const ImageSource& images, std::size_t tile) {
  Backbone::Runner runner(*state.backbone);
  const Image image = images.read(0);
  const Grid whole = grid_of(run_backbone(runner, state.file, image));
  state.tiling = {};
  if (tile != 0) state.tiling = make_tiling(tile, image.width(), image.height(), state.file.size, whole);
  state.grid = tile == 0 ? whole : state.tiling.grid();
}

void fit_projection(ImageModel::State& state, const ImageSource& images, std::size_t components, Counter& counter) {
  const Embeddings all = projection_rows(state, images, counter);
  PCA pca{ComponentCount(components)};
  pca.set_threads(state.threads);
  pca.fit(all);
  const auto mean = pca.mean();
  const auto axes = pca.singular_vectors();
  state.projection.mean.assign(mean.begin(), mean.end());
  state.projection.axes = Embeddings(axes.rows(), axes.cols());
  for (std::size_t i = 0; i < axes.rows(); ++i) {
    for (std::size_t j = 0; j < axes.cols(); ++j) state.projection.axes(i, j) = static_cast<float>(axes.row(i)[j]);
  }
  state.report.channels = all.cols();
  state.report.components = axes.cols();
  const auto shares = pca.explained_variance_ratio();
  state.report.explained_variance = std::accumulate(shares.begin(), shares.end(), 0.0);
}

PatchSet project_all(const ImageModel::State& state, const ImageSource& images, Counter& counter) {
  const std::size_t components = state.projection.axes.cols();
  require_memory(state, components);
  PatchSet set = {state.grid, state.names.size(), state.ignored,
                  Embeddings(state.names.size() * state.grid.size(), components)};
  std::vector<std::size_t> all(images.names.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  for_each_image(state, images, all, [&](std::size_t i, Backbone::Runner& runner, const Image& image) {
    const Embeddings patches = projected_patches(runner, state, image);
    std::copy_n(patches.data(), patches.rows() * components, set.features.data() + i * patches.rows() * components);
    counter.one_more();
  });
  return set;
}

}  // namespace kernad::images
