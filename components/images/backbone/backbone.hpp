// The network, behind a small interface: an image as a tensor in, feature maps out. Only backbone.cpp depends on the
// library that runs it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernad/images.hpp"

namespace kernad::images {

/// A network's files and the form of its input, as kept in a model.
struct BackboneFile {
  std::string name;                 ///< of the file, without its folder
  std::vector<std::byte> network;   ///< ONNX, or the .xml of an OpenVINO IR
  std::vector<std::byte> weights;   ///< the .bin of an IR, else empty
  std::vector<std::string> layers;  ///< empty: all outputs that are feature maps
  std::size_t size = 0;             ///< 0: the network's own, else 256
  std::vector<double> mean;         ///< 3
  std::vector<double> std;          ///< 3

  [[nodiscard]] std::string hash() const;  ///< FNV-1a of the contents, 16 hex digits
};

/// Reads the files and the .json next to them. Throws ReadError naming the file, InvalidParameter for options.
[[nodiscard]] BackboneFile read_backbone(const BackboneOptions& options);

/// One layer's output: channels planes of rows x cols, one after another.
struct FeatureMap {
  std::span<const float> values;
  std::size_t channels = 0;
  std::size_t rows = 0;
  std::size_t cols = 0;
};

struct MapShape {
  std::size_t channels = 0;
  std::size_t rows = 0;
  std::size_t cols = 0;
};

/// A compiled network, for independent use by `threads` threads at once: results do not depend on their number.
class Backbone {
 public:
  /// Fills in `file`'s layers and size if they are not given. Throws InvalidInput, naming the file, for a network that
  /// cannot be read or does not have the required form.
  Backbone(BackboneFile& file, int threads);
  ~Backbone();
  Backbone(Backbone&&) noexcept;
  Backbone& operator=(Backbone&&) noexcept;

  /// Of each layer's map.
  [[nodiscard]] std::vector<MapShape> shapes() const;

  /// Scratch memory of one thread.
  class Runner {
   public:
    explicit Runner(const Backbone& backbone);
    ~Runner();
    Runner(Runner&&) noexcept;
    Runner& operator=(Runner&&) noexcept;

    /// The input: 3 planes of size x size.
    [[nodiscard]] std::span<float> input();
    /// The maps, one per layer; valid until the next call. Throws InvalidInput for values that are not finite.
    [[nodiscard]] std::vector<FeatureMap> run();

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kernad::images
