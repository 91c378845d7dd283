// The folders of src/ include one another in one direction only: reading a folder takes no knowledge of later ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace kernad {
namespace {

namespace fs = std::filesystem;
const fs::path kSource = KERNAD_TEST_SOURCE;

using Graph = std::map<std::string, std::map<std::string, std::string>>;  // folder -> folder -> a file that includes it

/// Lines `#include "FOLDER/..."` of a folder's files; src/*.cpp are the face of the library and may include all.
Graph include_graph() {
  const std::regex include(R"re(^\s*#\s*include\s+"([a-z0-9_]+)/)re");
  Graph graph;
  for (const auto& entry : fs::recursive_directory_iterator(kSource)) {
    const fs::path relative = entry.path().lexically_relative(kSource);
    if (!entry.is_regular_file() || !relative.has_parent_path()) continue;
    const std::string folder = relative.begin()->string();
    graph[folder];
    std::ifstream file(entry.path());
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (!std::regex_search(line, match, include) || match[1] == folder) continue;
      if (fs::is_directory(kSource / match[1].str())) graph[folder].emplace(match[1], relative.string());
    }
  }
  return graph;
}

/// A path from `folder` back to a folder that is already on it, or nothing.
std::string find_cycle(const Graph& graph, const std::string& folder, std::vector<std::string>& way,
                       std::set<std::string>& done) {
  if (done.contains(folder)) return "";
  for (std::size_t i = 0; i < way.size(); ++i) {
    if (way[i] != folder) continue;
    std::string cycle;
    for (std::size_t j = i; j < way.size(); ++j) {
      const std::string& next = j + 1 < way.size() ? way[j + 1] : folder;
      cycle += way[j] + " -> " + next + " (" + graph.at(way[j]).at(next) + ")  ";
    }
    return cycle;
  }
  way.push_back(folder);
  for (const auto& [next, file] : graph.at(folder)) {
    const std::string cycle = find_cycle(graph, next, way, done);
    if (!cycle.empty()) return cycle;
  }
  way.pop_back();
  done.insert(folder);
  return "";
}

TEST(IncludeGraphTest, HasNoCycleBetweenFolders) {
  const Graph graph = include_graph();
  ASSERT_GT(graph.size(), 10U) << "is " << kSource << " the source folder?";
  std::set<std::string> done;
  for (const auto& [folder, includes] : graph) {
    std::vector<std::string> way;
    EXPECT_EQ(find_cycle(graph, folder, way, done), "");
  }
}

TEST(IncludeGraphTest, FindsACycle) {
  const Graph graph = {{"a", {{"b", "a/x.cpp"}}}, {"b", {{"c", "b/x.cpp"}}}, {"c", {{"b", "c/y.cpp"}}}};
  std::vector<std::string> way;
  std::set<std::string> done;
  EXPECT_EQ(find_cycle(graph, "a", way, done), "b -> c (b/x.cpp)  c -> b (c/y.cpp)  ");
}

/// Folders, and who may include them: arithmetic knows neither files nor formats, and only one folder knows JSON.
TEST(IncludeGraphTest, OnlySerialiseKnowsJson) {
  for (const auto& entry : fs::recursive_directory_iterator(kSource)) {
    const fs::path relative = entry.path().lexically_relative(kSource);
    if (!entry.is_regular_file() || *relative.begin() == "serialise") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      EXPECT_FALSE(line.starts_with("#include <nlohmann/")) << relative;
    }
  }
}

/// The C interface stands outside: it sees what every user of the C++ interface sees.
TEST(IncludeGraphTest, TheCInterfaceSeesPublicHeadersAlone) {
  std::size_t includes = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "c")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("#include \"")) continue;
      ++includes;
      EXPECT_TRUE(line.starts_with("#include \"kernad/") || line.starts_with("#include \"c/"))
          << entry.path() << ": " << line;
    }
  }
  EXPECT_GT(includes, 10U);
}

}  // namespace
}  // namespace kernad
