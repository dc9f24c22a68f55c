// softmax, log_softmax and their vector-Jacobian products over rows of float32 and narrower, on processors with FMA:
// in double, sixteen entries at a time, with exponentials kept between the passes. Within 2 ULP.
#pragma once

#include "row_floats.hpp"

#ifdef ACTFN_FMA
namespace {
namespace float_rows {

using vectors::bits_of_half;
using vectors::doubles_of_half;
using vectors::fused;
using vectors::infinity;
using vectors::mask;
constexpr std::ptrdiff_t group = 16;
constexpr int parts = group / width, halves = 2 * parts;

// Which of sixteen numbers there are: all, or the first.
struct whole {
    [[gnu::always_inline]] vector load(const float* from, int p, float) const {
        return *reinterpret_cast<const unaligned*>(from + p * width);
    }
    [[gnu::always_inline]] void store(vector y, float* to, int p) const {
        *reinterpret_cast<unaligned*>(to + p * width) = y;
    }
};
struct beginning {
    int count;
#if defined(__AVX512F__)
    [[gnu::always_inline]] mask some() const { return static_cast<mask>((1u << count) - 1); }
#elif defined(__AVX2__)
    [[gnu::always_inline]] __m256i some(int p) const {
        return (__m256i)(vectors::places<integers>() + p * static_cast<int>(width) < count);
    }
#endif
    [[gnu::always_inline]] vector load(const float* from, int p, float filler) const {
#if defined(__AVX512F__)
        return _mm512_mask_loadu_ps(vector{} + filler, some(), from + p * width);
#elif defined(__AVX2__)
        return _mm256_blendv_ps(vector{} + filler, _mm256_maskload_ps(from + p * width, some(p)), (__m256)some(p));
#else
        vector result;
        for (int l = 0; l < width; ++l) result[l] = p * width + l < count ? from[p * width + l] : filler;
        return result;
#endif
    }
    [[gnu::always_inline]] void store(vector y, float* to, int p) const {
#if defined(__AVX512F__)
        _mm512_mask_storeu_ps(to + p * width, some(), y);
#elif defined(__AVX2__)
        _mm256_maskstore_ps(to + p * width, some(p), y);
#else
        for (int l = 0; l < width && p * width + l < count; ++l) to[p * width + l] = y[l];
#endif
    }
};
// function(i, extent) for every sixteen of `count` numbers.
template <class F> [[gnu::always_inline]] inline void each_group(std::ptrdiff_t count, F function) {
    std::ptrdiff_t i = 0;
    for (; i + group <= count; i += group) function(i, whole{});
    if (i < count) function(i, beginning{static_cast<int>(count - i)});
}

// Sixteen doubles: a sum has a lane for each, whatever the width of a register.
struct sixteen {
    doubles_of_half part[halves];
    template <class F> [[gnu::always_inline]] static sixteen of(F function) {
        sixteen result;
        for (int p = 0; p < halves; ++p) result.part[p] = function(p);
        return result;
    }
    template <class E> [[gnu::always_inline]] static sixteen loaded(const float* from, E extent, float filler) {
        sixteen result;
        for (int p = 0; p < parts; ++p) {
            const vector x = extent.load(from, p, filler);
            result.part[2 * p] = vectors::lower(x), result.part[2 * p + 1] = vectors::upper(x);
        }
        return result;
    }
    template <class E> [[gnu::always_inline]] void store(float* to, E extent) const {
        for (int p = 0; p < parts; ++p) extent.store(vectors::floats(part[2 * p], part[2 * p + 1]), to, p);
    }
    [[gnu::always_inline]] void add(const sixteen& terms) {
        for (int p = 0; p < halves; ++p) part[p] += terms.part[p];
    }
    // Lane l and lane l + 8, then l and l + 4, and so on.
    [[gnu::always_inline]] double total() const {
        doubles_of_half sum = part[0] + part[halves / 2];
        if (halves == 4) sum += part[1] + part[3];
        const bits_of_half place = vectors::places<bits_of_half>();
        for (int half = width / 4; half > 0; half /= 2) sum += __builtin_shuffle(sum, place ^ half);
        return sum[0];
    }
};

// The largest of a row but for NaN, and the cotangent of one that is as large.
struct largest {
    float x, g;
    bool finite() const { return __builtin_fabsf(x) < infinity; }
};
template <bool with_g> [[gnu::always_inline]] inline largest largest_of(const row_of_floats& row) {
    struct candidates {
        vector x = vector{} - infinity, g = {};
        [[gnu::always_inline]] void see(vector other_x, vector other_g) {
            g = other_x > x ? other_g : g;
            x = other_x > x ? other_x : x;
        }
    } best[parts];
    float x_copy[reach], g_copy[reach];
    row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
        const float* const x = row.x.part(start, count, x_copy);
        const float* const g = with_g ? row.g.part(start, count, g_copy) : nullptr;
        each_group(count, [&](std::ptrdiff_t i, auto extent) {
            for (int p = 0; p < parts; ++p)
                best[p].see(extent.load(x + i, p, -infinity), with_g ? extent.load(g + i, p, 0.0f) : vector{});
        });
    });
    if (parts == 2) best[0].see(best[1].x, best[1].g);
    const integers place = vectors::places<integers>();
    for (int half = width / 2; half > 0; half /= 2)
        best[0].see(__builtin_shuffle(best[0].x, place ^ half), __builtin_shuffle(best[0].g, place ^ half));
    return {best[0].x[0], best[0].g[0]};
}

