// The extension module: picks the table of the best instruction set and makes NumPy ufuncs and gufuncs of its entries.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#include <numpy/ndarrayobject.h>
#include <numpy/ufuncobject.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "cpu.hpp"
#include "table.hpp"

#define ACTFN_TEXT_OF(x) #x
#define ACTFN_TEXT(x) ACTFN_TEXT_OF(x)

extern "C" {
extern const actfn::Table actfn_table_base;
#if defined(__x86_64__)
extern const actfn::Table actfn_table_avx2;
extern const actfn::Table actfn_table_avx512;
#endif
}

namespace {

using namespace actfn;

static_assert(sizeof(npy_intp) == sizeof(std::ptrdiff_t), "NumPy's inner loops and ours must take the same integers");

const Table* table_of(InstructionSet set) {
#if defined(__x86_64__)
    if (set == avx512) return &actfn_table_avx512;
    if (set == avx2) return &actfn_table_avx2;
#endif
    return &actfn_table_base;
}

constexpr int numpy_types[storage_count] = {NPY_BOOL, NPY_INT8,   NPY_UINT8,   NPY_INT16,  NPY_UINT16,
                                            NPY_HALF, NPY_NOTYPE, NPY_FLOAT32, NPY_FLOAT64};

bool is_integer(int storage) { return storage < float16; }

constexpr int most_loops = storage_count + 2, most_operands = 8;

// NumPy keeps pointers to these as long as the ufunc lives, which is as long as the process.
struct Registration {
    PyUFuncGenericFunction loops[most_loops];
    void* data[most_loops];
    char types[most_loops * most_operands];
    int count = 0, type_count = 0;

