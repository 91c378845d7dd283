// kernad embed IMAGES.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "../output.hpp"
#include "../progress.hpp"
#include "../scores_file.hpp"
#include "image_commands.hpp"
#include "judge_all.hpp"
#include "kernad/image_embeddings.hpp"
#include "kernad/io.hpp"

namespace kernad::cli {
namespace {

namespace fs = std::filesystem;

/// Masks are images as well, and good and broken parts would become one table.
void refuse_categories(const Sources& sources) {
  for (const auto& source : sources) {
    if (!fs::is_directory(fs::path(source) / "train" / "good") && !fs::is_directory(fs::path(source) / "test" / "good"))
      continue;
    throw InvalidParameter(source + ": has the layout of MVTec AD; name one of its folders, such as " +
                           (fs::path(source) / "train" / "good").string());
  }
}

/// With the exact value of each float, so that a table read from it has the same bits.
Output table_of(const images::ImageEmbeddings& embeddings, const std::vector<std::string>& names) {
  Output output;
  const Embeddings& rows = embeddings.rows;
  output.columns.push_back({"file", embeddings.names});
  for (std::size_t j = 0; j < rows.cols(); ++j) {
    std::vector<double> values(rows.rows());
    for (std::size_t i = 0; i < rows.rows(); ++i) values[i] = rows(i, j);
    output.columns.push_back({names[j], std::move(values)});
  }
  output.scored.assign(rows.rows(), true);
  for (std::size_t i = 0; i < rows.rows(); ++i) output.rows.push_back(i);
  return output;
}

void print_summary(const ImageCommand& command, const images::Embedder& embedder, std::size_t count) {
  if (command.common.json) {
    print_json({{"output", command.output},
                {"backbone", embedder.backbone()},
                {"layers", embedder.layers()},
                {"size", embedder.size()},
                {"images", count},
                {"dimensions", embedder.dimensions()}});
    return;
  }
  print_table({{"output", command.output},
               {"backbone", embedder.backbone()},
               {"layers", fmt::format("{}", fmt::join(embedder.layers(), ", "))},
               {"images", fmt::format("{}, scaled to {} x {}", count, embedder.size(), embedder.size())},
               {"dimensions", fmt::format("{}", embedder.dimensions())}});
}

}  // namespace

void embed_images(const ImageCommand& command, const EmbedOptions& options) {
  refuse_categories(command.data);
  const bool to_file = !command.output.empty() && command.output != "-";
  std::vector<std::string> paths;
  for (const auto& file : image_files(command.data)) paths.push_back(file.path);
  if (to_file) {
    require_known_ending(command.output);
    require_writable(command.output);
    require_another_file(command.output, paths);
  }
  const images::Embedder embedder({options.backbone, options.layers, options.size, {}, {}}, command.common.threads);
  const auto embeddings = [&] {
    Progress progress("embedding images", paths.size());
    std::function<void(const std::string&)> on_unreadable;
    if (options.keep_going) on_unreadable = [](const std::string& message) { print_error(message); };
    return embedder.embed(paths, on_unreadable, [&](std::size_t, std::size_t) { progress.advance(1); });
  }();
  if (command.output.ends_with(".npy")) {
    write_file_atomically(command.output, npy_bytes(embeddings.rows));
  } else if (const Output table = table_of(embeddings, embedder.column_names()); to_file) {
    write_output(command.output, table);
  } else {
    print(command.common.json ? json_text(table) : csv_text(table));
  }
  if (to_file) print_summary(command, embedder, embeddings.rows.rows());
}

}  // namespace kernad::cli
