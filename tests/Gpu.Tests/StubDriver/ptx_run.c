/* Runs a kernel: groups one after the other, of each its warps until all wait at the same barrier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ptx_machine.h"

void ptx_fail(Warp* warp, const Instruction* instruction, int lane, int error, const char* format, ...) {
    Group* group = warp->group;
    int thread = warp->index * LANES + lane, x = thread % group->block[0], y = thread / group->block[0] % group->block[1], z = thread / group->block[0] / group->block[1];
    va_list arguments;
    int length = snprintf(group->message, (size_t)group->message_room, "%s, group (%d, %d, %d), thread (%d, %d, %d), line %d, '%.*s': ", group->kernel->name, group->place[0], group->place[1], group->place[2], x, y, z,
        instruction->line, instruction->length, instruction->text);
    va_start(arguments, format);
    if (length < group->message_room) vsnprintf(group->message + length, (size_t)(group->message_room - length), format, arguments);
    va_end(arguments);
    group->error = error;
    longjmp(*(jmp_buf*)group->escape, 1);
}

/* The threads that go on together, and where: from the lowest place that is not waited at. None where all wait or have ended. */
static uint32_t select_threads(Warp* warp, int* stop) {
    uint32_t candidates = warp->live & ~warp->parked, mask = 0;
    int lowest = INT32_MAX;
    *stop = INT32_MAX;
    for (uint32_t rest = candidates; rest; rest &= rest - 1) {
        int lane = __builtin_ctz(rest), pc = warp->pcs[lane];
        if (pc < lowest) *stop = lowest, lowest = pc, mask = 0;
        else if (pc > lowest && pc < *stop) *stop = pc;
        if (pc == lowest) mask |= 1u << lane;
    }
    warp->pc = lowest;
    return mask;
}

static void put(Warp* warp, uint32_t mask, int pc) { for (; mask; mask &= mask - 1) warp->pcs[__builtin_ctz(mask)] = pc; }

/* All threads that are left wait: at one place, or something is wrong. */
static const Instruction* meeting_place(Warp* warp) {
    const Instruction* code = warp->group->kernel->code;
    int first = __builtin_ctz(warp->live), pc = warp->pcs[first];
    for (uint32_t rest = warp->live; rest; rest &= rest - 1) {
        int lane = __builtin_ctz(rest);
        if (warp->pcs[lane] != pc) ptx_fail(warp, &code[pc], first, PTX_LAUNCH_FAILED, "thread %d of the same warp waits elsewhere, at line %d, '%.*s'", lane, code[warp->pcs[lane]].line, code[warp->pcs[lane]].length, code[warp->pcs[lane]].text);
    }
    warp->parked = 0;
    return &code[pc];
}

/* Until all of the warp have ended (0) or wait at a barrier (1). */
static int run_warp(Warp* warp) {
    const Instruction* code = warp->group->kernel->code;
    for (;;) {
        int stop;
        uint32_t mask = select_threads(warp, &stop);
        if (!warp->live) return 0;
        if (!mask) {
            const Instruction* place = meeting_place(warp);
            if (place->operation->flow == BARRIER) return 1;
            place->operation->action(warp, place, warp->live);
            put(warp, warp->live, (int)(place - code) + 1);
            continue;
        }
        for (int pc = warp->pc;;) {
            if (pc == stop) { put(warp, mask, pc); break; }
            const Instruction* instruction = &code[pc];
            uint32_t those = mask;
            if (instruction->guard >= 0) those &= *(uint32_t*)(warp->rows + instruction->guard) ^ (instruction->guard_negated ? 0xffffffffu : 0);
            switch (instruction->operation->flow) {
            case COMPUTE:
                if (those) instruction->operation->action(warp, instruction, those);
                pc++;
                continue;
            case TOGETHER:
                if (mask != warp->live) break;
                instruction->operation->action(warp, instruction, mask);
                pc++;
                continue;
            case BRANCH:
                if (!those) { pc++; continue; }
                if (those == mask && stop == INT32_MAX) { pc = instruction->operands[0]; continue; }
                put(warp, those, instruction->operands[0]);
                put(warp, mask & ~those, pc + 1);
                goto next;
            case EXIT:
                warp->live &= ~those;
                mask &= ~those;
                if (!mask) goto next;
                pc++;
                continue;
            case BARRIER: break;
            }
            put(warp, mask, pc);
            warp->parked |= mask;
            break;
        }
    next:;
    }
}

static void fill(Warp* warp, int32_t row, uint32_t value) { for (int lane = 0; lane < LANES; lane++) ((uint32_t*)(warp->rows + row))[lane] = value; }

static void begin_warp(Warp* warp) {
    const Group* group = warp->group;
    int left = group->threads - warp->index * LANES;
    warp->all = warp->live = left >= LANES ? 0xffffffffu : (1u << left) - 1;
    warp->parked = 0;
    warp->copy_count = 0;
    memset(warp->pcs, 0, sizeof warp->pcs);
    memset(warp->batches, 0, sizeof warp->batches);
    for (int i = 0; i < 3; i++) fill(warp, (CTAID_X + i) * 4 * LANES, (uint32_t)group->place[i]);
}

