// softmax, log_softmax and their vector-Jacobian products over float32 rows, on processors with FMA: exponentials in
// float with a split argument, kept in the output between the passes, and products in double. Within 2 ULP.
#pragma once

#include "piecewise_tables.hpp"
#include "rows.hpp"
#include "vectors.hpp"

#ifdef ACTFN_FMA
namespace {
namespace float_rows {

using vectors::at_least;
using vectors::fused;
using vectors::integers;
using vectors::magnitude;
using vectors::unaligned;
using vectors::vector;
constexpr std::ptrdiff_t width = vectors::lanes;

// Stored numbers as float32, which holds them all, and float32 rounded to what is stored.
template <class S> struct stored;
template <> struct stored<float> {
    [[gnu::always_inline]] static vector load(const char* from) { return *reinterpret_cast<const unaligned*>(from); }
    [[gnu::always_inline]] static void store(vector x, char* to) { *reinterpret_cast<unaligned*>(to) = x; }
    static float one(float x) { return x; }
    static float back(float x) { return x; }
};
template <int mantissa_bits, int bias> struct stored<narrow<mantissa_bits, bias>> {
    using S = narrow<mantissa_bits, bias>;
    static float one(S x) { return static_cast<float>(widen(x)); }
    static S back(float x) { return narrowed(static_cast<double>(x), static_cast<S*>(nullptr)); }
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
        for (int l = 0; l < width; ++l) result[l] = one(reinterpret_cast<const S*>(from)[l]);
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
        for (int l = 0; l < width; ++l) reinterpret_cast<S*>(to)[l] = back(x[l]);
    }
};

// A vector of a row from place i on, with a filler past its end.
template <class S>
[[gnu::always_inline]] inline vector take(const char* from, std::ptrdiff_t step, std::ptrdiff_t i, std::ptrdiff_t n,
                                          float filler) {
    if (step == sizeof(S) && i + width <= n) return stored<S>::load(from + i * step);
    vector result = vector{} + filler;
    for (std::ptrdiff_t l = 0; l < width && i + l < n; ++l) {
        S x;
        std::memcpy(&x, from + (i + l) * step, sizeof x);
        result[l] = stored<S>::one(x);
    }
    return result;
}
template <class S>
[[gnu::always_inline]] inline void put(vector y, char* to, std::ptrdiff_t step, std::ptrdiff_t i, std::ptrdiff_t n) {
    if (step == sizeof(S) && i + width <= n) return stored<S>::store(y, to + i * step);
    for (std::ptrdiff_t l = 0; l < width && i + l < n; ++l) {
        const S x = stored<S>::back(y[l]);
        std::memcpy(to + (i + l) * step, &x, sizeof x);
    }
}

// The largest of a row, or a NaN of it.
template <class S> inline float maximum_of(const row_pointers& row) {
    vector best = vector{} - vectors::infinity;
    integers unknown = {};
    for (std::ptrdiff_t i = 0; i < row.n; i += width) {
        const vector x = take<S>(row.x, row.x_step, i, row.n, -vectors::infinity);
        best = x > best ? x : best;
        unknown |= x != x;
    }
    float result = -vectors::infinity;
    for (std::ptrdiff_t l = 0; l < width; ++l) {
        if (unknown[l] != 0) return __builtin_nanf("");
        result = best[l] > result ? best[l] : result;
    }
    return result;
}

// x less a finite maximum.
struct distance {
    vector high, low;
    [[gnu::always_inline]] distance(vector x, float maximum) {
        high = x - maximum;
        const vector back = high - x;
        low = (x - (high - back)) - (maximum + back);
    }
};

// e^(x - maximum), zero from -120 on.
struct share {
    vectors::row high = vectors::row(piecewise::tables::powers[0]), low = vectors::row(piecewise::tables::powers[1]);
    [[gnu::always_inline]] vector operator()(const distance& from) const {
        const vector d = at_least(from.high, -120.0f), d_low = from.high > -120.0f ? from.low : vector{};
        // d = (32 i + j) log(2) / 32 + r
        const vector shifted = fused(d, vector{} + 0x1.715476p+5f, vector{} + 0x1.8p+23f), k = shifted - 0x1.8p+23f;
        const vector near = fused(-k, vector{} + 0x1.62e430p-6f, d);
        const vector r = near + fused(k, vector{} + 0x1.05c610p-34f, d_low);
        const integers bits = reinterpret_cast<integers>(shifted);
        const vector tail = fused(r * r, fused(r, vector{} + 0x1.555556p-3f, vector{} + 0.5f), r), top = high[bits];
        const vector mantissa = top + fused(top, tail, low[bits]);
        // 2^(i + 64), and then 2^-64: only the last product may be subnormal.
        const vector power = reinterpret_cast<vector>(((bits >> 5) + (127 + 64)) << 23);
        return mantissa * power * 0x1p-64f;
    }
};

// Sums in double, a lane for each place in a group of 16, whatever the vectors' width.
class sum_of_lanes {
    static constexpr std::ptrdiff_t group = 16;
    alignas(64) double lane[group] = {};

