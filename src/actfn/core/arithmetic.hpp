// What arithmetic of doubles rests on: bits, fused operations, and sums and products without error.
#pragma once

#include <cstdint>

namespace {

#if defined(__FMA__) || defined(__aarch64__)
constexpr bool has_fma = true;
#else
constexpr bool has_fma = false;
#endif

inline std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }
inline double from_bits(std::uint64_t x) { return __builtin_bit_cast(double, x); }

// a * b + c, rounded once where the machine can, twice elsewhere.
inline double fused(double a, double b, double c) {
    if constexpr (has_fma) return __builtin_fma(a, b, c);
    return a * b + c;
}

// NaN in the first argument is kept.
template <class T> inline T minimum(T x, T limit) { return limit < x ? limit : x; }
template <class T> inline T maximum(T x, T limit) { return x < limit ? limit : x; }
inline double magnitude(double x) { return __builtin_fabs(x); }

struct pair_of_doubles {
    double high, low;
};

// The exact sum of two doubles; fast_sum needs |a| >= |b| or a == 0.
inline pair_of_doubles exact_sum(double a, double b) {
    const double s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
}
inline pair_of_doubles fast_sum(double a, double b) {
    const double s = a + b;
    return {s, b - (s - a)};
}

// The exact product of two doubles, where it neither overflows nor underflows.
inline pair_of_doubles exact_product(double a, double b) {
    const double p = a * b;
    if constexpr (has_fma) {
        return {p, __builtin_fma(a, b, -p)};
    } else {
        const double split = 0x1.0000002p+27;
        const double ta = split * a, tb = split * b;
        const double ah = ta - (ta - a), bh = tb - (tb - b), al = a - ah, bl = b - bh;
        const double error = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
        // Splitting overflows past 2^996: there the rounding error is dropped.
        return {p, error == error ? error : 0.0};
    }
}

// Adding it leaves the nearest integer in the low bits of the sum.
constexpr double shifter = 0x1.8p+52;

} // namespace
