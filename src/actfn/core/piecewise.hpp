// float32 kernels by pieces: the 32 polynomials of a table, chosen lane by lane, within 1 ULP on the numbers they are
// for and the same bits on every processor with FMA. The general loop computes the other numbers.
#pragma once

#include <utility>

#include "piecewise_tables.hpp"
#include "vectors.hpp"

#ifdef ACTFN_FMA
namespace {
namespace piecewise {

using namespace vectors;

// The sum of two numbers, of which the second counts little.
struct parts {
    vector line, rest;
    [[gnu::always_inline]] vector sum() const { return line + rest; }
    // 1 less it.
    [[gnu::always_inline]] parts complement() const {
        const vector high = 1.0f - line;
        return {high, ((1.0f - high) - line) - rest};
    }
    [[gnu::always_inline]] parts where(integers condition, const parts& otherwise) const {
        return {condition ? line : otherwise.line, condition ? rest : otherwise.rest};
    }
};

// A table, as a loop holds it.
template <const auto& table> struct pieces {
    static constexpr int degree = table.degree;
    row centre = row(table.centre);
    row coefficients[degree + 1];

    pieces() : pieces(std::make_index_sequence<degree + 1>()) {}
    template <std::size_t... powers>
    explicit pieces(std::index_sequence<powers...>) : coefficients{row(table.coefficients[powers])...} {}

    // The number of the piece, in the low bits.
    [[gnu::always_inline]] static integers place(vector x) {
        return reinterpret_cast<integers>(fused(x, vector{} + table.pieces_per_unit, vector{} + 0x1.8p+23f));
    }

    [[gnu::always_inline]] vector operator()(vector x) const {
        const integers k = place(x);
        const vector u = x - centre[k];
        vector y = coefficients[degree][k];
#pragma GCC unroll 8
        for (int power = degree - 1; power >= 0; --power) y = fused(y, u, coefficients[power][k]);
        return y;
    }

    // The sum of a line and the rest, which has what rounding the line has lost.
    [[gnu::always_inline]] parts split(vector x) const {
        const integers k = place(x);
        return around(k, x - centre[k], [](vector lost) { return lost; });
    }
    template <class F> [[gnu::always_inline]] parts around(integers k, vector u, F corrected) const {
        vector rest = coefficients[degree][k];
#pragma GCC unroll 8
        for (int power = degree - 1; power >= 2; --power) rest = fused(rest, u, coefficients[power][k]);
        const vector constant = coefficients[0][k], slope = coefficients[1][k], line = fused(u, slope, constant);
        return {line, fused(u * u, rest, corrected(fused(u, slope, constant - line)))};
    }
    [[gnu::always_inline]] vector sum(vector x) const { return split(x).sum(); }
};

// The same for a table with a root, around which it is right to the last place too.
template <const auto& table> struct rooted_pieces : pieces<table> {
    row late_constant = row(table.late_constant), late_slope = row(table.late_slope);

    [[gnu::always_inline]] parts split(vector x) const {
        const integers k = pieces<table>::place(x);
        const vector u = x - this->centre[k];
        return this->around(k, u, [&](vector lost) { return fused(u, late_slope[k], lost) + late_constant[k]; });
    }
    [[gnu::always_inline]] vector operator()(vector x) const { return split(x).sum(); }
};

// A kernel of `lowest` < x < `highest`; an infinite `highest` belongs to it.
struct sigmoid {
    static constexpr float lowest = -15.9f, highest = infinity;
    pieces<tables::sigmoid> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left(at_most(magnitude(x), 17.71f));
        return x > 0.0f ? 1.0f - p : p;
    }
    [[gnu::always_inline]] parts split(vector x) const {
        const parts p = left.split(at_most(magnitude(x), 17.71f));
        return p.complement().where(x > 0.0f, p);
    }
};
struct sigmoid_first {
    static constexpr float lowest = -17.71f, highest = 17.71f;
    static constexpr float next_to_one = infinity, one = infinity;
    pieces<tables::sigmoid_first> half;
    [[gnu::always_inline]] vector operator()(vector x) const { return half(magnitude(x)); }
    [[gnu::always_inline]] parts split(vector x) const { return half.split(magnitude(x)); }
};

struct tanh {
    static constexpr float lowest = -infinity, highest = infinity;
    pieces<tables::tanh> half;
    [[gnu::always_inline]] vector operator()(vector x) const {
        return with_sign_of(x, half(at_most(magnitude(x), 9.34f)));
    }
};
struct tanh_first {
    static constexpr float lowest = -8.7f, highest = 8.7f;
    pieces<tables::tanh_first> half;
    [[gnu::always_inline]] vector operator()(vector x) const { return half(magnitude(x)); }
};

struct elu {
    static constexpr float lowest = -infinity, highest = infinity;
    pieces<tables::elu> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left.sum(at_most(magnitude(x), 17.71f));
        return x < 0.0f ? -p : x;
    }
};
struct elu_first {
    static constexpr float lowest = -17.71f, highest = infinity;
    pieces<tables::elu_first> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left(magnitude(x));
        return x > 0.0f ? vector{} + 1.0f : p;
    }
};

