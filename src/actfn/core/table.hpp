// What one instruction set's library offers to the module: its only exported symbol is a table of this type.
#pragma once

#include <cstddef>

namespace actfn {

// Reads contiguous inputs data[0 .. inputs), writes the contiguous outputs behind them; parameters are double, n of
// each or one.
using Loop = void (*)(void* const* data, const double* const* parameters, std::ptrdiff_t n);

// NumPy's inner loop.
using UfuncLoop = void (*)(char** arguments, const std::ptrdiff_t* dimensions, const std::ptrdiff_t* steps,
                           void* entry);

// A compact function has no loop of scalars, and none of single: it is given a block of doubles at a time.
struct Loops {
    Loop of_scalars; // every parameter is one number
    Loop of_arrays;  // every parameter has n numbers
};

struct Entry {
    const char* name;
    int inputs, parameters, outputs;
    const double* const* defaults; // a number for each parameter, NaN if it has none
    Loops single;                  // float in, float out
    Loops wide;                    // double in, double out, right to far more than float32
    Loops precise;                 // double in, double out, right to the last bits of float64
};

// How the first input, the further inputs, the parameters and the outputs are stored.
enum Storage { boolean, int8, uint8, int16, uint16, float16, bfloat16, float32, float64, storage_count };

struct Table {
    const Entry* entries;
    int entry_count;
    // Functions of gate and up, and the products with their derivatives: float32 only.
    const Entry* gates;
    int gate_count;
    // [storage of the data][0: parameters are float64; 1: as the data]
    UfuncLoop elementwise[storage_count][2];
    // The same for float32 numbers of compact functions.
    UfuncLoop compact[2];
    // [storage] of softmax, softmax_vjp, log_softmax, log_softmax_vjp
    UfuncLoop rows[4][storage_count];
    // [float16, bfloat16, float32] of logsumexp and logsumexp_vjp; none without FMA
    UfuncLoop sums[2][3];
};

} // namespace actfn
