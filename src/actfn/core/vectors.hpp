// Vectors of float32 for kernels by hand, on processors with FMA: the whole register of each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tuned.hpp"

#ifdef ACTFN_FMA
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {
namespace vectors {

#if defined(__AVX512F__)
constexpr int lanes = 16;
using mask = std::uint16_t;
#else
constexpr int lanes = 8;
using mask = std::uint8_t;
#endif
using vector [[gnu::vector_size(lanes * 4)]] = float;
using integers [[gnu::vector_size(lanes * 4)]] = std::int32_t;
using unaligned [[gnu::vector_size(lanes * 4), gnu::aligned(4)]] = float;

constexpr float infinity = __builtin_inff();

[[gnu::always_inline]] inline vector fused(vector a, vector b, vector c) {
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
    return _mm256_fmadd_ps(a, b, c);
#else
    vector result;
    for (int i = 0; i < lanes; ++i) result[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return result;
#endif
}

// Half as many doubles fill the same register.
using doubles_of_half [[gnu::vector_size(lanes * 4)]] = double;
using bits_of_half [[gnu::vector_size(lanes * 4)]] = std::int64_t;
using half_vector [[gnu::vector_size(lanes * 2)]] = float;

[[gnu::always_inline]] inline doubles_of_half fused(doubles_of_half a, doubles_of_half b, doubles_of_half c) {
#if defined(__AVX512F__)
    return _mm512_fmadd_pd(a, b, c);
#elif defined(__AVX2__)
    return _mm256_fmadd_pd(a, b, c);
#else
    doubles_of_half result;
    for (int i = 0; i < lanes / 2; ++i) result[i] = __builtin_fma(a[i], b[i], c[i]);
    return result;
#endif
}
// The lower and the upper half of a vector as doubles, and back.
[[gnu::always_inline]] inline doubles_of_half lower(vector x) {
#if defined(__AVX512F__)
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
#elif defined(__AVX2__)
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
#else
    half_vector half;
    std::memcpy(&half, &x, sizeof half);
    return __builtin_convertvector(half, doubles_of_half);
#endif
}
[[gnu::always_inline]] inline doubles_of_half upper(vector x) {
#if defined(__AVX512F__)
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
#elif defined(__AVX2__)
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
#else
    half_vector halves[2];
    std::memcpy(halves, &x, sizeof halves);
    return __builtin_convertvector(halves[1], doubles_of_half);
#endif
}
[[gnu::always_inline]] inline vector floats(doubles_of_half low, doubles_of_half high) {
#if defined(__AVX512F__)
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
#elif defined(__AVX2__)
    return _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
#else
    const half_vector halves[] = {__builtin_convertvector(low, half_vector),
                                  __builtin_convertvector(high, half_vector)};
    vector result;
    std::memcpy(&result, halves, sizeof result);
    return result;
#endif
}
// A function of doubles for a vector of floats.
template <class F> [[gnu::always_inline]] inline vector in_double(vector x, F function) {
    return floats(function(lower(x)), function(upper(x)));
}
// 0, 1, 2, ...
template <class I> [[gnu::always_inline]] inline I places() {
    I result = {};
    for (int l = 0; l < static_cast<int>(sizeof(I) / sizeof(result[0])); ++l) result[l] = l;
    return result;
}

// x, or the limit where x is beyond it or NaN.
[[gnu::always_inline]] inline vector at_most(vector x, float limit) {
#if defined(__AVX512F__)
    return _mm512_min_ps(x, _mm512_set1_ps(limit));
#elif defined(__AVX2__)
    return _mm256_min_ps(x, _mm256_set1_ps(limit));
#else
    return x < limit ? x : vector{} + limit;
#endif
}
[[gnu::always_inline]] inline vector at_least(vector x, float limit) {
#if defined(__AVX512F__)
    return _mm512_max_ps(x, _mm512_set1_ps(limit));
#elif defined(__AVX2__)
    return _mm256_max_ps(x, _mm256_set1_ps(limit));
#else
    return x > limit ? x : vector{} + limit;
#endif
}
[[gnu::always_inline]] inline vector magnitude(vector x) {
    return reinterpret_cast<vector>(reinterpret_cast<integers>(x) & 0x7fffffff);
}
[[gnu::always_inline]] inline vector with_sign_of(vector x, vector y) {
    return reinterpret_cast<vector>((reinterpret_cast<integers>(y) & 0x7fffffff) |
                                    (reinterpret_cast<integers>(x) & INT32_MIN));
}

// 32 numbers, of which each lane takes the one its index says, modulo 32.
#if defined(__AVX512F__)
struct row {
    vector low, high;
    explicit row(const float* from)
        : low(*reinterpret_cast<const vector*>(from)), high(*reinterpret_cast<const vector*>(from + lanes)) {
        asm("" : "+v"(low), "+v"(high)); // they stay in registers
    }
    [[gnu::always_inline]] vector operator[](integers k) const { return __builtin_shuffle(low, high, k); }
};
#elif defined(__AVX2__)
struct row {
    const float* from;
    explicit row(const float* from) : from(from) {}
    [[gnu::always_inline]] vector operator[](integers k) const {
        const __m256i index = (__m256i)k;
        // A blend looks at the sign: bits 3 and 4 of the index are moved there.
        const __m256 bit3 = (__m256)_mm256_slli_epi32(index, 28), bit4 = (__m256)_mm256_slli_epi32(index, 27);
        const auto eight = [&](int start) { return _mm256_permutevar8x32_ps(_mm256_load_ps(from + start), index); };
        return _mm256_blendv_ps(_mm256_blendv_ps(eight(0), eight(8), bit3),
                                _mm256_blendv_ps(eight(16), eight(24), bit3), bit4);
    }
};
#else
struct row {
    const float* from;
    explicit row(const float* from) : from(from) {}
    vector operator[](integers k) const {
        vector result;
        for (int i = 0; i < lanes; ++i) result[i] = from[k[i] & 31];
        return result;
    }
};
#endif

} // namespace vectors
} // namespace
#endif