// e^d for d <= 0, and zero below -700: relative error 2^-37, or 2^-51 for products, where what a difference magnifies
// needs all digits.
template <bool of_product> [[gnu::always_inline]] inline doubles_of_half share(doubles_of_half d) {
    constexpr doubles_of_half zero = {};
    const doubles_of_half shifted = fused(d, zero + log2_e, zero + shifter);
    const doubles_of_half r = fused(-(shifted - shifter), zero + (ln2_high + ln2_middle), d), square = r * r;
    // Even powers and odd powers, so that half as many operations wait for each other (tools/coefficients.py).
    const auto polynomial = [&](auto first, auto... others) {
        doubles_of_half y = zero + first;
        ((y = fused(y, square, zero + others)), ...);
        return y;
    };
    doubles_of_half even, odd;
    if constexpr (of_product) {
        even = polynomial(0x1.28917c89a43a7p-22, 0x1.a019b9149a41cp-16, 0x1.6c16c17889ef1p-10, 0x1.5555555553d68p-5,
                          0x1.0000000000001p-1, 1.0);
        odd = polynomial(0x1.af389ecfc4b9cp-26, 0x1.71de0db2f6b19p-19, 0x1.a01a01a7c2efep-13, 0x1.11111111109b5p-7,
                         0x1.5555555555556p-3, 1.0);
    } else {
        even =
            polynomial(0x1.a1131351400c3p-16, 0x1.6c1685919d367p-10, 0x1.5555555c85f99p-5, 0x1.0000000000000p-1, 1.0);
        odd = polynomial(0x1.a15169e096556p-13, 0x1.1110c63a4eed0p-7, 0x1.5555556750672p-3, 1.0);
    }
    const bits_of_half bits = reinterpret_cast<bits_of_half>(fused(odd, r, even));
    const bits_of_half scaled = bits + (reinterpret_cast<bits_of_half>(shifted) << 52);
    return d < -700.0 ? zero : reinterpret_cast<doubles_of_half>(scaled);
}

// The exponentials of a row less its largest: those of the first part are kept, the others computed again.
template <bool of_product> class shares {
    const row_of_floats& row;
    const double maximum;
    doubles_of_half kept[reach / (width / 2)];

    template <class E> [[gnu::always_inline]] sixteen computed(const float* x_from, E extent) const {
        const sixteen x = sixteen::loaded(x_from, extent, -infinity);
        return sixteen::of([&](int p) { return share<of_product>(x.part[p] - maximum); });
    }

  public:
    [[gnu::always_inline]] shares(const row_of_floats& row, float maximum) : row(row), maximum(maximum) {}

    // function(exponentials, g) for every sixteen.
    template <class F> [[gnu::always_inline]] void each(F function) {
        float x_copy[reach], g_copy[reach];
        row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
            const float* const x = row.x.part(start, count, x_copy);
            const float* const g = of_product ? row.g.part(start, count, g_copy) : nullptr;
            each_group(count, [&](std::ptrdiff_t i, auto extent) {
                const sixteen e = computed(x + i, extent);
                if (start == 0)
                    for (int p = 0; p < halves; ++p) kept[i / (width / 2) + p] = e.part[p];
                function(e, of_product ? sixteen::loaded(g + i, extent, 0.0f) : sixteen{});
            });
        });
    }
    // Write function(exponentials, g).
    template <class F> [[gnu::always_inline]] void write(F function) const {
        float x_copy[reach], g_copy[reach], y_copy[reach];
        row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
            const float* const x = start > 0 ? row.x.part(start, count, x_copy) : nullptr;
            const float* const g = of_product ? row.g.part(start, count, g_copy) : nullptr;
            float* const y = row.y.part(start, y_copy);
            each_group(count, [&](std::ptrdiff_t i, auto extent) {
                sixteen e;
                if (start == 0)
                    for (int p = 0; p < halves; ++p) e.part[p] = kept[i / (width / 2) + p];
                else
                    e = computed(x + i, extent);
                const sixteen given = of_product ? sixteen::loaded(g + i, extent, 0.0f) : sixteen{};
                sixteen::of([&](int p) { return function(e.part[p], given.part[p]); }).store(y + i, extent);
            });
            row.y.written(start, count, y);
        });
    }
};