    void add_types(int number, int type) {
        for (int i = 0; i < number; ++i) types[type_count++] = static_cast<char>(type);
    }
    void add(UfuncLoop loop, const Entry& entry, int first, int others, int parameter, int output) {
        loops[count] = reinterpret_cast<PyUFuncGenericFunction>(loop);
        data[count++] = const_cast<Entry*>(&entry);
        add_types(1, first);
        add_types(entry.inputs - 1, others);
        add_types(entry.parameters, parameter);
        add_types(entry.outputs, output);
    }
};

PyObject* make_ufunc(const Entry& entry, const UfuncLoop (*all)[2], const UfuncLoop* compact, const char* signature) {
    Registration* const r = static_cast<Registration*>(std::calloc(1, sizeof(Registration)));
    if (r == nullptr) return PyErr_NoMemory();
    const bool converted = compact != nullptr && entry.single.of_arrays == nullptr;
    const auto loops = [&](int s, int same) { return converted && s == float32 ? compact[same] : all[s][same]; };
    // Integers go to float64. Python numbers find the loops with float64 parameters first, arrays of the data's type
    // their own.
    for (int s = 0; s < storage_count; ++s) {
        if (s == bfloat16) continue;
        const int type = numpy_types[s], other = is_integer(s) ? NPY_FLOAT64 : type;
        r->add(loops(s, 0), entry, type, other, NPY_FLOAT64, other);
    }
    if (entry.parameters > 0)
        for (int s : {float16, float32}) {
            const int type = numpy_types[s];
            r->add(loops(s, 1), entry, type, type, type, type);
        }
    return PyUFunc_FromFuncAndDataAndSignature(r->loops, r->data, r->types, r->count, entry.inputs + entry.parameters,
                                               entry.outputs, PyUFunc_None, entry.name, nullptr, 0, signature);
}

bool register_type(PyObject* ufunc, const Entry& entry, const UfuncLoop loops[2], int type) {
    for (int same = 0; same < (entry.parameters > 0 ? 2 : 1); ++same) {
        int types[most_operands];
        for (int i = 0; i < entry.inputs + entry.parameters + entry.outputs; ++i) {
            const bool parameter = i >= entry.inputs && i < entry.inputs + entry.parameters;
            types[i] = parameter && same == 0 ? NPY_FLOAT64 : type;
        }
        const auto loop = reinterpret_cast<PyUFuncGenericFunction>(loops[same]);
        if (PyUFunc_RegisterLoopForType(reinterpret_cast<PyUFuncObject*>(ufunc), type, loop, types,
                                        const_cast<Entry*>(&entry)) < 0)
            return false;
    }
    return true;
}

constexpr Entry row_entries[4] = {{"softmax", 1, 0, 1, {}, {}, {}},
                                  {"softmax_vjp", 2, 0, 1, {}, {}, {}},
                                  {"log_softmax", 1, 0, 1, {}, {}, {}},
                                  {"log_softmax_vjp", 2, 0, 1, {}, {}, {}}};

constexpr Entry sum_entries[2] = {{"logsumexp", 1, 0, 1, {}, {}, {}}, {"logsumexp_vjp", 2, 0, 1, {}, {}, {}}};

// The rows' loops in the shape of the elementwise ones.
struct RowLoops {
    UfuncLoop loops[storage_count][2];
    RowLoops(const Table& table, int row) {
        for (int s = 0; s < storage_count; ++s) loops[s][0] = loops[s][1] = table.rows[row][s];
    }
};

template <class Visit> bool each_ufunc(const Table& table, Visit visit) {
    for (int i = 0; i < table.entry_count; ++i)
        if (!visit(table.entries[i], table.elementwise, static_cast<const char*>(nullptr))) return false;
    for (int i = 0; i < 4; ++i) {
        const RowLoops rows(table, i);
        if (!visit(row_entries[i], rows.loops, row_entries[i].inputs == 1 ? "(n)->(n)" : "(n),(n)->(n)")) return false;
    }
    return true;
}

PyObject* make_gate(const Entry& entry, UfuncLoop loop) {
    Registration* const r = static_cast<Registration*>(std::calloc(1, sizeof(Registration)));
    if (r == nullptr) return PyErr_NoMemory();
    r->add(loop, entry, NPY_FLOAT32, NPY_FLOAT32, NPY_FLOAT64, NPY_FLOAT32);
    return PyUFunc_FromFuncAndData(r->loops, r->data, r->types, r->count, entry.inputs + entry.parameters,
                                   entry.outputs, PyUFunc_None, entry.name, nullptr, 0);
}

PyObject* make_sum(const Entry& entry, const UfuncLoop* loops) {
    Registration* const r = static_cast<Registration*>(std::calloc(1, sizeof(Registration)));
    if (r == nullptr) return PyErr_NoMemory();
    for (int s : {float16, float32}) {
        const int type = numpy_types[s];
        r->add(loops[s - float16], entry, type, type, type, type);
    }
    return PyUFunc_FromFuncAndDataAndSignature(r->loops, r->data, r->types, r->count, entry.inputs, entry.outputs,
                                               PyUFunc_None, entry.name, nullptr, 0,
                                               entry.inputs == 1 ? "(n)->()" : "(n),()->(n)");
}

struct State {
    const Table* table;
    PyObject *ufuncs, *gates, *sums;
};

State* state_of(PyObject* module) { return static_cast<State*>(PyModule_GetState(module)); }

// The names of the instruction sets that this machine has, with commas between them.
struct AvailableNames {
    char text[64] = "";
    AvailableNames() {
        for (int s = 0; s < instruction_set_count; ++s)
            if (supported(static_cast<InstructionSet>(s))) {
                if (*text != '\0') std::strcat(text, ", ");
                std::strcat(text, instruction_set_names[s]);
            }
    }
};

// The best instruction set of this machine, or the one that ACTFN_ISA names.
int chosen_instruction_set() {
    const char* const wanted = std::getenv("ACTFN_ISA");
    for (int s = instruction_set_count - 1; s >= 0; --s) {
        const bool named = wanted == nullptr || *wanted == '\0' || std::strcmp(wanted, instruction_set_names[s]) == 0;
        if (named && supported(static_cast<InstructionSet>(s))) return s;
    }
    PyErr_Format(PyExc_ImportError, "ACTFN_ISA is set to '%s', but this machine and build offer: %s", wanted,
                 AvailableNames().text);
    return -1;
}

PyObject* register_bfloat16(PyObject* module, PyObject* argument) {
    const long type = PyLong_AsLong(argument);
    if (type == -1 && PyErr_Occurred()) return nullptr;
    State* const state = state_of(module);
    const bool done = each_ufunc(*state->table, [&](const Entry& entry, const UfuncLoop(*loops)[2], const char*) {
        PyObject* const ufunc = PyDict_GetItemString(state->ufuncs, entry.name);
        return ufunc != nullptr && register_type(ufunc, entry, loops[bfloat16], static_cast<int>(type));
    });
    if (!done) return nullptr;
    for (int i = 0; i < 2; ++i) {
        const UfuncLoop loop = state->table->sums[i][bfloat16 - float16], loops[] = {loop, loop};
        PyObject* const sum = PyDict_GetItemString(state->sums, sum_entries[i].name);
        if (sum != nullptr && !register_type(sum, sum_entries[i], loops, static_cast<int>(type))) return nullptr;
    }
    Py_RETURN_NONE;
}

// Takes the reference to a value over, which may be none.
bool put(PyObject* dictionary, const char* name, PyObject* value) {
    if (value == nullptr) return false;
    const int status = PyDict_SetItemString(dictionary, name, value);
    Py_DECREF(value);
    return status == 0;
}

int execute(PyObject* module) {
    import_array1(-1);
    import_umath1(-1);
    const int set = chosen_instruction_set();
    if (set < 0) return -1;
    State* const state = state_of(module);
    state->table = table_of(static_cast<InstructionSet>(set));
    state->ufuncs = PyDict_New();
    if (state->ufuncs == nullptr) return -1;
    const bool done =
        each_ufunc(*state->table, [&](const Entry& entry, const UfuncLoop(*loops)[2], const char* signature) {
            // A function of rows has a signature.
            const UfuncLoop* const compact = signature == nullptr ? state->table->compact : nullptr;
            PyObject* const ufunc = make_ufunc(entry, loops, compact, signature);
            return put(state->ufuncs, entry.name, ufunc);
        });
    if (!done || PyModule_AddObjectRef(module, "ufuncs", state->ufuncs) < 0) return -1;
    state->gates = PyDict_New();
    if (state->gates == nullptr) return -1;
    for (int i = 0; i < state->table->gate_count; ++i) {
        const Entry& entry = state->table->gates[i];
        if (!put(state->gates, entry.name, make_gate(entry, state->table->elementwise[float32][0]))) return -1;
    }
    if (PyModule_AddObjectRef(module, "gates", state->gates) < 0) return -1;
    state->sums = PyDict_New();
    if (state->sums == nullptr) return -1;
    for (int i = 0; i < 2; ++i) {
        const UfuncLoop* const loops = state->table->sums[i];
        if (*loops != nullptr && !put(state->sums, sum_entries[i].name, make_sum(sum_entries[i], loops))) return -1;
    }
    if (PyModule_AddObjectRef(module, "sums", state->sums) < 0) return -1;
    if (PyModule_AddStringConstant(module, "instruction_set", instruction_set_names[set]) < 0) return -1;
    if (PyModule_AddStringConstant(module, "available", AvailableNames().text) < 0) return -1;
    return PyModule_AddStringConstant(module, "compiler", ACTFN_TEXT(ACTFN_COMPILER));
}

int traverse(PyObject* module, visitproc visit, void* arg) {
    State* const state = state_of(module);
    if (state != nullptr) {
        Py_VISIT(state->ufuncs);
        Py_VISIT(state->gates);
        Py_VISIT(state->sums);
    }
    return 0;
}

int clear(PyObject* module) {
    State* const state = state_of(module);
    if (state != nullptr) {
        Py_CLEAR(state->ufuncs);
        Py_CLEAR(state->gates);
        Py_CLEAR(state->sums);
    }
    return 0;
}

void release(void* module) { clear(static_cast<PyObject*>(module)); }

// run(ufunc, precise, rows, length, operand ...): calls the loop for float64 or float32 on contiguous memory. An
// operand is an address, or a float that stands for itself.
PyObject* run(PyObject*, PyObject* const* given, Py_ssize_t count) {
    constexpr Py_ssize_t before = 4;
    if (count < before || !PyObject_TypeCheck(given[0], &PyUFunc_Type)) {
        PyErr_SetString(PyExc_TypeError, "run takes a ufunc, whether it is precise, rows, length and operands");
        return nullptr;
    }
    const PyUFuncObject& ufunc = *reinterpret_cast<const PyUFuncObject*>(given[0]);
    if (count != before + ufunc.nargs || ufunc.nargs > most_operands) {
        PyErr_Format(PyExc_TypeError, "%s takes %d operands, got %zd", ufunc.name, ufunc.nargs, count - before);
        return nullptr;
    }
    const bool precise = given[1] == Py_True, in_rows = ufunc.core_enabled != 0;
    const npy_intp rows = PyLong_AsSsize_t(given[2]), length = PyLong_AsSsize_t(given[3]);
    const npy_intp size = precise ? sizeof(double) : sizeof(float), n = rows * length;
    char* operands[most_operands];
    double numbers[most_operands];
    npy_intp steps[2 * most_operands];
    int with_row = 0;
    for (int i = 0; i < ufunc.nargs; ++i) {
        PyObject* const operand = given[before + i];
        const bool number = PyFloat_Check(operand);
        if (number) numbers[i] = PyFloat_AsDouble(operand);
        operands[i] = number ? reinterpret_cast<char*>(numbers + i) : static_cast<char*>(PyLong_AsVoidPtr(operand));
        const bool is_row = in_rows && ufunc.core_num_dims[i] > 0;
        steps[i] = number ? 0 : is_row ? size * length : size;
        if (is_row) steps[ufunc.nargs + with_row++] = size;
    }
    if (PyErr_Occurred()) return nullptr;
    const int wanted = precise ? NPY_FLOAT64 : NPY_FLOAT32;
    int loop = 0;
    while (loop < ufunc.ntypes && ufunc.types[loop * ufunc.nargs] != wanted) ++loop;
    if (loop == ufunc.ntypes) {
        PyErr_Format(PyExc_TypeError, "%s has no loop for this type", ufunc.name);
        return nullptr;
    }
    const npy_intp dimensions[2] = {in_rows ? rows : n, length};
    constexpr npy_intp worth_releasing = 4096;
    PyThreadState* const thread = n < worth_releasing ? nullptr : PyEval_SaveThread();
    ufunc.functions[loop](operands, dimensions, steps, ufunc.data[loop]);
    if (thread != nullptr) PyEval_RestoreThread(thread);
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"register_bfloat16", register_bfloat16, METH_O, "Give every ufunc its loop for the type with this number."},
    {"run", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(run)), METH_FASTCALL,
     "Call the loop of a ufunc on contiguous memory."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(execute)},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "actfn._core",
                          "The compiled ufuncs of actfn.",
                          sizeof(State),
                          methods,
                          slots,
                          traverse,
                          clear,
                          release};

} // namespace

PyMODINIT_FUNC PyInit__core() { return PyModuleDef_Init(&definition); }
