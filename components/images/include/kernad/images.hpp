// Images in, verdict and heat map out: a backbone turns an image into patches, the density of a patch given its
// position gives its surprisal, and held-out good images set the threshold. docs/images.md has the method. Link
// kernad::images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernad/calibration.hpp"
#include "kernad/error.hpp"
#include "kernad/export.hpp"
#include "kernad/fit_report.hpp"
#include "kernad/matrix.hpp"

namespace kernad::images {

/// How a pixel lies in memory: channels one after another, 8 bits each or 16 (in the machine's byte order). Alpha is
/// ignored.
enum class PixelFormat : std::uint8_t { grey8, rgb8, bgr8, rgba8, bgra8, grey16, rgb16, bgr16, rgba16, bgra16 };

[[nodiscard]] KERNAD_API std::size_t channels_of(PixelFormat format) noexcept;  ///< 1, 3 or 4
[[nodiscard]] KERNAD_API std::size_t bytes_of(PixelFormat format) noexcept;     ///< of a pixel

/// A view of pixels in the caller's memory: row y starts at data + y * row_bytes. A cv::Mat of type CV_8UC3 is
/// `{mat.data, cols, rows, mat.step, PixelFormat::bgr8}`.
struct ImageView {
  const void* data = nullptr;
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t row_bytes = 0;  ///< at least width * bytes_of(format)
  PixelFormat format = PixelFormat::rgb8;
};

/// An image that owns its pixels; rows without gaps.
class Image {
 public:
  Image() = default;
  /// Black.
  Image(std::size_t width, std::size_t height, PixelFormat format)
      : width_(width), height_(height), format_(format), bytes_(width * height * bytes_of(format)) {}

  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] std::size_t height() const noexcept { return height_; }
  [[nodiscard]] PixelFormat format() const noexcept { return format_; }
  [[nodiscard]] std::size_t row_bytes() const noexcept { return width_ * bytes_of(format_); }
  [[nodiscard]] std::byte* row(std::size_t y) noexcept { return bytes_.data() + y * row_bytes(); }
  [[nodiscard]] const std::byte* row(std::size_t y) const noexcept { return bytes_.data() + y * row_bytes(); }
  [[nodiscard]] ImageView view() const noexcept { return {bytes_.data(), width_, height_, row_bytes(), format_}; }
  operator ImageView() const noexcept { return view(); }  // NOLINT(google-explicit-constructor): it is one

 private:
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  PixelFormat format_ = PixelFormat::rgb8;
  std::vector<std::byte> bytes_;
};

/// Limits that are checked before decoding: a small file can claim to be a huge image.
struct ReadLimits {
  std::uint64_t max_bytes = std::uint64_t{256} << 20U;  ///< of the file
  std::uint64_t max_pixels = 100'000'000;               ///< width * height
};

/// Reads a PNG, JPEG, BMP or TIFF (its first page), by content and not by name; grey or RGB, 8 or 16 bits. It is turned
/// by its EXIF or TIFF orientation. Throws ReadError, which names the file, for one that is missing, empty, truncated,
/// damaged, not an image, of an unsupported kind (CMYK, floating point), or beyond the limits.
[[nodiscard]] KERNAD_API Image read_image(const std::string& path, const ReadLimits& limits = {});
/// The same of a file's contents; `name` is for messages.
[[nodiscard]] KERNAD_API Image decode_image(std::span<const std::byte> bytes, const std::string& name,
                                            const ReadLimits& limits = {});

/// An 8-bit PNG of the image. Throws WriteError.
KERNAD_API void write_png(const std::string& path, ImageView image);

/// A JPEG of an rgb8 image. quality: 1 to 100. Throws InvalidParameter for another format.
[[nodiscard]] KERNAD_API std::vector<std::byte> encode_jpeg(ImageView image, int quality = 85);

/// Whether a file has the ending of an image: .png, .jpg, .jpeg, .bmp, .tif or .tiff, in upper or lower case.
[[nodiscard]] KERNAD_API bool is_image_name(const std::string& path);

/// The images in `source`, sorted: itself if it is a file; for a folder in MVTec layout, those in train/good; else
/// those directly in the folder. Throws ReadError for a missing source, and for a folder without images.
[[nodiscard]] KERNAD_API std::vector<std::string> training_images(const std::string& source);

/// An image of a test set, in MVTec layout: FOLDER/test/KIND/NAME, and ground_truth/KIND/NAME_mask.png or NAME.png.
struct TestImage {
  std::string path;
  std::string kind;  ///< "good" is normal, everything else a kind of defect
  std::string mask;  ///< empty if there is none
};