[[gnu::always_inline]] inline doubles_of_half one_nan(doubles_of_half x) {
    return x == x ? x : doubles_of_half{} + __builtin_nan("");
}

// Write function(share, g, mean of g, sum of g) for a row that has no finite largest entry or has a NaN: entries that
// are as large share the whole.
template <bool with_g, class F>
[[gnu::noinline]] void write_limit(const row_of_floats& row, const largest& top, F function) {
    float x_copy[reach], g_copy[reach], y_copy[reach];
    double count = 0.0, g_sum = 0.0, above = 0.0;
    row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t n) {
        const float* const x = row.x.part(start, n, x_copy);
        const float* const g = with_g ? row.g.part(start, n, g_copy) : nullptr;
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            const bool at_top = x[i] == top.x;
            count += x[i] == x[i] ? at_top : __builtin_nan("");
            if (with_g) g_sum += g[i], above += at_top ? static_cast<double>(g[i]) - top.g : 0.0;
        }
    });
    row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t n) {
        const float* const x = row.x.part(start, n, x_copy);
        const float* const g = with_g ? row.g.part(start, n, g_copy) : nullptr;
        float* const y = row.y.part(start, y_copy);
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            const double share = (x[i] == top.x ? 1.0 : 0.0) / count;
            y[i] = single::one_nan(static_cast<float>(function(share, with_g ? g[i] : 0.0, above / count, g_sum)));
        }
        row.y.written(start, n, y);
    });
}

struct softmax {
    [[gnu::noinline]] static void apply(const row_of_floats& row) {
        const largest top = largest_of<false>(row);
        shares<false> all(row, top.x);
        sixteen sum = {};
        if (top.finite()) all.each([&](const sixteen& e, const sixteen&) { sum.add(e); });
        const double inverse = 1.0 / sum.total();
        if (!(inverse < infinity)) return write_limit<false>(row, top, [](double share, auto...) { return share; });
        all.write([&](auto e, auto) { return e * inverse; });
    }
};

// The sum of the exponentials: of all, or without those of the largest entries.
template <bool without_top> [[gnu::noinline]] double sum_of_shares(const row_of_floats& row, double top) {
    float x_copy[reach];
    sixteen sum = {};
    row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
        const float* const x = row.x.part(start, count, x_copy);
        each_group(count, [&](std::ptrdiff_t i, auto extent) {
            const sixteen given = sixteen::loaded(x + i, extent, -infinity);
            sum.add(sixteen::of([&](int p) {
                const doubles_of_half d = given.part[p] - top, e = share<false>(d);
                return without_top ? (d < 0.0 ? e : doubles_of_half{}) : e;
            }));
        });
    });
    return sum.total();
}
// Its logarithm, with NaN for an infinite largest entry.
inline double logarithm_of_sum(const row_of_floats& row, const largest& top) {
    const double rest = top.finite() ? sum_of_shares<false>(row, top.x) - 1.0 : __builtin_nan("");
    // Of so little, the one beside it has taken digits that count.
    return doubles<false>::log1p_pair(rest < 0x1p-20 ? sum_of_shares<true>(row, top.x) : rest);
}

struct log_softmax {
    [[gnu::noinline]] static void apply(const row_of_floats& row) {
        const largest top = largest_of<false>(row);
        const double maximum = top.x, logarithm = logarithm_of_sum(row, top);
        if (logarithm != logarithm)
            return write_limit<false>(row, top, [](double share, auto...) { return doubles<false>::log(share); });
        float x_copy[reach], y_copy[reach];
        row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
            const float* const x = row.x.part(start, count, x_copy);
            float* const y = row.y.part(start, y_copy);
            each_group(count, [&](std::ptrdiff_t i, auto extent) {
                const sixteen given = sixteen::loaded(x + i, extent, 0.0f);
                sixteen::of([&](int p) { return (given.part[p] - maximum) - logarithm; }).store(y + i, extent);
            });
            row.y.written(start, count, y);
        });
    }
};

