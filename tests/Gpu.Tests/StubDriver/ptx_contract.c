/* What NVIDIA's assembler does where a text lets it: a product that only one sum reads becomes part of it, and the two round once (fma). Which sums it chooses is its own matter; here it is all whose
   product comes before in the same stretch of the text without a label. What must hold on a GPU must hold so. */
#include <stdlib.h>
#include <string.h>
#include "ptx_machine.h"

/* How many of the first operands are written. */
static int written(const Operation* operation) {
    const char* operands = operation->operands;
    if (operation->flow != COMPUTE && operation->flow != TOGETHER) return 0;
    if (strncmp(operation->name, "st.", 3) == 0 || strncmp(operation->name, "cp.", 3) == 0 || operands[0] == 0) return 0;
    return operands[0] == '{' ? (int)strcspn(operands, "}") - 1 : 1;
}

/* Calls with each row that is read or written. */
static void each_row(const Instruction* instruction, void (*visit)(void* state, int32_t row, int is_written), void* state) {
    int k = 0, count = written(instruction->operation);
    for (const char* letter = instruction->operation->operands; *letter; letter++) {
        if (*letter == '{' || *letter == '}') continue;
        if (strchr("wdpa", *letter)) visit(state, instruction->operands[k], k < count && *letter != 'a');
        k += *letter == 'a' ? 2 : 1;
    }
    if (instruction->guard >= 0) visit(state, instruction->guard, 0);
}

static void count_reads(void* state, int32_t row, int is_written) { if (!is_written) ((int*)state)[row / 64]++; }

typedef struct { const int32_t* rows; int found; } Search;

static void find_written(void* state, int32_t row, int is_written) {
    Search* search = state;
    if (is_written) for (int i = 0; i < 3; i++) search->found |= search->rows[i] == row;
}

static const Operation* named(const char* name) {
    for (const Operation* operation = arithmetic_operations; operation->name; operation++) if (strcmp(operation->name, name) == 0) return operation;
    return 0;
}

void ptx_contract(Kernel* kernel) {
    int* reads = calloc((size_t)kernel->row_bytes / 64 + 1, sizeof(int));
    uint8_t* is_label = calloc((size_t)kernel->count + 1, 1);
    for (int i = 0; i < kernel->count; i++) {
        each_row(&kernel->code[i], count_reads, reads);
        if (kernel->code[i].operation->flow == BRANCH) is_label[kernel->code[i].operands[0]] = 1;
    }
    for (int bits = 32; bits <= 64; bits += 32) {
        const Operation *product = named(bits == 32 ? "mul.f32" : "mul.f64"), *add = named(bits == 32 ? "add.f32" : "add.f64"), *sub = named(bits == 32 ? "sub.f32" : "sub.f64");
        const Operation *fma = named(bits == 32 ? "fma.rn.f32" : "fma.rn.f64"), *less = named(bits == 32 ? "contracted.sub.f32" : "contracted.sub.f64"), *from = named(bits == 32 ? "contracted.rsub.f32" : "contracted.rsub.f64");
        for (int i = 0; i < kernel->count; i++) {
            const Instruction* first = &kernel->code[i];
            if (first->operation != product || first->guard >= 0 || reads[first->operands[0] / 64] != 1 || first->operands[0] == first->operands[1] || first->operands[0] == first->operands[2]) continue;
            Search search = { first->operands, 0 };
            for (int j = i + 1; j < kernel->count && !is_label[j] && !search.found && kernel->code[j].operation->flow == COMPUTE; j++) {
                Instruction* sum = &kernel->code[j];
                int is_left = sum->operands[1] == first->operands[0], is_right = sum->operands[2] == first->operands[0];
                if ((sum->operation == add || sum->operation == sub) && sum->guard < 0 && is_left != is_right) {
                    sum->operation = sum->operation == add ? fma : is_left ? less : from;
                    sum->operands[3] = sum->operands[is_left ? 2 : 1];
                    sum->operands[1] = first->operands[1];
                    sum->operands[2] = first->operands[2];
                    break;
                }
                each_row(sum, find_written, &search);
            }
        }
    }
    free(reads);
    free(is_label);
}
