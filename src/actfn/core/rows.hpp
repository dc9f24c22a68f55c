// softmax, log_softmax and their vector-Jacobian products, row by row: a row is read a block at a time, as doubles,
// whatever its stride and stored type; nothing is allocated. Equal infinities count as equal numbers: a row of only
// -inf gives 1/n.
#pragma once

#include "drive.hpp"

namespace {

constexpr std::ptrdiff_t lanes = 16;

struct row_pointers {
    const char* x;
    const char* g;
    char* y;
    std::ptrdiff_t x_step, g_step, y_step, n;
};

// A block of a row in a buffer, filled up to whole lanes.
template <class S>
inline std::ptrdiff_t fetch(const char* from, std::ptrdiff_t step, std::ptrdiff_t start, std::ptrdiff_t n,
                            double filler, double* to) {
    const std::ptrdiff_t count = n - start < block ? n - start : block;
    load<S>(from + start * step, step, count, to);
    for (std::ptrdiff_t i = count; i % lanes != 0; ++i) to[i] = filler;
    return count;
}

inline std::ptrdiff_t whole_lanes(std::ptrdiff_t count) { return (count + lanes - 1) / lanes * lanes; }

// The largest of a row; NaN if there is one.
template <class S> inline double row_maximum(const row_pointers& row) {
    constexpr double infinity = __builtin_inf();
    alignas(64) double x[block];
    double best[lanes];
    for (std::ptrdiff_t l = 0; l < lanes; ++l) best[l] = -infinity;
    for (std::ptrdiff_t start = 0; start < row.n; start += block) {
        const std::ptrdiff_t count = whole_lanes(fetch<S>(row.x, row.x_step, start, row.n, -infinity, x));
        for (std::ptrdiff_t i = 0; i < count; i += lanes)
            for (std::ptrdiff_t l = 0; l < lanes; ++l) {
                const double v = x[i + l];
                best[l] = (v > best[l]) | (v != v) ? v : best[l];
            }
    }
    double result = best[0];
    for (std::ptrdiff_t l = 1; l < lanes; ++l) result = (best[l] > result) | (best[l] != best[l]) ? best[l] : result;
    return result;
}

// x - maximum, with equal infinities equal; cut off where exp of it is zero.
template <class M> inline typename M::P below(double x, double maximum) {
    const bool at_top = x == maximum, far = x - maximum < -2000.0;
    const double from = at_top | far ? 0.0 : x, by = at_top | far ? 0.0 : -maximum;
    return M::select(far, M::pair(-2000.0), M::sum(from, by));
}

// The cotangent of the first largest entry.
template <class S, class O> inline double cotangent_at_top(const row_pointers& row, double maximum) {
    alignas(64) double x[block], g[block];
    for (std::ptrdiff_t start = 0; start < row.n; start += block) {
        const std::ptrdiff_t count = fetch<S>(row.x, row.x_step, start, row.n, 0.0, x);
        for (std::ptrdiff_t i = 0; i < count; ++i)
            if (x[i] == maximum) {
                fetch<O>(row.g, row.g_step, start, row.n, 0.0, g);
                return g[i];
            }
    }
    return 0.0;
}

inline double high_part(double x) { return x; }
inline double low_part(double) { return 0.0; }
inline double high_part(pair_of_doubles x) { return x.high; }
inline double low_part(pair_of_doubles x) { return x.low; }
template <class P> inline P joined(double high, double low) {
    if constexpr (sizeof(P) == sizeof(double)) {
        return high;
    } else {
        return {high, low};
    }
}

// A sum of doubles or pairs in lanes that the compiler adds side by side, with what rounding it loses.
class lane_sum {
    alignas(64) double high[lanes] = {};
    alignas(64) double low[lanes] = {};

  public:
    struct terms {
        alignas(64) double high[block];
        alignas(64) double low[block];
        template <class P> void set(std::ptrdiff_t i, P x) {
            high[i] = high_part(x);
            low[i] = low_part(x);
        }
    };
    void add(const double* terms, std::ptrdiff_t count) {
        for (std::ptrdiff_t i = 0; i < count; i += lanes)
            for (std::ptrdiff_t l = 0; l < lanes; ++l) add(l, terms[i + l], 0.0);
    }
    void add(const terms& t, std::ptrdiff_t count) {
        for (std::ptrdiff_t i = 0; i < count; i += lanes)
            for (std::ptrdiff_t l = 0; l < lanes; ++l) add(l, t.high[i + l], t.low[i + l]);
    }
    template <class M> typename M::P total() const {
        pair_of_doubles sum = {high[0], low[0]};
        for (std::ptrdiff_t l = 1; l < lanes; ++l) sum = precise::add(sum, {high[l], low[l]});
        return joined<typename M::P>(sum.high, sum.low);
    }