struct softmax_vjp {
    [[gnu::noinline]] static void apply(const row_of_floats& row) {
        const largest top = largest_of<true>(row);
        // A constant added to g changes nothing; this one leaves nothing to cancel where one entry is almost
        // everything.
        const double origin = top.g;
        shares<true> all(row, top.x);
        sixteen sum = {}, weighted = {};
        if (top.finite())
            all.each([&](const sixteen& e, const sixteen& g) {
                sum.add(e);
                weighted = sixteen::of([&](int p) { return fused(e.part[p], g.part[p] - origin, weighted.part[p]); });
            });
        const double inverse = 1.0 / sum.total(), mean = weighted.total() * inverse;
        if (!(inverse < infinity))
            return write_limit<true>(row, top, [&](double share, double g, double mean_of_tops, double) {
                return share * ((g - origin) - mean_of_tops);
            });
        all.write([&](auto e, auto g) { return one_nan(e * inverse * ((g - origin) - mean)); });
    }
};

struct log_softmax_vjp {
    [[gnu::noinline]] static void apply(const row_of_floats& row) {
        const largest top = largest_of<false>(row);
        shares<true> all(row, top.x);
        sixteen sum = {}, g_sum = {};
        if (top.finite())
            all.each([&](const sixteen& e, const sixteen& g) {
                sum.add(e);
                g_sum.add(g);
            });
        const double total = sum.total(), factor = g_sum.total() / total;
        if (!(total > 0.0))
            return write_limit<true>(
                row, top, [](double share, double g, double, double g_total) { return g - share * g_total; });
        all.write([&](auto e, auto g) { return one_nan(g - e * factor); });
    }
};

// To one number.
struct logsumexp {
    // For a row whose largest entry cancels almost all of the logarithm.
    [[gnu::noinline]] static double precisely(const row_of_floats& row, double maximum) {
        using M = precise;
        float x_copy[reach];
        pair_of_doubles sum = {0.0, 0.0};
        row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
            const float* const x = row.x.part(start, count, x_copy);
            for (std::ptrdiff_t i = 0; i < count; ++i) sum = M::add(sum, M::exp_precise(below<M>(x[i], maximum), 0.0));
        });
        const pair_of_doubles logarithm = M::log_pair(sum);
        // A step of Newton's method, with ten more digits.
        const pair_of_doubles rest = M::add(M::multiply(M::exp_precise(M::negative(logarithm), 0.0), sum), -1.0);
        return M::round(M::add(M::add(logarithm, rest), maximum));
    }
    [[gnu::noinline]] static void apply(const row_of_floats& row) {
        const largest top = largest_of<false>(row);
        const double maximum = top.x, logarithm = logarithm_of_sum(row, top);
        double y = maximum + logarithm;
        // What cancels has been rounded before.
        if (__builtin_fabs(y) < 0x1p-10 * logarithm) y = precisely(row, maximum);
        if (logarithm != logarithm) {
            bool unknown = false;
            float x_copy[reach];
            row.each_part([&](std::ptrdiff_t start, std::ptrdiff_t count) {
                const float* const x = row.x.part(start, count, x_copy);
                for (std::ptrdiff_t i = 0; i < count; ++i) unknown |= x[i] != x[i];
            });
            y = unknown ? __builtin_nan("") : maximum;
        }
        float copy;
        *row.y.part(0, &copy) = static_cast<float>(y);
        row.y.written(0, 1, &copy);
    }
};

// From one number to a row.
struct logsumexp_vjp {
    [[gnu::noinline]] static void apply(const row_of_floats& row) {
        float copy;
        const double g = *row.g.part(0, 1, &copy);
        const largest top = largest_of<false>(row);
        shares<false> all(row, top.x);
        sixteen sum = {};
        if (top.finite()) all.each([&](const sixteen& e, const sixteen&) { sum.add(e); });
        const double total = sum.total(), factor = g / total;
        if (!(total > 0.0)) return write_limit<false>(row, top, [=](double share, auto...) { return share * g; });
        all.write([&](auto e, auto) { return one_nan(e * factor); });
    }
};

// NumPy's loop takes functions of its own rows.
template <class F, class S> inline void apply(const row_pointers& row) { F::apply(row_of_floats::of<S>(row)); }

// NumPy's inner loop for a function to one number, or from one to a row: that number has no step of its own.
template <class F, class S, bool from_number>
void each_row_and_number(char** arguments, const std::ptrdiff_t* dimensions, const std::ptrdiff_t* steps, void*) {
    const quiet_arithmetic guard;
    constexpr int output = from_number ? 2 : 1;
    const std::ptrdiff_t *const core = steps + output + 1, y_step = from_number ? core[1] : sizeof(S);
    for (std::ptrdiff_t r = 0; r < dimensions[0]; ++r)
        apply<F, S>({arguments[0] + r * steps[0], arguments[1] + r * steps[1], arguments[output] + r * steps[output],
                     core[0], sizeof(S), y_step, dimensions[1]});
}

} // namespace float_rows
} // namespace
#endif
