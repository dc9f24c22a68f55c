// softmax, log_softmax and their vector-Jacobian products over float32 rows, on processors with FMA: exponentials in
// float with a split argument, kept in the output between the passes, and products in double. Within 2 ULP.
#pragma once

#include "rows.hpp"
#include "tuned.hpp"

#ifdef ACTFN_FMA
namespace {
namespace float_rows {

constexpr std::ptrdiff_t group = 16;
using row_block = float[block];
using wide_block = double[block];
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

inline std::ptrdiff_t fetch(const char* from, std::ptrdiff_t step, std::ptrdiff_t start, std::ptrdiff_t n, float filler,
                            float* to) {
    const std::ptrdiff_t count = n - start < block ? n - start : block, filled = whole_groups(count);
    load<float>(from + start * step, step, count, to);
    for (std::ptrdiff_t i = count; i < filled; ++i) to[i] = filler;
    return filled;
}

inline float maximum_of(const row_pointers& row) {
    alignas(64) row_block x;
    float best[group];
    for (std::ptrdiff_t l = 0; l < group; ++l) best[l] = -__builtin_inff();
    for (std::ptrdiff_t start = 0; start < row.n; start += block) {
        const std::ptrdiff_t filled = fetch(row.x, row.x_step, start, row.n, -__builtin_inff(), x);
        for (std::ptrdiff_t i = 0; i < filled; i += group)
            for (std::ptrdiff_t l = 0; l < group; ++l)
                best[l] = (x[i + l] > best[l]) | (x[i + l] != x[i + l]) ? x[i + l] : best[l];
    }
    float result = best[0];
    for (std::ptrdiff_t l = 1; l < group; ++l) result = (best[l] > result) | (best[l] != best[l]) ? best[l] : result;
    return result;
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

// e^(x - maximum), equal infinities being equal.
inline float share(float x, float maximum) {
    const float rough = x - maximum, back = rough - x;
    const bool at_top = x == maximum, far = rough < -120.0f;
    const float d = at_top ? 0.0f : (far ? -120.0f : rough);
    const float low = at_top | far ? 0.0f : (x - (rough - back)) - (maximum + back);
    const tuned::exponential e(d, low);
    return e.high * e.power * tuned::unlift;
}
inline double share_in_full(float x, float maximum) {
    const double rough = static_cast<double>(x) - static_cast<double>(maximum);
    return in_full::exp(x == maximum ? 0.0 : rough) * (rough < -700.0 ? 0.0 : 1.0);
}

struct softmax {
    static void apply(const row_pointers& row) {
        const float maximum = maximum_of(row);
        alignas(64) row_block x, e;
        lanes_of_sum sum;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            const std::ptrdiff_t filled = fetch(row.x, row.x_step, start, row.n, 0.0f, x);
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            each(filled, [&](std::ptrdiff_t i) { e[i] = share(x[i], maximum); });
            for (std::ptrdiff_t i = count; i < filled; ++i) e[i] = 0.0f;
            sum.add(e, filled);
            if (row.n > block) store<float>(e, count, row.y + start * row.y_step, row.y_step);
        }
        const double inverse = 1.0 / sum.total();
        const float high = static_cast<float>(inverse), low = static_cast<float>(inverse - static_cast<double>(high));
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            if (row.n > block) fetch(row.y + start * row.y_step, row.y_step, 0, count, 0.0f, e);
            each(whole_groups(count),
                 [&](std::ptrdiff_t i) { x[i] = single::one_nan(tuned::fused(e[i], high, e[i] * low)); });
            store<float>(x, count, row.y + start * row.y_step, row.y_step);
        }
    }
};

struct log_softmax {
    static void apply(const row_pointers& row) {
        const float maximum = maximum_of(row);
        alignas(64) row_block x, e;
        lanes_of_sum sum;
        std::int64_t largest = 0;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            const std::ptrdiff_t filled = fetch(row.x, row.x_step, start, row.n, 0.0f, x);
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            for (std::ptrdiff_t i = 0; i < count; ++i) largest += x[i] == maximum;
            each(filled, [&](std::ptrdiff_t i) { e[i] = x[i] == maximum ? 0.0f : share(x[i], maximum); });
            for (std::ptrdiff_t i = count; i < filled; ++i) e[i] = 0.0f;
            sum.add(e, filled);
        }
        const double logarithm = in_full::log1p_pair(sum.total() + static_cast<double>(largest - 1));
        const double top = maximum;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            const std::ptrdiff_t filled = fetch(row.x, row.x_step, start, row.n, 0.0f, x);
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            each(filled, [&](std::ptrdiff_t i) {
                const double d = x[i] == maximum ? 0.0 : static_cast<double>(x[i]) - top;
                e[i] = single::one_nan(static_cast<float>(d - logarithm));
            });
            store<float>(e, count, row.y + start * row.y_step, row.y_step);
        }
    }
};

// What both products need: the sum of the exponentials, and sums with g.
struct products {
    double total, g, weighted;
    static products of(const row_pointers& row, float maximum, double origin, double* first_block) {
        alignas(64) row_block x, g;
        alignas(64) wide_block more, terms;
        lanes_of_sum sum, g_sum, weighted;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            double* const e = start == 0 ? first_block : more;
            const std::ptrdiff_t filled = fetch(row.x, row.x_step, start, row.n, 0.0f, x);
            fetch(row.g, row.g_step, start, row.n, 0.0f, g);
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
    template <class F>
    static void write(const row_pointers& row, float maximum, const double* first_block, F function) {
        alignas(64) row_block x, g, y;
        alignas(64) wide_block more;
        for (std::ptrdiff_t start = 0; start < row.n; start += block) {
            const std::ptrdiff_t filled = fetch(row.g, row.g_step, start, row.n, 0.0f, g);
            const double* e = first_block;
            if (start > 0) {
                fetch(row.x, row.x_step, start, row.n, 0.0f, x);
                each(filled, [&](std::ptrdiff_t i) { more[i] = share_in_full(x[i], maximum); });
                e = more;
            }
            each(filled, [&](std::ptrdiff_t i) {
                y[i] = single::one_nan(static_cast<float>(function(e[i], static_cast<double>(g[i]))));
            });
            const std::ptrdiff_t count = row.n - start < block ? row.n - start : block;
            store<float>(y, count, row.y + start * row.y_step, row.y_step);
        }
    }
};

struct softmax_vjp {
    static void apply(const row_pointers& row) {
        const float maximum = maximum_of(row);
        // A constant added to g changes nothing; this one leaves nothing to cancel where one entry is almost
        // everything.
        const double origin = cotangent_at_top<float, float>(row, maximum);
        alignas(64) wide_block first_block;
        const products found = products::of(row, maximum, origin, first_block);
        const double inverse = 1.0 / found.total, mean = found.weighted * inverse;
        products::write(row, maximum, first_block,
                        [&](double e, double g) { return e * inverse * ((g - origin) - mean); });
    }
};

struct log_softmax_vjp {
    static void apply(const row_pointers& row) {
        const float maximum = maximum_of(row);
        alignas(64) wide_block first_block;
        const products found = products::of(row, maximum, 0.0, first_block);
        const double factor = found.g / found.total;
        products::write(row, maximum, first_block, [&](double e, double g) { return g - e * factor; });
    }
};

} // namespace float_rows
} // namespace
#endif