  private:
    void add(std::ptrdiff_t l, double term, double small) {
        const pair_of_doubles sum = exact_sum(high[l], term);
        high[l] = sum.high;
        low[l] += sum.low + small;
    }
};

// What a pass over a row gathers: how many entries are the largest, and the sum of exp(x - maximum) over the others.
template <class M> struct row_sums {
    using P = typename M::P;
    double largest;
    P rest;
    P total() const { return M::add(rest, largest); }
};

// With `keep`, the exponentials are left in y.
template <class M, class S, bool keep> inline row_sums<M> sums(const row_pointers& row, double maximum) {
    alignas(64) double x[block], terms[block];
    lane_sum rest;
    double largest = 0.0;
    for (std::ptrdiff_t start = 0; start < row.n; start += block) {
        const std::ptrdiff_t count = fetch<S>(row.x, row.x_step, start, row.n, -__builtin_inf(), x);
        const std::ptrdiff_t filled = whole_lanes(count);
        std::int64_t at_top_count = 0;
        for (std::ptrdiff_t i = 0; i < count; ++i) at_top_count += x[i] == maximum;
        largest += static_cast<double>(at_top_count);
        for (std::ptrdiff_t i = 0; i < filled; ++i) {
            const double e = M::exp_rounded(below<M>(x[i], maximum));
            terms[i] = x[i] == maximum ? 0.0 : e;
            x[i] = e;
        }
        if constexpr (keep) store<double>(x, count, row.y + start * row.y_step, row.y_step);
        rest.add(terms, filled);
    }
    return {largest, rest.total<M>()};
}

// The sum of exp(x - maximum) to twice the precision; each(start, count, terms) sees every block of them.
template <class S, class F> inline pair_of_doubles precise_sum(const row_pointers& row, double maximum, F each) {
    alignas(64) double x[block];
    lane_sum::terms terms;
    lane_sum total;
    for (std::ptrdiff_t start = 0; start < row.n; start += block) {
        const std::ptrdiff_t count = fetch<S>(row.x, row.x_step, start, row.n, -__builtin_inf(), x);
        const std::ptrdiff_t filled = whole_lanes(count);
        for (std::ptrdiff_t i = 0; i < filled; ++i)
            terms.set(i, precise::exp_precise(below<precise>(x[i], maximum), 0.0));
        // What fills the last lanes must have no weight, even in a row of only -inf.
        for (std::ptrdiff_t i = count; i < filled; ++i) terms.set(i, 0.0);
        total.add(terms, filled);
        each(start, count, terms);
    }
    return total.total<precise>();
}

// Write a row whose entries are function(x - maximum, x, g).
template <class M, class S, class O, bool with_g, class F>
inline void write(const row_pointers& row, double maximum, F function) {
    alignas(64) double x[block], g[block], y[block];
    for (std::ptrdiff_t start = 0; start < row.n; start += block) {
        const std::ptrdiff_t count = fetch<S>(row.x, row.x_step, start, row.n, 0.0, x);
        if constexpr (with_g) fetch<O>(row.g, row.g_step, start, row.n, 0.0, g);
        for (std::ptrdiff_t i = 0; i < count; ++i)
            y[i] = M::one_nan(function(below<M>(x[i], maximum), x[i], with_g ? g[i] : 0.0));
        store<O>(y, count, row.y + start * row.y_step, row.y_step);
    }
}

// wide for results of float32 and narrower, precise for float64; products with g always precise, since their sums
// cancel.
template <class S> struct row_precision {
    using type = wide;
};
template <> struct row_precision<double> {
    using type = precise;
};

// S is the stored type of x, O that of g and of the result.
struct softmax {
    static constexpr bool with_g = false;
    template <class S, class O> static void apply(const row_pointers& row) {
        using M = typename row_precision<O>::type;
        const double maximum = row_maximum<S>(row);
        if constexpr (sizeof(O) == sizeof(double)) {
            const double total = M::round(sums<M, S, true>(row, maximum).total());
            alignas(64) double y[block];
            for (std::ptrdiff_t start = 0; start < row.n; start += block) {
                const std::ptrdiff_t count = fetch<double>(row.y, row.y_step, start, row.n, 0.0, y);
                for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = M::one_nan(y[i] / total);
                store<double>(y, count, row.y + start * row.y_step, row.y_step);
            }
        } else {
            const auto total = sums<M, S, false>(row, maximum).total();
            write<M, S, O, false>(row, maximum, [&](auto d, double, double) { return M::exp_pair(d, 0.0) / total; });
        }
    }
};

struct log_softmax {
    static constexpr bool with_g = false;
    template <class S, class O> static void apply(const row_pointers& row) {
        using M = typename row_precision<O>::type;
        const double maximum = row_maximum<S>(row);
        const auto found = sums<M, S, false>(row, maximum);
        const auto logarithm = M::log1p_pair(M::add(found.rest, found.largest - 1.0));
        write<M, S, O, false>(row, maximum, [&](auto, double x, double) {
            // A difference past 1e290 may be infinite; the logarithm is nothing beside it.
            const bool at_top = x == maximum, huge = x - maximum < -1e290;
            const auto d = M::sum(at_top | huge ? 0.0 : x, at_top | huge ? 0.0 : -maximum);
            const pair_of_doubles difference = exact_sum(high_part(d), -high_part(logarithm));
            const double result = difference.high + (difference.low + (low_part(d) - low_part(logarithm)));
            return M::select(huge, x - maximum, result);
        });
    }
};

struct softmax_vjp {
    static constexpr bool with_g = true;
    template <class S, class O> static void apply(const row_pointers& row) {
        using M = precise;
        // Nothing cancels in a share: a rounded exponential will do. It waits in y, unless that is where g is still to
        // be read.
        const bool keep = sizeof(O) == sizeof(double) && row.y != row.g;
        const double maximum = row_maximum<S>(row);
        // A constant added to g changes nothing; this one leaves nothing to cancel where one entry is almost
        // everything.
        const double origin = cotangent_at_top<S, O>(row, maximum);
        alignas(64) double g[block];
        lane_sum::terms products;
        lane_sum weighted;
        const auto total = precise_sum<S>(row, maximum, [&](auto start, auto count, const lane_sum::terms& e) {
            fetch<O>(row.g, row.g_step, start, row.n, origin, g);
            for (std::ptrdiff_t i = 0; i < whole_lanes(count); ++i)
                products.set(i, M::multiply(pair_of_doubles{e.high[i], e.low[i]}, M::sum(g[i], -origin)));
            weighted.add(products, whole_lanes(count));
            if (keep) store<double>(e.high, count, row.y + start * row.y_step, row.y_step);
        });
        const auto mean = M::divide(weighted.total<M>(), total);
        const auto product = [&](auto share, double g_given) {
            return M::round(M::multiply(share, M::subtract(M::sum(g_given, -origin), mean)));
        };
        if (keep) {
            alignas(64) double y[block];
            for (std::ptrdiff_t start = 0; start < row.n; start += block) {
                const std::ptrdiff_t count = fetch<double>(row.y, row.y_step, start, row.n, 0.0, y);
                fetch<O>(row.g, row.g_step, start, row.n, origin, g);
                for (std::ptrdiff_t i = 0; i < count; ++i)
                    y[i] = M::one_nan(product(M::divide(M::pair(y[i]), total), g[i]));
                store<double>(y, count, row.y + start * row.y_step, row.y_step);
            }
        } else {
            write<M, S, O, true>(row, maximum, [&](auto d, double, double g_given) {
                return product(M::divide(M::pair(M::exp_precise(d, 0.0).high), total), g_given);
            });
        }
    }
};

struct log_softmax_vjp {
    static constexpr bool with_g = true;
    template <class S, class O> static void apply(const row_pointers& row) {
        using M = precise;
        const double maximum = row_maximum<S>(row);
        alignas(64) double g[block];
        lane_sum g_sum;
        const auto total = precise_sum<S>(row, maximum, [&](auto start, auto count, const lane_sum::terms&) {
            fetch<O>(row.g, row.g_step, start, row.n, 0.0, g);
            g_sum.add(g, whole_lanes(count));
        });
        const auto cotangent = g_sum.total<M>();
        write<M, S, O, true>(row, maximum, [&](auto d, double, double g_given) {
            return M::round(M::subtract(g_given, M::multiply(M::divide(M::exp_precise(d, 0.0), total), cotangent)));
        });
    }
};

// NumPy's generalised inner loop: dimensions are the number of rows and their length.
template <void (*apply)(const row_pointers&), bool with_g>
[[gnu::flatten]] void each_row(char** arguments, const std::ptrdiff_t* dimensions, const std::ptrdiff_t* steps, void*) {
    const quiet_arithmetic guard;
    constexpr int operands = with_g ? 3 : 2, output = operands - 1;
    const std::ptrdiff_t* core = steps + operands;
    for (std::ptrdiff_t r = 0; r < dimensions[0]; ++r) {
        const row_pointers row = {arguments[0] + r * steps[0],
                                  arguments[1] + r * steps[1],
                                  arguments[output] + r * steps[output],
                                  core[0],
                                  core[1],
                                  core[output],
                                  dimensions[1]};
        apply(row);
    }
}

// Rows of integers become doubles where their results will be.
template <class S, actfn::UfuncLoop of_doubles, bool with_g>
void each_row_of_integers(char** arguments, const std::ptrdiff_t* dimensions, const std::ptrdiff_t* steps, void* data) {
    constexpr int operands = with_g ? 3 : 2, output = operands - 1;
    const std::ptrdiff_t* const core = steps + operands;
    const std::ptrdiff_t one_row[] = {1, dimensions[1]};
    std::ptrdiff_t row_steps[2 * operands] = {};
    for (int i = 0; i < operands; ++i) row_steps[operands + i] = core[i == 0 ? output : i];
    alignas(64) double x[block];
    for (std::ptrdiff_t r = 0; r < dimensions[0]; ++r) {
        char* row[operands];
        for (int i = 0; i < operands; ++i) row[i] = arguments[i] + r * steps[i];
        for (std::ptrdiff_t start = 0; start < dimensions[1]; start += block) {
            const std::ptrdiff_t count = fetch<S>(row[0], core[0], start, dimensions[1], 0.0, x);
            store<double>(x, count, row[output] + start * core[output], core[output]);
        }
        row[0] = row[output];
        of_doubles(row, one_row, row_steps, data);
    }
}

} // namespace
