#include "tests/bench/workload/w1.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace ora::bench {
namespace {

constexpr int64_t kGaugeMax = 100;
constexpr int64_t kCentsAUnit = 100;
constexpr int64_t kPageBytes = 4096;
constexpr int64_t kPagesDeviation = 148;
constexpr int64_t kLargeGaugeStart = int64_t{1} << 32;
constexpr int64_t kCounterMean = 50;
constexpr int64_t kCounterDeviation = 10;
constexpr uint64_t kByteCounterStepMax = 200'000;
constexpr double kMillisAnHour = 3'600'000;

constexpr const char* kRegions[] = {"eu-west-1", "eu-central-1", "us-east-1", "us-west-2",
                                    "ap-south-1"};
constexpr const char* kSystems[] = {"debian12", "debian11", "ubuntu22.04"};
constexpr const char* kTeams[] = {"shop", "search", "billing", "platform"};
constexpr const char* kEnvironments[] = {"production", "staging", "test"};

// Steele, Lea and Flood's generator: every state gives another, well mixed number.
uint64_t NextRandom(uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31);
}

uint64_t HostSeed(const W1Options& options, uint32_t host) {
  uint64_t state = options.seed;
  state = NextRandom(state) + host;
  return NextRandom(state);
}

// The point below which a standard normal variable stays with `probability`.
double NormalQuantile(double probability) {
  double low = -8;
  double high = 8;
  constexpr int kHalvings = 50;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < probability ? low : high) = middle;
  }
  return low;
}

int64_t Bounced(int64_t value, int64_t max) {
  if (value < 0) return -value;
  return value > max ? 2 * max - value : value;
}

// Which template a host's series follows: whole copies of all, then an even choice of them.
size_t TemplateOf(size_t series, size_t series_count) {
  const size_t templates = W1Templates().size();
  const size_t whole = series_count / templates * templates;
  if (series < whole) return series % templates;
  const size_t rest = series_count - whole;
  // The middle of the part of the templates that this one stands for.
  return ((series - whole) * 2 + 1) * templates / (2 * rest);
}

int64_t FirstState(SeriesKind kind, uint64_t bits) {
  switch (kind) {
    case SeriesKind::kCounter:
    case SeriesKind::kByteCounter:
      return static_cast<int64_t>(bits % 1'000'000);
    case SeriesKind::kIntegerGauge:
      return static_cast<int64_t>(bits % (kGaugeMax << NormalQuantiles::kScaleBits));
    case SeriesKind::kDecimalGauge:
      return static_cast<int64_t>(bits % (kGaugeMax * kCentsAUnit));
    case SeriesKind::kLargeGauge:
      return kLargeGaugeStart + kPageBytes * static_cast<int64_t>(bits % 65'536);
    case SeriesKind::kConstant:
      break;
  }
  return kPageBytes * static_cast<int64_t>(bits % 16'777'216);
}

}  // namespace

NormalQuantiles::NormalQuantiles() : quantiles_(kCount) {
  for (size_t i = 0; i < kCount; ++i) {
    const double probability = (static_cast<double>(i) + 0.5) / static_cast<double>(kCount);
    quantiles_[i] =
        static_cast<int32_t>(std::lround(NormalQuantile(probability) * (1 << kScaleBits)));
  }
}

W1Host::W1Host(const W1Options& options, uint32_t host, const NormalQuantiles& quantiles)
    : options_(options),
      host_(host),
      name_(absl::StrCat(options.host_prefix, "-", host)),
      quantiles_(quantiles),
      random_(HostSeed(options, host)),
      kinds_(options.series_per_host),
      states_(options.series_per_host),
      generations_(options.series_per_host) {
  for (size_t series = 0; series < kinds_.size(); ++series) {
    kinds_[series] = W1Templates()[TemplateOf(series, kinds_.size())].kind;
    states_[series] = FirstState(kinds_[series], NextRandom(random_));
  }
}

std::vector<W1Label> W1Host::LabelsOf(size_t series) const {
  const auto one_of = [this](const auto& names, uint32_t stride) {
    return names[host_ / stride % std::size(names)];
  };
  const char* region = one_of(kRegions, 1);
  std::vector<W1Label> labels = {
      {"__name__", std::string(W1Templates()[TemplateOf(series, kinds_.size())].name)},
      {"arch", host_ % 2 == 0 ? "x64" : "arm64"},
      {"datacenter", absl::StrCat(region, "-", host_ / 5 % 3)},
  };
  const size_t copy = series / W1Templates().size();
  if (copy > 0) labels.emplace_back("device", absl::StrCat("d", copy));
  labels.insert(labels.end(), {{"environment", one_of(kEnvironments, 7)},
                               {"hostname", name_},
                               {"instance", name_},
                               {"os", one_of(kSystems, 3)},
                               {"rack", absl::StrCat(host_ % 97)}});
  labels.emplace_back("region", region);
  if (generations_[series] > 0) labels.emplace_back("run", absl::StrCat(generations_[series]));
  labels.insert(labels.end(),
                {{"service", absl::StrCat(host_ % 19)}, {"team", one_of(kTeams, 11)}});
  return labels;
}

void W1Host::Rename() {
  renamed_.clear();
  renames_due_ += options_.churn_an_hour * static_cast<double>(kinds_.size()) *
                  static_cast<double>(options_.step_millis) / kMillisAnHour;
  for (; renames_due_ >= 1 && renamed_.size() < kinds_.size(); renames_due_ -= 1) {
    ++generations_[next_renamed_];
    renamed_.push_back(next_renamed_);
    next_renamed_ = (next_renamed_ + 1) % static_cast<uint32_t>(kinds_.size());
  }
}

void W1Host::Next(absl::Span<double> values) {
  if (options_.churn_an_hour > 0) Rename();
  for (size_t series = 0; series < kinds_.size(); ++series) {
    int64_t& state = states_[series];
    const uint64_t bits = NextRandom(random_);
    switch (kinds_[series]) {
      case SeriesKind::kCounter: {
        const int64_t step = kCounterMean + quantiles_.Step(bits, kCounterDeviation);
        state += step > 0 ? step : 0;
        values[series] = static_cast<double>(state);
        break;
      }
      case SeriesKind::kIntegerGauge:
        state = Bounced(state + quantiles_.Fixed(bits), kGaugeMax << NormalQuantiles::kScaleBits);
        values[series] = static_cast<double>(state >> NormalQuantiles::kScaleBits);
        break;
      case SeriesKind::kLargeGauge:
        state += kPageBytes * quantiles_.Step(bits, kPagesDeviation);
        values[series] = static_cast<double>(state);
        break;
      case SeriesKind::kDecimalGauge:
        state = Bounced(state + quantiles_.Step(bits, kCentsAUnit), kGaugeMax * kCentsAUnit);
        values[series] = static_cast<double>(state) / static_cast<double>(kCentsAUnit);
        break;
      case SeriesKind::kByteCounter:
        state += static_cast<int64_t>(bits % (kByteCounterStepMax + 1));
        values[series] = static_cast<double>(state);
        break;
      case SeriesKind::kConstant:
        values[series] = static_cast<double>(state);
        break;
    }
  }
}

int64_t W1OffsetMillis(const W1Options& options, uint32_t host, uint32_t hosts, uint64_t step) {
  return static_cast<int64_t>(step) * options.step_millis +
         options.step_millis * static_cast<int64_t>(host) / static_cast<int64_t>(hosts);
}

}  // namespace ora::bench