/// All of a category, sorted by kind and name. Throws ReadError if test/ or test/good is missing or empty.
[[nodiscard]] KERNAD_API std::vector<TestImage> mvtec_test_set(const std::string& folder);

/// A network and the form of its input: an ONNX file, or an OpenVINO IR (.xml, with its .bin next to it). What is not
/// given here is read from a file of the same name that ends in .json ({"layers": [...], "size": 256, "mean": [...],
/// "std": [...]}), if there is one.
struct BackboneOptions {
  std::string path = {};                 ///< empty: default_backbone()
  std::vector<std::string> layers = {};  ///< names of outputs or of nodes inside; empty: all outputs that are maps
  std::size_t size = 0;           ///< side of the square that images are scaled to; 0: the network's own, else 256
  std::vector<double> mean = {};  ///< of red, green, blue in [0, 1]: subtracted; ImageNet's if not known
  std::vector<double> std = {};   ///< then divided by
};

/// EfficientNet-Lite0 as shipped with this project: the installed file or that of the build. Throws ReadError if it is
/// in neither place.
[[nodiscard]] KERNAD_API std::string default_backbone();

/// What becomes of training images beyond a gap above all others: at most 1 % of 10 or more (at least one), by a rule
/// that finds any in at most one of 1,000 normal sets (docs/images.md).
enum class OddImages : std::uint8_t {
  reference,  ///< new images are compared with them as with any other, but they do not raise the threshold
  leave_out,  ///< the model is that of a fit without them
  keep        ///< as any other
};

/// How a model of images is fitted.
struct ImageModelOptions {
  BackboneOptions backbone = {};
  std::size_t components = 64;       ///< principal components of a patch; at least 1
  std::size_t max_patches = 65'536;  ///< patches kept as references (a seeded sample if there are more); at least 1,000
  std::uint64_t seed = 0;            ///< of that sample
  std::size_t folds = 10;            ///< of images, for calibration; at least 2
  std::string mask = {};             ///< image whose white regions are ignored in every image; empty: none
  /// Called for each image that cannot be read or is there twice, which is then left out; without it such an image ends
  /// the fit.
  std::function<void(const std::string& message)> on_unreadable = {};
  std::optional<double> width = {};      ///< spatial width in patches, > 0 (infinity: none); empty: by likelihood
  std::optional<double> bandwidth = {};  ///< of the kernel, in feature units, > 0; empty: by likelihood
  int threads = 0;                       ///< 0: KERNAD_NUM_THREADS if set, else as many as the machine has
  OddImages odd = OddImages::reference;
  /// Side, in pixels, of tiles that images are cut into, each of which is scaled to the network's input: for defects
  /// that would vanish if the whole image were. All images must then have one size. At least 16; 0: no tiles.
  std::size_t tile = 0;
};

/// Images that need not be files. A fit asks for each of them three times, from several threads at once.
struct ImageSource {
  std::vector<std::string> names;               ///< for messages; the model keeps them
  std::function<Image(std::size_t)> read = {};  ///< of names[i]; throws ReadError as read_image does
};

/// In pixels of the image that was judged.
struct Box {
  std::size_t x = 0, y = 0, width = 0, height = 0;
};

/// The verdict on an image.
struct Verdict {
  double surprisal = 0;    ///< mean of the highest 5 % of patch surprisals, in nats; higher is more anomalous
  double score = 0;        ///< the same from 0 to 1: at least 0.5 exactly if anomalous
  double p_value = 1;      ///< share of good images at least as surprising, from held-out ones; in [1 / (n + 1), 1]
  bool anomalous = false;  ///< whether the surprisal reaches the threshold
  Box hottest;             ///< around the most surprising patch and its neighbours above the scale's limit
  /// Rows x columns of patches: minus log density given the position, in nats; HeatScale::usual where masked.
  Embeddings map;
};

/// The range of patch surprisals on good images: heat maps of all images are coloured from `usual` (cold) to
/// `limit` (hot).
struct HeatScale {
  double usual = 0;  ///< median over held-out patches
  double limit = 1;  ///< four of five held-out good images have no patch above it
};

/// A training image far more surprising than the others: perhaps a defect, or other lighting.
struct OddImage {
  std::string name;
  double surprisal = 0;                   ///< held out
  double usual = 0;                       ///< median of all
  bool beyond_gap = false;                ///< so that OddImages applies; else only far from the others
  OddImages treatment = OddImages::keep;  ///< what became of it
};

