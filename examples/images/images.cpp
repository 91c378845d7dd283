// Learns from the images of a folder, judges an image, and writes its heat map next to the model.
//   images FOLDER IMAGE
#include <cstdio>
#include <kernad/images.hpp>

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("usage: images FOLDER IMAGE\n", stderr);
    return 2;
  }
  namespace images = kernad::images;
  images::ImageModelOptions options;
  options.backbone.size = 128;  // small, so that the example takes seconds; the default is 256
  options.components = 16;
  auto model = images::ImageModel::fit(images::training_images(argv[1]), options);
  for (const auto& odd : model.report().odd) std::printf("far from the others: %s\n", odd.name.c_str());
  model.set_target_fpr(0.05);
  model.save("images.safetensors");

  // A frame of a camera is judged where it lies: {data, width, height, bytes of a row, PixelFormat::bgr8}.
  const images::Image image = images::read_image(argv[2]);
  const images::Verdict verdict = model.judge(image);
  images::write_png("heatmap.png", images::overlay(image, verdict.map, model.heat_scale()));
  std::printf("%s: surprisal %.1f, threshold %.1f, p-value %.3f\n", verdict.anomalous ? "anomalous" : "normal",
              verdict.surprisal, model.threshold(), verdict.p_value);
  std::printf("hottest: %zu x %zu pixels at %zu, %zu\n", verdict.hottest.width, verdict.hottest.height,
              verdict.hottest.x, verdict.hottest.y);
} catch (const kernad::Error& error) {
  std::fprintf(stderr, "images: %s\n", error.what());
  return 1;
}
