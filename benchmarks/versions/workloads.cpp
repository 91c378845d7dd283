// What benchmarks/compare times, compiled once against each version's installed headers and library: it uses only the
// part of the public interface that every version has. Reads the name of a workload from each line of standard input,
// runs it once, and answers with a line: its name, the seconds it took and a value that must be the same for both
// versions.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <kernad/kernad.hpp>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

using kernad::Embeddings;
using kernad::EmbeddingsView;

/// Rows around `centres` random points (none: around 0) of standard deviation 1, at distances of standard deviation
/// `width`; each column is smaller than the one before by `ratio`.
Embeddings rows_of(std::size_t rows, std::size_t cols, std::size_t centres, double width, double ratio,
                   std::uint64_t seed) {
  std::mt19937_64 random(centres);
  std::normal_distribution<double> normal;
  std::vector<double> places(std::max<std::size_t>(1, centres) * cols);
  if (centres != 0) std::generate(places.begin(), places.end(), [&] { return normal(random); });
  random.seed(seed);
  Embeddings made(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    const double* place = places.data() + random() % std::max<std::size_t>(1, centres) * cols;
    double scale = 1;
    for (std::size_t j = 0; j < cols; ++j, scale *= ratio) {
      made(i, j) = static_cast<float>((place[j] + width * normal(random)) * scale);
    }
  }
  return made;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Mean log-density of the queries.
std::function<double()> scoring(Embeddings train, Embeddings queries, int threads) {
  kernad::GaussianKDE kde;
  kde.set_threads(threads);
  kde.fit(train);
  return [kde, queries = std::move(queries)] { return mean(kde.log_density(queries)); };
}

/// The same, with one query per call.
std::function<double()> single_queries(Embeddings train, Embeddings queries, int threads) {
  kernad::GaussianKDE kde;
  kde.set_threads(threads);
  kde.fit(train);
  return [kde, queries = std::move(queries)] {
    double sum = 0;
    for (std::size_t i = 0; i < queries.rows(); ++i) {
      sum += kde.log_density(EmbeddingsView(queries.row(i).data(), 1, queries.cols())).front();
    }
    return sum / static_cast<double>(queries.rows());
  };
}

/// Share of the variance that the fitted classifier explains.
std::function<double()> fitting(Embeddings train, int threads) {
  return [train = std::move(train), threads] {
    kernad::KDEClassifier classifier;
    classifier.set_threads(threads);
    if (!classifier.fit(train)) std::abort();
    return classifier.report().explained_variance;
  };
}

std::map<std::string, std::function<double()>> workloads(int threads) {
  const auto isotropic = [](std::size_t rows, std::size_t cols, std::uint64_t seed) {
    return rows_of(rows, cols, 0, 1, 1, seed);
  };
  const auto clusters = [](std::size_t rows, std::uint64_t seed) { return rows_of(rows, 16, 100, 0.1, 1, seed); };
  return {
      {"score-d3", scoring(isotropic(40'000, 3, 1), isotropic(2048, 3, 2), threads)},
      {"score-d16", scoring(isotropic(40'000, 16, 1), isotropic(2048, 16, 2), threads)},
      {"score-d64", scoring(isotropic(40'000, 64, 1), isotropic(512, 64, 2), threads)},
      {"score-clusters", scoring(clusters(40'000, 1), clusters(2048, 2), threads)},
      {"single-queries", single_queries(isotropic(40'000, 16, 1), isotropic(64, 16, 2), threads)},
      {"fit-16000x512", fitting(rows_of(16'000, 512, 0, 1, 0.99, 1), threads)},
  };
}

}  // namespace

int main(int argc, char** argv) {
  const auto known = workloads(argc > 1 ? std::atoi(argv[1]) : 0);
  for (const auto& [name, run] : known) std::cout << name << ' ';
  std::cout << std::endl;
  for (std::string name; std::getline(std::cin, name);) {
    const auto begin = std::chrono::steady_clock::now();
    const double value = known.at(name)();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%s %.9g %.17g\n", name.c_str(), seconds, value);
    std::fflush(stdout);
  }
}