/// The result of a fit, for users and for `kernad info`.
struct ImageModelReport {
  std::size_t images = 0;
  std::size_t grid_rows = 0, grid_cols = 0;
  std::size_t channels = 0;  ///< of the joined layers
  std::size_t components = 0;
  double explained_variance = 0;
  std::size_t masked = 0;              ///< patches of the grid that are ignored
  std::size_t patches = 0;             ///< references kept
  double width = 0;                    ///< spatial width, in patches; infinity: the position does not matter
  double bandwidth = 0;                ///< in feature units
  double held_out_log_likelihood = 0;  ///< per patch, over held-out images without the least likely 10 %
  std::string backbone;                ///< file name
  std::string backbone_hash;           ///< 16 hex digits of its contents
  std::vector<std::string> layers;
  std::size_t size = 0;
  std::size_t tile = 0;                           ///< side of a tile, in pixels of the image; 0: none
  std::size_t tiles = 0;                          ///< of an image
  std::size_t image_width = 0, image_height = 0;  ///< with tiles: that every image has; else 0
  std::vector<OddImage> odd;                      ///< the model file has those beyond a gap
};

/// A patch of a good image that is near a patch in question.
struct NearPatch {
  std::size_t image = 0;         ///< number in the order of fit
  std::string name;              ///< path that it had
  std::size_t row = 0, col = 0;  ///< on the grid
  double distance = 0;           ///< in bandwidths, of features alone
  double weight = 0;             ///< share of the density at the patch
};

/// Kernel density of patches given their position. Const methods may run in several threads at once, and while one sets
/// the threshold. Copies share one model.
class KERNAD_API ImageModel {
 public:
  /// Learns from images of good parts and calibrates on them: at least 2 are needed, 10 for useful results. Throws
  /// ReadError for an image or a backbone that cannot be read, InvalidParameter for options out of range, InvalidInput
  /// for too few images, ones that are all alike, or the same one twice.
  static ImageModel fit(std::span<const std::string> images, const ImageModelOptions& options = {},
                        const FitProgress& progress = {});
  /// The same with images from elsewhere.
  static ImageModel fit_from(const ImageSource& source, const ImageModelOptions& options = {},
                             const FitProgress& progress = {});

  /// One file with everything, including the backbone. Throws as write_safetensors and read_safetensors do.
  void save(const std::string& path) const;
  [[nodiscard]] static ImageModel load(const std::string& path, int threads = 0);

  /// Judges one image. Throws InvalidInput for a view without pixels, for one of another size than the fitted ones if
  /// they are cut into tiles, and if the network gives NaN.
  [[nodiscard]] Verdict judge(ImageView image) const;

  /// The `count` reference patches with the largest share in the density of the patch at (row, col).
  [[nodiscard]] std::vector<NearPatch> nearest(ImageView image, std::size_t row, std::size_t col,
                                               std::size_t count = 5) const;

  /// The verdict's map at the image's resolution: a cubic B-spline over patch centres, which smooths by half a patch.
  [[nodiscard]] static Embeddings enlarge(const Embeddings& map, std::size_t width, std::size_t height);

  [[nodiscard]] const ImageModelReport& report() const noexcept;
  [[nodiscard]] const HeatScale& heat_scale() const noexcept;
  /// Minus the surprisals of good images, each held out of the model that scored it.
  [[nodiscard]] const Calibration& calibration() const noexcept;
  /// Sets the threshold so that on average at most this share of new good images is called anomalous. Throws
  /// InvalidParameter for a rate that this many images cannot guarantee.
  void set_target_fpr(double rate);
  [[nodiscard]] double target_fpr() const noexcept;
  [[nodiscard]] double threshold() const noexcept;  ///< surprisals at or above it are anomalous

  struct State;

 private:
  std::shared_ptr<State> state_;
};

/// The image with the heat map over it, coloured by the scale: a good part looks like itself.
[[nodiscard]] KERNAD_API Image overlay(ImageView image, const Embeddings& map, const HeatScale& scale);

/// How well maps find the pixels of defects, over the images of a test set.
struct LocalisationMetrics {
  double pixel_AUROC = 0;  ///< over all pixels
  double AUPRO = 0;  ///< area under per-region overlap against pixel false-positive rate up to 30 %, as a share of 0.3
  std::size_t regions = 0;  ///< connected regions of defects, corners count as touching
};

/// Gathers maps and masks of the same size, then measures.
class KERNAD_API Localisation {
 public:
  /// mask: nonzero at defects; rows x columns of map. Empty for an image without defects.
  void add(const Embeddings& map, std::span<const std::uint8_t> mask);
  /// Throws InvalidInput without a defect pixel or without a normal one.
  [[nodiscard]] LocalisationMetrics measure() const;

 private:
  std::vector<float> scores_;
  std::vector<std::uint32_t> region_;      // of each pixel, 0 for none
  std::vector<std::size_t> region_sizes_;  // of region i + 1
};

}  // namespace kernad::images
