/* What the emulator of PTX is made of. A warp's threads execute an instruction together, each register a row of 32 values; threads that have gone apart go on from the lowest place in the text,
   where those that come later join them. Groups run one after the other. */
#ifndef PTX_MACHINE_H
#define PTX_MACHINE_H

#include "ptx.h"

enum { PTX_ILLEGAL_ADDRESS = 700, PTX_MISALIGNED_ADDRESS = 716, PTX_LAUNCH_FAILED = 719 };

#define LANES 32
#define OPERANDS 16

/* Where the shared memory begins of which a launch says how much there is; before it lie variables. */
#define DYNAMIC_SHARED (1 << 18)

typedef struct Warp Warp;
typedef struct Instruction Instruction;

/* What an instruction does for the threads of a warp that are in the mask. */
typedef void Action(Warp* warp, const Instruction* instruction, uint32_t mask);

/* COMPUTE: for any threads. TOGETHER: for all of a warp at once. The others move threads. */
typedef enum { COMPUTE, TOGETHER, BARRIER, BRANCH, EXIT } Flow;

/* A row of the tables: operands are a letter each. w, d, p: a row of 32-bit values (all that is shorter lies in one too), of 64-bit ones, a predicate; each may be a number where it is
   read. a: an address, the row of its base and a number. m: a place among the parameters. i: a number. l: a label. Braces stand for those of the text. */
typedef struct {
    const char *name, *operands;
    Action* action;
    Flow flow;
} Operation;

extern const Operation arithmetic_operations[], memory_operations[], warp_operations[];

struct Instruction {
    const Operation* operation;
    int32_t operands[OPERANDS];  /* a row's place in a warp's registers; a label's instruction */
    uint32_t narrow;             /* of which operands the address is a row of 32-bit values */
    int32_t guard;               /* a predicate's row; below 0 there is none */
    uint8_t guard_negated;
    int line;
    const char* text;
    int length;
};

typedef struct { char* name; int32_t row; char letter; int is_label; int64_t value; } Symbol;

/* Values of a row that are the same for all threads, written before a kernel runs. */
typedef struct { int32_t row; char letter; int64_t value; } Constant;

/* Rows that hold what a thread is asked for: its place in the group, the group's in the grid, the sizes of both, its place in the warp. */
enum { TID_X, TID_Y, TID_Z, CTAID_X, CTAID_Y, CTAID_Z, NTID_X, NTID_Y, NTID_Z, NCTAID_X, NCTAID_Y, NCTAID_Z, LANE_ID, SPECIAL_ROWS };

struct Kernel {
    char* name;
    Instruction* code;
    Constant* constants;
    int count, constant_count, row_bytes, parameter_bytes;
    int shared_bytes, counted_shared;  /* static shared memory, with gaps between variables and without */
    uint8_t* shared_is_variable;       /* of each byte of the static shared memory */
    Kernel* next;
};

typedef struct Group Group;

struct Warp {
    uint8_t* rows;
    Group* group;
    int index, pc;
    uint32_t all, live, parked;        /* threads that there are; that have not ended; that wait for the others */
    int32_t pcs[LANES];
    struct { int32_t lane, target, bytes, from_source; const uint8_t* source; int64_t batch; } *copies;  /* asynchronous ones that have not been waited for */
    int copy_count, copy_room;
    int64_t batches[LANES];
};

/* Of each two bytes of shared memory: who touched them since the last barrier. */
typedef struct { uint32_t epoch; uint16_t writer, reader; } Shadow;

struct Group {
    const Kernel* kernel;
    const uint8_t* parameters;
    int grid[3], block[3], place[3], threads;
    uint8_t* shared;
    Shadow* shadow;
    int shared_bytes;
    uint32_t epoch;
    Warp* warps;
    int warp_count;
    void* escape;
    int error;
    char* message;
    int message_room;
};

/* Ends the launch: what a thread did wrong. */
void ptx_fail(Warp* warp, const Instruction* instruction, int lane, int error, const char* format, ...) __attribute__((noreturn, format(printf, 5, 6)));

/* Makes products part of the sums that read them. */
void ptx_contract(Kernel* kernel);

/* A new interval between barriers. */
void ptx_begin_epoch(Group* group);

/* Checks an access to shared memory and gives its place; a reader below 0 is all threads of the warp. */
uint8_t* ptx_shared(Warp* warp, const Instruction* instruction, int lane, int64_t address, int bytes, int writes, int is_anybody);

#define ROW(T, k) ((T*)(warp->rows + instruction->operands[k]))

static inline int64_t ptx_address(const Warp* warp, const Instruction* instruction, int k, int lane) {
    const uint8_t* row = warp->rows + instruction->operands[k];
    return (instruction->narrow >> k & 1 ? (int64_t)((const uint32_t*)row)[lane] : ((const int64_t*)row)[lane]) + instruction->operands[k + 1];
}

/* Each thread of the mask; a whole warp in a loop that the compiler can make vectors of. */
#define EACH_LANE(...) \
    if (mask == 0xffffffffu) { _Pragma("GCC ivdep") for (int lane = 0; lane < LANES; lane++) { __VA_ARGS__ } } \
    else for (uint32_t rest = mask; rest; rest &= rest - 1) { int lane = __builtin_ctz(rest); __VA_ARGS__ }

#endif
