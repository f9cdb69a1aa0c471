// Distances in integers: floating-point sines differ in their last digit from one C library to the next, and a distance
// may decide who gets something.
#include <array>
#include <cstdlib>

#include "libs/eligibility/eligibility.h"

namespace kubari::eligibility {
namespace {

// Fixed point with 60 binary digits behind the point. Rotations by the angles atan(2^-i) need shifts and sums alone
// (CORDIC; Volder 1959).
using Wide = __int128;
constexpr int kDigits = 60;
constexpr int kSteps = 58;
constexpr int64_t kOne = int64_t{1} << kDigits;
constexpr int64_t kQuarterTurn = 1'811'004'864'519'280'710;  // π/2
constexpr int64_t kEarthMetres = 6'371'000;

// atan(2^-i): π/4 for i = 0, else its series.
constexpr std::array<int64_t, kSteps> MakeAngles() {
  std::array<int64_t, kSteps> angles{};
  angles[0] = kQuarterTurn / 2;
  for (int i = 1; i < kSteps; ++i) {
    Wide sum = 0;
    for (int k = 0; (2 * k + 1) * i <= kDigits + 8; ++k) {
      const Wide term = (Wide{1} << (kDigits + 8 - (2 * k + 1) * i)) / (2 * k + 1);
      sum += k % 2 == 0 ? term : -term;
    }
    angles[i] = static_cast<int64_t>(sum >> 8);
  }
  return angles;
}
constexpr std::array<int64_t, kSteps> kAngles = MakeAngles();

constexpr int64_t Root(Wide square) {
  Wide root = 0;
  for (Wide bit = Wide{1} << 62; bit > 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= square) root += bit;
  }
  return static_cast<int64_t>(root);
}

// Every rotation makes the vector longer by √(1 + 4^-i); so much shorter does one start.
constexpr int64_t MakeStart() {
  Wide length = kOne;
  for (int i = 0; i < 31; ++i) {
    // √(1 + 4^-i) in fixed point: the root of 2^120 + 2^(120 - 2i).
    length = length * Root((Wide{1} << 120) + (Wide{1} << (120 - 2 * i))) >> kDigits;
  }
  return static_cast<int64_t>((Wide{1} << (2 * kDigits)) / length);
}
constexpr int64_t kStart = MakeStart();

struct Vector {
  int64_t x = 0, y = 0;
};

// Cosine and sine of an angle in micro-degrees.
Vector Direction(int64_t micro_degrees) {
  int64_t turns = micro_degrees / 90'000'000, rest = micro_degrees % 90'000'000;
  if (rest < 0) rest += 90'000'000, --turns;
  int64_t angle = static_cast<int64_t>(Wide{rest} * kQuarterTurn / 90'000'000);
  Vector v{kStart, 0};
  for (int i = 0; i < kSteps; ++i) {
    const int64_t x = v.x >> i, y = v.y >> i;
    const bool on = angle >= 0;
    v = on ? Vector{v.x - y, v.y + x} : Vector{v.x + y, v.y - x};
    angle += on ? -kAngles[i] : kAngles[i];
  }
  for (int64_t t = ((turns % 4) + 4) % 4; t > 0; --t) v = {-v.y, v.x};
  return v;
}

// The angle of a vector with x ≥ 0, y ≥ 0 and a length below 2.
int64_t AngleOf(int64_t x, int64_t y) {
  x >>= 2, y >>= 2;  // rotating makes them longer
  int64_t angle = 0;
  for (int i = 0; i < kSteps; ++i) {
    const int64_t dx = x >> i, dy = y >> i;
    const bool above = y > 0;
    x += above ? dy : -dy;
    y += above ? -dx : dx;
    angle += above ? kAngles[i] : -kAngles[i];
  }
  return angle;
}

std::array<int64_t, 3> OnUnitSphere(const type::v1::Position& position) {
  const Vector latitude = Direction(position.latitude_e6()), longitude = Direction(position.longitude_e6());
  return {static_cast<int64_t>(Wide{latitude.x} * longitude.x >> kDigits),
          static_cast<int64_t>(Wide{latitude.x} * longitude.y >> kDigits), latitude.y};
}

}  // namespace

std::optional<int64_t> DistanceMetres(const type::v1::Position& a, const type::v1::Position& b) {
  const auto unknown = [](const type::v1::Position& p) { return p.latitude_e6() == 0 && p.longitude_e6() == 0; };
  if (unknown(a) || unknown(b)) return std::nullopt;
  // Half the angle between two unit vectors has the tangent |a − b| ÷ |a + b|.
  const std::array<int64_t, 3> from = OnUnitSphere(a), to = OnUnitSphere(b);
  Wide apart = 0, together = 0;
  for (int i = 0; i < 3; ++i) {
    const Wide minus = (Wide{from[i]} - to[i]) >> 1, plus = (Wide{from[i]} + to[i]) >> 1;
    apart += minus * minus;
    together += plus * plus;
  }
  const Wide angle = 2 * Wide{AngleOf(Root(together) << 1, Root(apart) << 1)};
  return static_cast<int64_t>((angle * kEarthMetres + kOne / 2) >> kDigits);
}

}  // namespace kubari::eligibility
