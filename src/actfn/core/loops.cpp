// Compiled once for each instruction set, with other flags and another name for the table; the table is all it exports.
#include "drive.hpp"
#include "float_rows.hpp"
#include "rows.hpp"
#include "vocabulary.hpp"

#include "kernels.hpp"

#ifdef ACTFN_FMA
#define ACTFN_FLOAT_ROWS(function, S) each_row<float_rows::apply<float_rows::function, S>, function::with_g>
#define ACTFN_SUMS(function, from_number)                                                                              \
    {float_rows::each_row_and_number<float_rows::function, half, from_number>,                                         \
     float_rows::each_row_and_number<float_rows::function, bfloat, from_number>,                                       \
     float_rows::each_row_and_number<float_rows::function, float, from_number>}
#else
#define ACTFN_FLOAT_ROWS(function, S) ACTFN_ROW(function, S, S)
#define ACTFN_SUMS(function, from_number)                                                                              \
    {                                                                                                                  \
    }
#endif

// In the order of actfn::Storage.
#define ACTFN_ROW(function, S, O) each_row<function::apply<S, O>, function::with_g>
#define ACTFN_INTEGER_ROW(function, S) each_row_of_integers<S, ACTFN_ROW(function, double, double), function::with_g>
#define ACTFN_ROWS(function)                                                                                           \
    {ACTFN_INTEGER_ROW(function, truth),         ACTFN_INTEGER_ROW(function, std::int8_t),                             \
     ACTFN_INTEGER_ROW(function, std::uint8_t),  ACTFN_INTEGER_ROW(function, std::int16_t),                            \
     ACTFN_INTEGER_ROW(function, std::uint16_t), ACTFN_FLOAT_ROWS(function, half),                                     \
     ACTFN_FLOAT_ROWS(function, bfloat),         ACTFN_FLOAT_ROWS(function, float),                                    \
     ACTFN_ROW(function, double, double)}

extern "C" __attribute__((visibility("hidden"))) const actfn::Table ACTFN_TABLE;
const actfn::Table ACTFN_TABLE = {
    entries,
    sizeof entries / sizeof entries[0],
    gates,
    sizeof gates / sizeof gates[0],
    {
        {drive<truth, double, double, double>, nullptr},
        {drive<std::int8_t, double, double, double>, nullptr},
        {drive<std::uint8_t, double, double, double>, nullptr},
        {drive<std::int16_t, double, double, double>, nullptr},
        {drive<std::uint16_t, double, double, double>, nullptr},
        {drive<half, half, double, half>, drive<half, half, half, half>},
        {drive<bfloat, bfloat, double, bfloat>, drive<bfloat, bfloat, bfloat, bfloat>},
        {drive<float, float, double, float>, drive<float, float, float, float>},
        {drive<double, double, double, double>, drive<double, double, double, double>},
    },
    {drive<float, float, double, float, double>, drive<float, float, float, float, double>},
    {ACTFN_ROWS(softmax), ACTFN_ROWS(softmax_vjp), ACTFN_ROWS(log_softmax), ACTFN_ROWS(log_softmax_vjp)},
    {ACTFN_SUMS(logsumexp, false), ACTFN_SUMS(logsumexp_vjp, true)},
};