// selu's scale, of which float holds the first half.
constexpr float scale = 0x1.0cfabep+0f, scale_low = -0x1.2adddap-25f;
struct selu {
    static constexpr float lowest = -infinity, highest = __FLT_MAX__;
    rooted_pieces<tables::selu> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left(at_most(magnitude(x), 17.71f));
        return with_sign_of(x, x < 0.0f ? p : fused(x, vector{} + scale, x * scale_low));
    }
};
struct selu_first {
    static constexpr float lowest = -17.71f, highest = infinity;
    pieces<tables::selu_first> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left(magnitude(x));
        return x > 0.0f ? vector{} + scale : p;
    }
};

struct softplus {
    static constexpr float lowest = -13.48f, highest = infinity;
    pieces<tables::softplus> line;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = line.sum(at_most(x, 18.4f));
        return x > 18.0f ? x : p;
    }
};
struct softplus_first : sigmoid {};

// softplus and its derivative seen from the other side.
struct log_sigmoid {
    static constexpr float lowest = -infinity, highest = -softplus::lowest;
    softplus mirrored;
    [[gnu::always_inline]] vector operator()(vector x) const { return -mirrored(-x); }
};
struct log_sigmoid_first {
    static constexpr float lowest = -infinity, highest = -sigmoid::lowest;
    sigmoid mirrored;
    [[gnu::always_inline]] vector operator()(vector x) const { return mirrored(-x); }
};

// At alpha = 1.
struct celu : elu {};
struct celu_first : elu_first {};

// e^(x + x_low) = (top + rest) power, where x is between -87 and 88 and x_low beside it next to nothing.
struct powers_of_e {
    row high = row(tables::powers[0]), low = row(tables::powers[1]);
    struct product {
        vector top, rest, power;
    };
    template <class... Low> [[gnu::always_inline]] product operator()(vector x, Low... x_low) const {
        // x = (32 i + j) log(2) / 32 + r
        const vector shifted = fused(x, vector{} + 0x1.715476p+5f, vector{} + 0x1.8p+23f), k = shifted - 0x1.8p+23f;
        const vector near = (fused(-k, vector{} + 0x1.62e430p-6f, x) + ... + x_low);
        const vector r = fused(k, vector{} + 0x1.05c610p-34f, near);
        const integers bits = reinterpret_cast<integers>(shifted);
        const vector tail = fused(r * r, fused(r, vector{} + 0x1.555556p-3f, vector{} + 0.5f), r), top = high[bits];
        return {top, fused(top, tail, low[bits]), reinterpret_cast<vector>(((bits >> 5) + 127) << 23)};
    }
};
struct exponential {
    static constexpr float lowest = -87.0f, highest = 88.0f;
    powers_of_e power;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const auto e = power(at_least(at_most(x, highest), lowest));
        return (e.top + e.rest) * e.power;
    }
};
struct exponential_first : exponential {};

