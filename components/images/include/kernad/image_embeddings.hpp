// Images as rows for KDEClassifier, the way of anomalib's DFKDE: the named layers of a network, each averaged over
// its map, joined along their channels. docs/images.md compares it with ImageModel. Link kernad::images.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernad/images.hpp"

namespace kernad::images {

/// The embeddings of several images.
struct ImageEmbeddings {
  Embeddings rows;                 ///< images x dimensions
  std::vector<std::string> names;  ///< the path of each row's image
};

/// A network that turns images into embeddings. Const methods may run in several threads at once; results do not
/// depend on the number of threads.
class KERNAD_API Embedder {
 public:
  /// threads: as for ImageModelOptions. Throws ReadError for a network that cannot be read, InvalidInput for one of
  /// another form, InvalidParameter for options out of range.
  explicit Embedder(const BackboneOptions& backbone = {}, int threads = 0);

  [[nodiscard]] std::size_t dimensions() const noexcept;                  ///< channels of all layers together
  [[nodiscard]] const std::vector<std::string>& layers() const noexcept;  ///< in the order of the columns
  [[nodiscard]] std::size_t size() const noexcept;                        ///< side of the square images are scaled to
  [[nodiscard]] const std::string& backbone() const noexcept;             ///< file name

  /// A name for each column: LAYER.CHANNEL@DIGITS, where the 8 hex digits stand for network, size and normalisation. A
  /// classifier with such names refuses embeddings that were made otherwise.
  [[nodiscard]] std::vector<std::string> column_names() const;

  /// One image, scaled to a square without regard to its aspect (bilinear, antialiased). Throws InvalidInput for a
  /// view without pixels, and if the network gives NaN.
  [[nodiscard]] std::vector<float> embed(ImageView image) const;

  /// Images from files, in their order. One that cannot be read is passed to `on_unreadable` and left out; without it
  /// such an image ends the call. Throws ReadError, and InvalidInput if no image is left.
  [[nodiscard]] ImageEmbeddings embed(std::span<const std::string> paths,
                                      const std::function<void(const std::string& message)>& on_unreadable = {},
                                      const FitProgress& progress = {}) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kernad::images