/* What is the same in all groups. */
static void make_warp(Group* group, int index) {
    Warp* warp = &group->warps[index];
    const Kernel* kernel = group->kernel;
    *warp = (Warp){ .group = group, .index = index, .rows = aligned_alloc(64, ((size_t)kernel->row_bytes + 63) / 64 * 64) };
    memset(warp->rows, 0xff, (size_t)kernel->row_bytes);
    for (int i = 0; i < 3; i++) fill(warp, (NTID_X + i) * 4 * LANES, (uint32_t)group->block[i]), fill(warp, (NCTAID_X + i) * 4 * LANES, (uint32_t)group->grid[i]);
    for (int lane = 0; lane < LANES; lane++) {
        int thread = index * LANES + lane, places[] = { thread % group->block[0], thread / group->block[0] % group->block[1], thread / group->block[0] / group->block[1] };
        for (int i = 0; i < 3; i++) ((int32_t*)(warp->rows + (TID_X + i) * 4 * LANES))[lane] = places[i];
        ((int32_t*)(warp->rows + LANE_ID * 4 * LANES))[lane] = lane;
    }
    for (int i = 0; i < kernel->constant_count; i++) {
        const Constant* constant = &kernel->constants[i];
        uint8_t* row = warp->rows + constant->row;
        if (constant->letter == 'p') *(uint32_t*)row = constant->value ? 0xffffffffu : 0;
        else if (constant->letter == 'w') fill(warp, constant->row, (uint32_t)constant->value);
        else for (int lane = 0; lane < LANES; lane++) ((int64_t*)row)[lane] = constant->value;
    }
}

static void run_group(Group* group) {
    const Instruction* code = group->kernel->code;
    /* Whatever was there. */
    memset(group->shared, 0xff, (size_t)group->kernel->shared_bytes);
    if (group->shared_bytes > DYNAMIC_SHARED) memset(group->shared + DYNAMIC_SHARED, 0xff, (size_t)(group->shared_bytes - DYNAMIC_SHARED));
    for (int i = 0; i < group->warp_count; i++) begin_warp(&group->warps[i]);
    for (;;) {
        ptx_begin_epoch(group);
        Warp *waiting = 0, *ended = 0;
        for (int i = 0; i < group->warp_count; i++) {
            Warp* warp = &group->warps[i];
            if (!run_warp(warp)) { ended = warp; continue; }
            const Instruction* place = &code[warp->pcs[__builtin_ctz(warp->live)]];
            if (warp->live != warp->all) ptx_fail(warp, place, __builtin_ctz(warp->live), PTX_LAUNCH_FAILED, "thread %d of the same warp has ended", __builtin_ctz(warp->all & ~warp->live));
            if (waiting && waiting->pcs[0] != warp->pcs[0]) ptx_fail(warp, place, 0, PTX_LAUNCH_FAILED, "thread %d waits elsewhere, at line %d, '%.*s'", waiting->index * LANES, code[waiting->pcs[0]].line, code[waiting->pcs[0]].length, code[waiting->pcs[0]].text);
            waiting = warp;
        }
        if (!waiting) return;
        if (ended) ptx_fail(waiting, &code[waiting->pcs[0]], 0, PTX_LAUNCH_FAILED, "thread %d has ended", ended->index * LANES);
        for (int i = 0; i < group->warp_count; i++) put(&group->warps[i], group->warps[i].live, group->warps[i].pcs[0] + 1);
    }
}

int ptx_run(const Kernel* kernel, const int grid[3], const int block[3], int dynamic_bytes, const uint8_t* parameters, char* message, int room) {
    jmp_buf escape;
    Group* group = calloc(1, sizeof(Group));
    *group = (Group){ .kernel = kernel, .parameters = parameters, .grid = { grid[0], grid[1], grid[2] }, .block = { block[0], block[1], block[2] }, .threads = block[0] * block[1] * block[2],
        .shared_bytes = dynamic_bytes > 0 ? DYNAMIC_SHARED + dynamic_bytes : kernel->shared_bytes, .escape = &escape, .message = message, .message_room = room };
    group->shared = aligned_alloc(256, ((size_t)group->shared_bytes + 511) / 256 * 256);
    group->shadow = calloc((size_t)group->shared_bytes / 2 + 1, sizeof(Shadow));
    group->warp_count = (group->threads + LANES - 1) / LANES;
    group->warps = calloc((size_t)group->warp_count, sizeof(Warp));
    for (int i = 0; i < group->warp_count; i++) make_warp(group, i);
    if (setjmp(escape) == 0) {
        for (group->place[2] = 0; group->place[2] < grid[2]; group->place[2]++) {
            for (group->place[1] = 0; group->place[1] < grid[1]; group->place[1]++) {
                for (group->place[0] = 0; group->place[0] < grid[0]; group->place[0]++) run_group(group);
            }
        }
    }
    int error = group->error;
    for (int i = 0; i < group->warp_count; i++) free(group->warps[i].rows), free(group->warps[i].copies);
    free(group->warps);
    free(group->shadow);
    free(group->shared);
    free(group);
    return error;
}