// e^(-x^2 / divisor) times a factor of which float holds the first half.
struct bell {
    powers_of_e power;
    [[gnu::always_inline]] vector operator()(vector x, float divisor, float factor, float factor_low) const {
        const vector square = x * x, by = vector{} - 1.0f / divisor;
        const auto e = power(square * by, fused(x, x, -square) * by);
        const vector small = fused(e.rest, vector{} + factor, e.top * factor_low);
        return fused(e.top, vector{} + factor, small) * e.power;
    }
};
struct erf {
    static constexpr float lowest = -infinity, highest = infinity;
    rooted_pieces<tables::erf> half;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector a = at_most(magnitude(x), 3.93f), p = half(a);
        return with_sign_of(x, a > 3.92f ? vector{} + 1.0f : p);
    }
};
struct erf_first {
    static constexpr float lowest = -9.3f, highest = 9.3f;
    bell e;
    [[gnu::always_inline]] vector operator()(vector x) const {
        return e(at_most(magnitude(x), highest), 1.0f, 0x1.20dd76p+0f, -0x1.f7ac92p-25f);
    }
};
struct ndtr {
    static constexpr float lowest = -5.9f, highest = infinity;
    pieces<tables::normal_tail> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left.sum(at_most(magnitude(x), 5.9f));
        return x > 0.0f ? 1.0f - p : p;
    }
};
struct ndtr_first {
    static constexpr float lowest = -13.0f, highest = 13.0f;
    bell e;
    [[gnu::always_inline]] vector operator()(vector x) const {
        return e(at_most(magnitude(x), highest), 2.0f, 0x1.988454p-2f, -0x1.857936p-27f);
    }
};

// Beyond 1, pi / 2 less what it is at 1 / x.
struct arctan {
    static constexpr float lowest = -infinity, highest = infinity;
    pieces<tables::arctan> half;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector a = at_most(magnitude(x), 0x1p+60f), inverse = 1.0f / a;
        const integers far = a > 1.0f;
        const vector t = far ? inverse : a, lost = far ? fused(-inverse, a, vector{} + 1.0f) * inverse : vector{};
        parts p = half.split(t);
        p.rest += lost * half.coefficients[1][half.place(t)];
        const vector high = 0x1.921fb6p+0f - p.line;
        const vector low = ((0x1.921fb6p+0f - high) - p.line) + (-0x1.777a5cp-25f - p.rest);
        return with_sign_of(x, parts{high, low}.where(far, p).sum());
    }
};
struct arctan_first {
    static constexpr float lowest = -0x1p+60f, highest = 0x1p+60f;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector square = x * x, d = 1.0f + square;
        const vector lost = square > 1.0f ? 1.0f - (d - square) : square - (d - 1.0f);
        const vector quotient = 1.0f / d, d_low = lost + fused(x, x, -square);
        return fused(quotient, fused(-quotient, d, vector{} + 1.0f) - quotient * d_low, quotient);
    }
};

