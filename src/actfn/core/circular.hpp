// Sine, cosine and arctangent for every vocabulary M, whose pairs are P. A product of two numbers of any size is
// reduced by quarter turns with as many digits of 2/pi as it needs.
#pragma once

#include "arithmetic.hpp"
#include "circular_tables.hpp"

namespace {

// What is behind 1 - w/6 + w^2/120 of sin(x) / x, for w = x^2 and |x| <= pi/4: relative error 2^-59
// (tools/coefficients.py).
inline double sine_remainder(double w) {
    double p = 0x1.92fcc20732871p-49;
    p = fused(p, w, -0x1.ae7dba623fb4fp-41);
    p = fused(p, w, 0x1.612460be74c1fp-33);
    p = fused(p, w, -0x1.ae64567f30704p-26);
    p = fused(p, w, 0x1.71de3a556c6f7p-19);
    return fused(p, w, -0x1.a01a01a01a01ap-13);
}

// What is behind 1 - w/2 + w^2/24 of cos(x), likewise: relative error 2^-54.
inline double cosine_remainder(double w) {
    double p = 0x1.abe6c8cee66c4p-45;
    p = fused(p, w, -0x1.93957de51964bp-37);
    p = fused(p, w, 0x1.1eed8e6c48374p-29);
    p = fused(p, w, -0x1.27e4fb775f632p-22);
    p = fused(p, w, 0x1.a01a01a019f8ap-16);
    return fused(p, w, -0x1.6c16c16c16c17p-10);
}

// (atan(t) - t) / t^3 for w = t^2 and |t| <= 1/32: relative error 2^-54.
inline double arctangent_remainder(double w) {
    double p = -0x1.73987037d0dcfp-4;
    p = fused(p, w, 0x1.c71c46c7649a8p-4);
    p = fused(p, w, -0x1.24924922a6f76p-3);
    p = fused(p, w, 0x1.99999999998a4p-3);
    return fused(p, w, -0x1.5555555555555p-2);
}

// x modulo 4, between -2 and 2.
inline double within_a_turn(double x) { return x - 4.0 * __builtin_rint(0.25 * x); }

// x = mantissa 2^exponent with 1 <= |mantissa| < 2, for finite x other than 0.
struct parted {
    double mantissa;
    std::int64_t exponent;
    explicit parted(double x) {
        const bool tiny = magnitude(x) < 0x1p-960;
        const std::uint64_t bits = bits_of(tiny ? x * 0x1p+64 : x);
        mantissa = from_bits((bits & 0x800fffffffffffff) | 0x3ff0000000000000);
        exponent = std::int64_t(bits >> 52 & 0x7ff) - (tiny ? 1023 + 64 : 1023);
    }
};

// a b = (pi/2) (whole + high + low) up to whole turns, with |high| <= 1/2, for |a b| > 2^-300: the error of the sum is
// 2^-134 (2^-82 of float32 results).
struct quarter_turns {
    double whole, high, low;
    template <bool shorter> static quarter_turns of(double a, double b) {
        const parted x(a), y(b);
        const std::int64_t given = x.exponent + y.exponent, exponent = given < -1000 ? -1000 : given;
        const std::int64_t row = (exponent > 0 ? exponent : 0) >> 4;
        const double scale = from_bits(std::uint64_t(exponent - 16 * row + 1023) << 52);
        const pair_of_doubles exact = exact_product(x.mantissa, y.mantissa);
        const double large = exact.high * scale, small = exact.low * scale;
        const double c0 = two_over_pi[0][row], c1 = two_over_pi[1][row], c2 = two_over_pi[2][row],
                     c3 = two_over_pi[3][row], c4 = two_over_pi[4][row];
        // Multiples of 2^-48 that are below 2^3: their sum is exact.
        const pair_of_doubles p = exact_product(small, c0), q = exact_product(large, c1);
        const double first =
            (within_a_turn(p.high) + within_a_turn(p.low)) + (within_a_turn(q.high) + within_a_turn(q.low));
        const pair_of_doubles r = exact_product(small, c1), s = exact_product(large, c2);
        const pair_of_doubles u = exact_sum(first, within_a_turn(r.high)), v = exact_sum(u.high, within_a_turn(s.high));
        const double whole = __builtin_rint(v.high);
        // What is left may be as small as 2^-62.
        const pair_of_doubles e = exact_product(small, c2), f = exact_product(large, c3);
        const pair_of_doubles g = exact_sum(e.high, f.high), h = exact_sum(r.low, s.low), k = exact_sum(u.low, v.low);
        const pair_of_doubles l = exact_sum(g.high, h.high), m = exact_sum(l.high, k.high);
        const pair_of_doubles rest = exact_sum(v.high - whole, m.high);
        double last = (m.low + l.low) + (g.low + h.low + k.low);
        if constexpr (!shorter) last += (e.low + f.low) + (small * c3 + large * c4);
        const pair_of_doubles sum = exact_sum(rest.high, rest.low + last);
        // Neither infinities nor NaN have an angle.
        const double none = (a - a) + (b - b);
        return {whole - 4.0 * __builtin_floor(0.25 * whole) + none, sum.high + none, sum.low};
    }
};

template <class M, class P, bool shorter> struct circular {
    // The quarter turns nearest to a b, modulo 4: 0, 1, 2 or 3.
    static double quadrant(double a, double b) { return quarter_turns::of<shorter>(a, b).whole; }
    // a b without its quarter turns, between -pi/4 and pi/4: relative error 2^-70, however near to 0 that is (2^-46 of
    // float32 results).
    static P angle(double a, double b) {
        const quarter_turns t = quarter_turns::of<shorter>(a, b);
        const P turned = M::multiply(M::sum(t.high, t.low), M::constant(0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54));
        return M::select(magnitude(a * b) < 0x1p-300, M::pair(a * b), turned);
    }

    // sin(x) for |x| <= pi/4: relative error 2^-65 (2^-52 of float32 results, of whose differences it is good enough).
    static P sin_pair(P x) {
        const P w = M::multiply(x, x);
        const double v = M::high(w);
        const double p = v * sine_remainder(v);
        const P q = M::add(M::constant(0x1.1111111111111p-7, 0x1.1111111111111p-63), p);
        const P r = M::add(M::constant(-0x1.5555555555555p-3, -0x1.5555555555555p-57), M::multiply(w, q));
        return M::add(x, M::multiply(x, M::multiply(w, r)));
    }
    // cos(x) for |x| <= pi/4: relative error 2^-63 (2^-52 of float32 results).
    static P cos_pair(P x) {
        const P w = M::multiply(x, x);
        const double v = M::high(w);
        const double p = v * cosine_remainder(v);
        const P q = M::add(M::constant(0x1.5555555555555p-5, 0x1.5555555555555p-59), p);
        return M::add(M::multiply(w, M::add(M::multiply(w, q), -0.5)), 1.0);
    }

    // atan(x): relative error 2^-63 (2^-51 of float32 results).
    static P atan_pair(P x) {
        const bool negative = M::high(x) < 0.0;
        const P given = M::select(negative, M::negative(x), x);
        // Past 2^200 it is pi/2.
        const P size = M::select(M::high(given) > 0x1p+200, M::pair(0x1p+200), given);
        const bool beyond = M::high(size) > 1.0;
        const double rough = beyond ? 1.0 / M::high(size) : M::high(size);
        const double shifted = 16.0 * rough + shifter, c = 0.0625 * (shifted - shifter);
        const std::uint64_t place = bits_of(shifted) & 31;
        const P at_place = M::constant(arctangents[place], arctangents_low[place]);
        // atan(y) = atan(c) + atan((y - c) / (1 + c y)), and atan(x) = pi/2 - atan(1/x).
        const P product = M::multiply(size, c);
        const P above = M::select(beyond, M::subtract(1.0, product), M::subtract(size, c));
        const P below = M::select(beyond, M::add(size, c), M::add(product, 1.0));
        const P t = M::divide(above, below);
        const double v = M::high(t) * M::high(t);
        const double bend = M::high(t) * v * arctangent_remainder(v);
        const P inner = M::add(at_place, M::add(t, bend));
        const P quarter = M::constant(0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54);
        const P result = M::select(beyond, M::subtract(quarter, inner), inner);
        return M::select(negative, M::negative(result), result);
    }

    // 0.51 ULP; of infinities NaN.
    static double sin(double x) {
        const double whole = quadrant(1.0, x);
        const P r = angle(1.0, x), size = M::select((whole == 1.0) | (whole == 3.0), cos_pair(r), sin_pair(r));
        return M::round(M::select(whole >= 2.0, M::negative(size), size));
    }
    static double cos(double x) {
        const double whole = quadrant(1.0, x);
        const P r = angle(1.0, x), size = M::select((whole == 1.0) | (whole == 3.0), sin_pair(r), cos_pair(r));
        return M::round(M::select((whole == 1.0) | (whole == 2.0), M::negative(size), size));
    }
    // 0.51 ULP.
    static double atan(double x) { return M::copysign(M::round(atan_pair(M::pair(x))), x); }

    // The nearest whole number, the even one of two.
    static double nearest(double x) { return __builtin_rint(x); }
};

} // namespace
