// Zip archives made in memory.
#pragma once

#include <zip.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kernad::testing {

/// A zip archive of these (name, content) entries, stored or deflated. Throws when libzip cannot make it.
inline std::string zip_archive(const std::vector<std::pair<std::string, std::string>>& entries, bool deflated = false) {
  const auto need = [](bool done) {
    if (!done) throw std::runtime_error("libzip cannot make the archive");
  };
  zip_error_t error;
  zip_source_t* const memory = zip_source_buffer_create(nullptr, 0, 0, &error);
  need(memory != nullptr);
  zip_source_keep(memory);
  zip_t* const archive = zip_open_from_source(memory, ZIP_TRUNCATE, &error);
  need(archive != nullptr);
  for (const auto& [name, content] : entries) {
    zip_source_t* const data = zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), data, ZIP_FL_ENC_UTF_8);
    need(index >= 0);
    need(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE,
                                  0) == 0);
  }
  need(zip_close(archive) == 0);

  zip_stat_t stat;
  need(zip_source_open(memory) == 0 && zip_source_stat(memory, &stat) == 0);
  std::string bytes(stat.size, '\0');
  need(zip_source_read(memory, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(memory);
  zip_source_free(memory);
  return bytes;
}

}  // namespace kernad::testing