  public:
    [[gnu::always_inline]] void add(vector terms, std::ptrdiff_t i) {
        double* const to = lane + i % group;
        for (std::ptrdiff_t l = 0; l < width; ++l) to[l] += static_cast<double>(terms[l]);
    }
    double total() {
        for (std::ptrdiff_t half = group / 2; half > 0; half /= 2)
            for (std::ptrdiff_t l = 0; l < half; ++l) lane[l] += lane[l + half];
        return lane[0];
    }
};

template <class S> constexpr bool kept_in_output = sizeof(S) == sizeof(float);

struct softmax {
    template <class S> static void apply(const row_pointers& row) {
        const float maximum = maximum_of<S>(row);
        if (!(__builtin_fabsf(maximum) < vectors::infinity)) return ::softmax::apply<S, S>(row);
        const share exponential;
        sum_of_lanes sum;
        for (std::ptrdiff_t i = 0; i < row.n; i += width) {
            const vector x = take<S>(row.x, row.x_step, i, row.n, -vectors::infinity);
            const vector e = exponential(distance(x, maximum));
            if constexpr (kept_in_output<S>) put<S>(e, row.y, row.y_step, i, row.n);
            sum.add(e, i);
        }
        const double inverse = 1.0 / sum.total();
        const float high = static_cast<float>(inverse), low = static_cast<float>(inverse - static_cast<double>(high));
        for (std::ptrdiff_t i = 0; i < row.n; i += width) {
            const vector e = kept_in_output<S>
                                 ? take<S>(row.y, row.y_step, i, row.n, 0.0f)
                                 : exponential(distance(take<S>(row.x, row.x_step, i, row.n, 0.0f), maximum));
            put<S>(fused(e, vector{} + high, e * low), row.y, row.y_step, i, row.n);
        }
    }
};

struct log_softmax {
    template <class S> static void apply(const row_pointers& row) {
        const float maximum = maximum_of<S>(row);
        if (!(__builtin_fabsf(maximum) < vectors::infinity)) return ::log_softmax::apply<S, S>(row);
        const share exponential;
        sum_of_lanes sum;
        integers largest = {};
        for (std::ptrdiff_t i = 0; i < row.n; i += width) {
            const vector x = take<S>(row.x, row.x_step, i, row.n, -vectors::infinity);
            const integers at_top = x == maximum;
            largest -= at_top;
            const vector e = exponential(distance(x, maximum));
            sum.add(at_top ? vector{} : e, i);
        }
        double count = -1.0;
        for (std::ptrdiff_t l = 0; l < width; ++l) count += largest[l];
        const double logarithm = doubles<false>::log1p_pair(sum.total() + count);
        const float high = static_cast<float>(logarithm);
        const float low = static_cast<float>(logarithm - static_cast<double>(high));
        for (std::ptrdiff_t i = 0; i < row.n; i += width) {
            const distance d(take<S>(row.x, row.x_step, i, row.n, 0.0f), maximum);
            const vector y = d.high - high, rest = d.low - low;
            // Past the largest number nothing is lost that counts, and infinity has no rest.
            put<S>(y > -0x1p+127f ? y + rest : y, row.y, row.y_step, i, row.n);
        }
    }
};

constexpr std::ptrdiff_t group = 16;
using row_block = float[block];
using wide_block = double[block];
constexpr std::ptrdiff_t kept = 4 * block;
using in_full = doubles<false>;

inline std::ptrdiff_t whole_groups(std::ptrdiff_t count) { return (count + group - 1) / group * group; }

// function(i) for i < count, a whole number of groups; four groups side by side.
template <class F> inline void each(std::ptrdiff_t count, F function) {
    std::ptrdiff_t start = 0;
    for (; start + 4 * group <= count; start += 4 * group)
#pragma GCC ivdep
        for (std::ptrdiff_t i = start; i < start + group; ++i) {
            function(i);
            function(i + group);
            function(i + 2 * group);
            function(i + 3 * group);
        }
    for (; start < count; start += group)
#pragma GCC ivdep
        for (std::ptrdiff_t i = start; i < start + group; ++i) function(i);
}

template <class S>
inline std::ptrdiff_t fetch(const char* from, std::ptrdiff_t step, std::ptrdiff_t start, std::ptrdiff_t n, float filler,
                            float* to) {
    const std::ptrdiff_t count = n - start < block ? n - start : block, filled = whole_groups(count);
    if constexpr (sizeof(S) == sizeof(float)) {
        load<float>(from + start * step, step, count, to);
    } else {
        for (std::ptrdiff_t i = 0; i < count; i += width) {
            const vector x = take<S>(from, step, start + i, n, filler);
            std::memcpy(to + i, &x, sizeof x);
        }
    }
    for (std::ptrdiff_t i = count; i < filled; ++i) to[i] = filler;
    return filled;
}

// Sums in double, a lane for each place in a group.
struct lanes_of_sum {
    alignas(64) double lane[group] = {};
    template <class T> void add(const T* terms, std::ptrdiff_t count) {
        for (std::ptrdiff_t i = 0; i < count; i += group)
            for (std::ptrdiff_t l = 0; l < group; ++l) lane[l] += static_cast<double>(terms[i + l]);
    }
    double total() const {
        double sum[group];
        for (std::ptrdiff_t l = 0; l < group; ++l) sum[l] = lane[l];
        for (std::ptrdiff_t width = group / 2; width > 0; width /= 2)
            for (std::ptrdiff_t l = 0; l < width; ++l) sum[l] += sum[l + width];
        return sum[0];
    }
};

inline double share_in_full(float x, float maximum) {
    const double rough = static_cast<double>(x) - static_cast<double>(maximum);
    return in_full::exp(x == maximum ? 0.0 : rough) * (rough < -700.0 ? 0.0 : 1.0);
}

// What both products need: the exponentials, of which the first are kept, their sum, and sums with g.
struct products {
    double total, g, weighted;
    template <class S> static products of(const row_pointers& row, float maximum, double origin, double* first_blocks) {
        alignas(64) row_block x, g;
        alignas(64) wide_block more, terms;
        lanes_of_sum sum, g_sum, weighted;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            double* const e = start < kept ? first_blocks + start : more;
            const std::ptrdiff_t filled = fetch<S>(row.x, row.x_step, start, row.n, 0.0f, x);
            fetch<S>(row.g, row.g_step, start, row.n, 0.0f, g);
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            each(filled, [&](std::ptrdiff_t i) { e[i] = share_in_full(x[i], maximum); });
            for (std::ptrdiff_t i = count; i < filled; ++i) e[i] = 0.0;
            each(filled, [&](std::ptrdiff_t i) { terms[i] = e[i] * (static_cast<double>(g[i]) - origin); });
            for (std::ptrdiff_t i = count; i < filled; ++i) terms[i] = 0.0;
            sum.add(e, filled);
            weighted.add(terms, filled);
            g_sum.add(g, filled);
        }
        return {sum.total(), g_sum.total(), weighted.total()};
    }
    // Write function(e, g) for every entry.
    template <class S, class F>
    static void write(const row_pointers& row, float maximum, const double* first_blocks, F function) {
        alignas(64) row_block x, g, y;
        alignas(64) wide_block more;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            const std::ptrdiff_t filled = fetch<S>(row.g, row.g_step, start, row.n, 0.0f, g);
            const double* e = first_blocks + start;
            if (start >= kept) {
                fetch<S>(row.x, row.x_step, start, row.n, 0.0f, x);
                each(filled, [&](std::ptrdiff_t i) { more[i] = share_in_full(x[i], maximum); });
                e = more;
            }
            each(filled, [&](std::ptrdiff_t i) {
                y[i] = single::one_nan(static_cast<float>(function(e[i], static_cast<double>(g[i]))));
            });
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            if constexpr (sizeof(S) == sizeof(float)) {
                store<float>(y, count, row.y + start * row.y_step, row.y_step);
            } else {
                for (std::ptrdiff_t i = 0; i < count; i += width) {
                    vector part;
                    std::memcpy(&part, y + i, sizeof part);
                    put<S>(part, row.y, row.y_step, start + i, row.n);
                }
            }
        }
    }
};

struct softmax_vjp {
    template <class S> static void apply(const row_pointers& row) {
        const float maximum = maximum_of<S>(row);
        // A constant added to g changes nothing; this one leaves nothing to cancel where one entry is almost
        // everything.
        const double origin = cotangent_at_top<S, S>(row, maximum);
        alignas(64) double first_blocks[kept];
        const products found = products::of<S>(row, maximum, origin, first_blocks);
        const double inverse = 1.0 / found.total, mean = found.weighted * inverse;
        products::write<S>(row, maximum, first_blocks,
                           [&](double e, double g) { return e * inverse * ((g - origin) - mean); });
    }
};

struct log_softmax_vjp {
    template <class S> static void apply(const row_pointers& row) {
        const float maximum = maximum_of<S>(row);
        alignas(64) double first_blocks[kept];
        const products found = products::of<S>(row, maximum, 0.0, first_blocks);
        const double factor = found.g / found.total;
        products::write<S>(row, maximum, first_blocks, [&](double e, double g) { return g - e * factor; });
    }
};

} // namespace float_rows
} // namespace
#endif
