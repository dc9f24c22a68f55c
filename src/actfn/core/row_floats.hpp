// A row's numbers, of any type up to float32 and any stride, as floats one after another: where they lie, or copied a
// part at a time.
#pragma once

#include "rows.hpp"
#include "vectors.hpp"

#ifdef ACTFN_FMA
namespace {
namespace float_rows {

using vectors::integers;
using vectors::unaligned;
using vectors::vector;
constexpr std::ptrdiff_t width = vectors::lanes;
// How many numbers are copied at a time.
constexpr std::ptrdiff_t reach = 2048;

// Vectors of stored numbers, one after another.
template <class S> struct stored;
template <> struct stored<float> {
    [[gnu::always_inline]] static vector load(const char* from) { return *reinterpret_cast<const unaligned*>(from); }
    [[gnu::always_inline]] static void store(vector x, char* to) { *reinterpret_cast<unaligned*>(to) = x; }
};
template <int mantissa_bits, int bias> struct stored<narrow<mantissa_bits, bias>> {
    using S = narrow<mantissa_bits, bias>;
    [[gnu::always_inline]] static vector load(const char* from) {
#if defined(__AVX512F__)
        const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
        if constexpr (bias == 15) return _mm512_cvtph_ps(bits);
        return (vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16);
#elif defined(__AVX2__)
        const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        if constexpr (bias == 15) return _mm256_cvtph_ps(bits);
        return (vector)_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16);
#else
        vector result;
        for (int l = 0; l < width; ++l) result[l] = static_cast<float>(widen(reinterpret_cast<const S*>(from)[l]));
        return result;
#endif
    }
    [[gnu::always_inline]] static void store(vector x, char* to) {
#if defined(__AVX512F__)
        if constexpr (bias == 15) {
            const __m256i bits = _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bits);
            return;
        }
        const integers all = reinterpret_cast<integers>(x), rounded = (all + 0x7fff + ((all >> 16) & 1)) >> 16;
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16((__m512i)rounded));
        return;
#elif defined(__AVX2__)
        if constexpr (bias == 15) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
            return;
        }
#endif
        for (int l = 0; l < width; ++l)
            reinterpret_cast<S*>(to)[l] = narrowed(static_cast<double>(x[l]), static_cast<S*>(nullptr));
    }
};

template <class S>
[[gnu::noinline]] void gather_floats(const char* from, std::ptrdiff_t step, std::ptrdiff_t n, float* to) {
    std::ptrdiff_t i = 0;
    if (step == sizeof(S))
        for (; i + width <= n; i += width)
            stored<float>::store(stored<S>::load(from + i * step), reinterpret_cast<char*>(to + i));
    for (; i < n; ++i) {
        S x;
        std::memcpy(&x, from + i * step, sizeof x);
        to[i] = static_cast<float>(widen(x));
    }
}
template <class S>
[[gnu::noinline]] void scatter_floats(const float* from, std::ptrdiff_t n, char* to, std::ptrdiff_t step) {
    std::ptrdiff_t i = 0;
    if (step == sizeof(S))
        for (; i + width <= n; i += width)
            stored<S>::store(stored<float>::load(reinterpret_cast<const char*>(from + i)), to + i * step);
    for (; i < n; ++i) {
        const S y = narrowed(static_cast<double>(from[i]), static_cast<S*>(nullptr));
        std::memcpy(to + i * step, &y, sizeof y);
    }
}

struct source {
    const char* from;
    std::ptrdiff_t step;
    void (*gather)(const char*, std::ptrdiff_t, std::ptrdiff_t, float*); // null where they lie as they should
    const float* part(std::ptrdiff_t start, std::ptrdiff_t count, float* copy) const {
        if (gather == nullptr) return reinterpret_cast<const float*>(from) + start;
        gather(from + start * step, step, count, copy);
        return copy;
    }
};
struct target {
    char* to;
    std::ptrdiff_t step;
    void (*scatter)(const float*, std::ptrdiff_t, char*, std::ptrdiff_t);
    float* part(std::ptrdiff_t start, float* copy) const {
        return scatter == nullptr ? reinterpret_cast<float*>(to) + start : copy;
    }
    void written(std::ptrdiff_t start, std::ptrdiff_t count, const float* copy) const {
        if (scatter != nullptr) scatter(copy, count, to + start * step, step);
    }
};
struct row_of_floats {
    source x, g;
    target y;
    std::ptrdiff_t n;
    template <class S> static row_of_floats of(const row_pointers& row) {
        const auto apart = [](std::ptrdiff_t step) { return sizeof(S) != sizeof(float) || step != sizeof(S); };
        return {{row.x, row.x_step, apart(row.x_step) ? gather_floats<S> : nullptr},
                {row.g, row.g_step, apart(row.g_step) ? gather_floats<S> : nullptr},
                {row.y, row.y_step, apart(row.y_step) ? scatter_floats<S> : nullptr},
                row.n};
    }
    // function(start, count) for every part.
    template <class F> [[gnu::always_inline]] void each_part(F function) const {
        for (std::ptrdiff_t start = 0; start < n; start += reach)
            function(start, n - start < reach ? n - start : reach);
    }
};

} // namespace float_rows
} // namespace
#endif
