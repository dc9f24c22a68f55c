// The stored types, and their conversion to and from double: branch-free integer code, so that it vectorises, with one
// rounding.
#pragma once

#include <cstdint>

#include "vocabulary.hpp"

namespace {

template <int mantissa_bits, int exponent_bias> struct narrow {
    std::uint16_t bits;
};
using half = narrow<10, 15>;
using bfloat = narrow<7, 127>;
struct truth {
    std::uint8_t bits;
};

template <class S> inline double widen(S x) { return static_cast<double>(x); }

inline double widen(truth x) { return x.bits != 0 ? 1.0 : 0.0; }

template <int mantissa_bits, int bias> inline double widen(narrow<mantissa_bits, bias> x) {
    constexpr int shift = 52 - mantissa_bits;
    const std::uint64_t all = x.bits, sign = (all & 0x8000) << 48, size = all & 0x7fff;
    constexpr std::uint64_t infinite = 0x7fff >> mantissa_bits << mantissa_bits;
    const std::uint64_t normal = (size << shift) + (std::uint64_t(1023 - bias) << 52);
    const std::uint64_t special = (size << shift) | 0x7ff0000000000000;
    // A subnormal is its integer times the smallest one.
    constexpr double smallest = 1.0 / (std::uint64_t(1) << 62) / (bias == 127 ? 0x1p+71 : 0x1p-38);
    const double tiny = (from_bits(bits_of(shifter) + size) - shifter) * smallest;
    const std::uint64_t finite = size < (std::uint64_t(1) << mantissa_bits) ? bits_of(tiny) : normal;
    return from_bits((size >= infinite ? special : finite) | sign);
}

template <class S> inline S narrowed(double x, S*) { return static_cast<S>(x); }

template <int mantissa_bits, int bias>
inline narrow<mantissa_bits, bias> narrowed(double x, narrow<mantissa_bits, bias>*) {
    constexpr int shift = 52 - mantissa_bits;
    constexpr std::uint64_t infinite = 0x7fff >> mantissa_bits << mantissa_bits;
    const std::uint64_t all = bits_of(x), sign = all >> 63 << 15, size = all & 0x7fffffffffffffff;
    // To the nearest, ties to even; a carry into the exponent is right, up to infinity.
    const std::uint64_t odd = size >> shift & 1;
    const std::uint64_t rounded = (size + ((std::uint64_t(1) << (shift - 1)) - 1 + odd)) >> shift;
    const std::uint64_t rebias = std::uint64_t(1023 - bias) << mantissa_bits;
    const std::uint64_t normal = rounded - rebias < infinite ? rounded - rebias : infinite;
    // Adding a number whose last bit is the smallest subnormal leaves the result's integer in the low bits.
    constexpr double aligner = bias == 127 ? 0x1.8p-81 : 0x1.8p+28;
    const std::uint64_t subnormal = bits_of(from_bits(size) + aligner) - bits_of(aligner);
    const std::uint64_t finite = rounded < rebias + (std::uint64_t(1) << mantissa_bits) ? subnormal : normal;
    const std::uint64_t quiet = infinite | std::uint64_t(1) << (mantissa_bits - 1);
    const std::uint64_t result = size > 0x7ff0000000000000 ? quiet : finite;
    return {static_cast<std::uint16_t>(result | sign)};
}

// n numbers, `step` bytes apart, to doubles; and back.
template <class S> inline void gather(const char* from, std::ptrdiff_t step, std::ptrdiff_t n, double* to) {
    if (step == sizeof(S)) {
        const S* source = reinterpret_cast<const S*>(from);
        for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = widen(source[i]);
    } else {
        for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = widen(*reinterpret_cast<const S*>(from + i * step));
    }
}
template <class S> inline void scatter(const double* from, std::ptrdiff_t n, char* to, std::ptrdiff_t step) {
    if (step == sizeof(S)) {
        S* target = reinterpret_cast<S*>(to);
        for (std::ptrdiff_t i = 0; i < n; ++i) target[i] = narrowed(from[i], static_cast<S*>(nullptr));
    } else {
        for (std::ptrdiff_t i = 0; i < n; ++i)
            *reinterpret_cast<S*>(to + i * step) = narrowed(from[i], static_cast<S*>(nullptr));
    }
}

} // namespace