// sin(x - turns pi), up to the sign, for turns up to 2^22: a difference of multiples of 2^-52 is exact.
[[gnu::always_inline]] inline doubles_of_half sine_after(doubles_of_half x, doubles_of_half turns) {
    const doubles_of_half zero = {};
    const doubles_of_half near = fused(-turns, zero + 0x1.921fb54442d18p+1, x);
    const doubles_of_half r = fused(-turns, zero + 0x1.1a62633145c07p-53, near), w = r * r;
    doubles_of_half p = zero - 1.0 / 1307674368000.0;
    for (const double inverse : {6227020800.0, -39916800.0, 362880.0, -5040.0, 120.0, -6.0})
        p = fused(p, w, zero + 1.0 / inverse);
    return r * fused(p, w, zero + 1.0);
}
// At a frequency of 1.
struct sine {
    static constexpr float lowest = -0x1p+22f, highest = 0x1p+22f;
    [[gnu::always_inline]] vector operator()(vector given) const {
        return in_double(given, [](doubles_of_half x) {
            const doubles_of_half zero = {}, shifted = fused(x, zero + 0x1.45f306dc9c883p-2, zero + 0x1.8p+52);
            const bits_of_half odd = reinterpret_cast<bits_of_half>(shifted) << 63;
            const doubles_of_half y = sine_after(x, shifted - 0x1.8p+52);
            return reinterpret_cast<doubles_of_half>(reinterpret_cast<bits_of_half>(y) ^ odd);
        });
    }
};
struct sine_first {
    static constexpr float lowest = -0x1p+22f, highest = 0x1p+22f;
    [[gnu::always_inline]] vector operator()(vector given) const {
        return in_double(given, [](doubles_of_half x) {
            const doubles_of_half zero = {}, half = fused(x, zero + 0x1.45f306dc9c883p-2, zero - 0.5);
            const doubles_of_half shifted = half + 0x1.8p+52;
            const bits_of_half even = ~reinterpret_cast<bits_of_half>(shifted) << 63;
            const doubles_of_half y = sine_after(x, (shifted - 0x1.8p+52) + 0.5);
            return reinterpret_cast<doubles_of_half>(reinterpret_cast<bits_of_half>(y) ^ even);
        });
    }
};

// The positive part of x less what the function is at -|x|; the larger term comes first in the sum.
template <const auto& table, int limit> struct gate {
    static constexpr float lowest = -limit / 100.0f, highest = __FLT_MAX__;
    pieces<table> left;
    // But for the sign of zero.
    [[gnu::always_inline]] parts split(vector x) const {
        const parts p = left.split(at_most(magnitude(x), -lowest));
        const vector positive = x < 0.0f ? vector{} : x, y = positive - p.line;
        return {y, (positive - y) - p.line - p.rest};
    }
    [[gnu::always_inline]] vector operator()(vector x) const { return with_sign_of(x, split(x).sum()); }
};
// 1 less what the derivative is at -|x|.
template <const auto& table, int limit, int left_limit = limit> struct gate_first {
    static constexpr float lowest = -left_limit / 100.0f, highest = infinity;
    // Where it is next to 1 and no piece is for the rest.
    static constexpr float next_to_one = limit / 100.0f, one = next_to_one * 1.1f;
    rooted_pieces<table> left;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = left(at_most(magnitude(x), limit / 100.0f));
        return x > 0.0f ? 1.0f - p : p;
    }
    [[gnu::always_inline]] parts split(vector x) const {
        const parts p = left.split(at_most(magnitude(x), limit / 100.0f));
        const parts near = p.complement().where(x > 0.0f, p);
        return near.where(x < one, {vector{} + 1.0f, vector{}});
    }
};
struct silu : gate<tables::silu, 1771> {};
struct silu_first : gate_first<tables::silu_first, 2013> {};
struct swish : silu {};
struct swish_first : silu_first {};
struct gelu : gate<tables::gelu, 590> {};
struct gelu_first : gate_first<tables::gelu_first, 592> {};
struct gelu_tanh : gate<tables::gelu_tanh, 516> {};
struct gelu_tanh_first : gate_first<tables::gelu_tanh_first, 592, 550> {};

struct mish {
    static constexpr float lowest = -8.7f, highest = infinity;
    rooted_pieces<tables::mish> line;
    [[gnu::always_inline]] vector operator()(vector x) const {
        const vector p = line(at_most(x, 9.28f));
        return with_sign_of(x, x > 9.25f ? x : p);
    }
};
struct mish_first {
    static constexpr float lowest = -7.65f, highest = infinity;
    rooted_pieces<tables::mish_first> line;
    [[gnu::always_inline]] vector operator()(vector x) const { return line(at_most(x, 10.43f)); }
};

} // namespace piecewise
} // namespace
#endif
