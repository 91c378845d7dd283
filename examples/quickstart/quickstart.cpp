// Learns what normal looks like from 500 made-up embeddings; reports how unusual two new ones are.
#include <cstdio>
#include <kernad/kde_classifier.hpp>
#include <random>

int main() {
  constexpr std::size_t rows = 500, columns = 64;
  std::mt19937 random(1);
  std::normal_distribution<float> noise;
  std::vector<float> normal(rows * columns), queries(2 * columns);
  for (float& value : normal) value = noise(random);
  for (std::size_t j = 0; j < columns; ++j) queries[j] = noise(random);  // the first is like the normal ones
  for (std::size_t j = columns; j < 2 * columns; ++j) queries[j] = noise(random) + 4;  // the second is not

  kernad::KDEClassifier classifier;
  if (!classifier.fit({normal.data(), rows, columns})) return 1;  // false: fewer rows than principal components
  for (const double probability : classifier.predict({queries.data(), 2, columns})) {
    std::printf("anomaly probability %.3f\n", probability);
  }
}
