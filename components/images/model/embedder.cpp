#include <algorithm>
#include <mutex>
#include <numeric>

#include "kernad/image_embeddings.hpp"
#include "model/parallel.hpp"
#include "model/state.hpp"

namespace kernad::images {
namespace {

/// The mean of each channel.
void pool(std::span<const FeatureMap> maps, std::span<float> row) {
  std::size_t column = 0;
  for (const auto& map : maps) {
    const std::size_t size = map.rows * map.cols;
    for (std::size_t c = 0; c < map.channels; ++c) {
      const auto plane = map.values.subspan(c * size, size);
      row[column++] = static_cast<float>(std::accumulate(plane.begin(), plane.end(), 0.0) / static_cast<double>(size));
    }
  }
}

/// Eight hex digits of everything that an embedding depends on but the image.
std::string digits_of(const BackboneFile& file) {
  BackboneFile whole = file;
  const auto add = [&](const std::string& text) {
    for (const char c : text) whole.weights.push_back(static_cast<std::byte>(c));
  };
  add(std::to_string(file.size));
  for (const auto* values : {&file.mean, &file.std}) {
    for (const double value : *values) add("," + std::to_string(value));
  }
  return whole.hash().substr(0, 8);
}

}  // namespace

struct Embedder::State {
  BackboneFile file;
  int threads = 1;
  std::unique_ptr<Backbone> backbone;
  std::vector<std::size_t> channels;  // of each layer
  std::mutex mutex;
  std::vector<std::unique_ptr<Backbone::Runner>> idle;

  /// Fills a row, with a runner that no other thread has.
  void embed(ImageView image, std::span<float> row) {
    std::unique_ptr<Backbone::Runner> runner;
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        runner = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (!runner) runner = std::make_unique<Backbone::Runner>(*backbone);
    pool(run_backbone(*runner, file, image), row);
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(runner));
  }
};

Embedder::Embedder(const BackboneOptions& backbone, int threads) : state_(std::make_shared<State>()) {
  state_->threads = resolve_threads(threads);
  state_->file = read_backbone(backbone);
  state_->backbone = std::make_unique<Backbone>(state_->file, state_->threads);
  for (const MapShape& map : state_->backbone->shapes()) state_->channels.push_back(map.channels);
}

std::size_t Embedder::dimensions() const noexcept {
  return std::accumulate(state_->channels.begin(), state_->channels.end(), std::size_t{0});
}
const std::vector<std::string>& Embedder::layers() const noexcept { return state_->file.layers; }
std::size_t Embedder::size() const noexcept { return state_->file.size; }
const std::string& Embedder::backbone() const noexcept { return state_->file.name; }

std::vector<std::string> Embedder::column_names() const {
  const std::string end = "@" + digits_of(state_->file);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < state_->channels.size(); ++i) {
    for (std::size_t c = 0; c < state_->channels[i]; ++c) {
      names.push_back(state_->file.layers[i] + "." + std::to_string(c) + end);
    }
  }
  return names;
}

std::vector<float> Embedder::embed(ImageView image) const {
  std::vector<float> row(dimensions());
  state_->embed(image, row);
  return row;
}

ImageEmbeddings Embedder::embed(std::span<const std::string> paths,
                                const std::function<void(const std::string& message)>& on_unreadable,
                                const FitProgress& progress) const {
  const std::size_t columns = dimensions();
  Embeddings all(paths.size(), columns);
  std::vector<std::string> errors(paths.size());
  std::mutex mutex;
  std::size_t done = 0;
  parallel_for_each(paths.size(), state_->threads, [&](std::size_t i) {
    try {
      state_->embed(read_image(paths[i]), {all.data() + i * columns, columns});
    } catch (const ReadError& error) {
      if (!on_unreadable) throw;
      errors[i] = error.what();
    } catch (const InvalidInput& error) {
      throw InvalidInput(paths[i] + ": " + error.what());
    }
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, paths.size());
  });
  ImageEmbeddings result;
  std::vector<std::size_t> good;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (errors[i].empty()) {
      good.push_back(i);
    } else {
      on_unreadable(errors[i]);
    }
  }
  if (good.empty()) throw InvalidInput("no images that can be read");
  result.rows = Embeddings(good.size(), columns);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::copy_n(all.data() + good[i] * columns, columns, result.rows.data() + i * columns);
    result.names.push_back(paths[good[i]]);
  }
  return result;
}

}  // namespace kernad::images
