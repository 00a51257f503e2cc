/* Loads and stores. Each access must be aligned, lie in an allocation or a variable of shared memory, and may not meet another thread's between the same two barriers. Asynchronous copies arrive
   when they are waited for, which is as late as they may; until then there is garbage where they go, as they may have come at any time. */
#include <stdlib.h>
#include <string.h>
#include "ptx_machine.h"

static uint8_t* memory;
static int64_t memory_bytes;
static uint16_t* valid;         /* of each 256 bytes, how many of them are allocated; allocations begin there */

void ptx_set_memory(uint8_t* begin, int64_t bytes) {
    if (memory == begin) return;
    memory = begin;
    memory_bytes = bytes;
    valid = calloc((size_t)(bytes / 256), sizeof *valid);
}

void ptx_note_memory(uint8_t* begin, int64_t bytes, int is_allocated) {
    for (int64_t i = 0; i < bytes; i += 256) valid[(begin + i - memory) >> 8] = (uint16_t)(is_allocated ? bytes - i < 256 ? bytes - i : 256 : 0);
    /* Whatever was there. */
    if (is_allocated) memset(begin, 0xff, (size_t)bytes);
}

/* In a shadow: nobody, and more than one; of its epoch: something is under way there. */
enum { NOBODY = 0, SEVERAL = 0xffff };
#define UNDER_WAY 0xffffffffu

static uint8_t* global(Warp* warp, const Instruction* instruction, int lane, int64_t address, int bytes) {
    int64_t place = address - (int64_t)(intptr_t)memory;
    if (address & (bytes - 1)) ptx_fail(warp, instruction, lane, PTX_MISALIGNED_ADDRESS, "%d bytes at %#lx, which is no multiple", bytes, (long)address);
    if (place < 0 || place >= memory_bytes || (place & 255) + bytes > valid[place >> 8]) {
        ptx_fail(warp, instruction, lane, PTX_ILLEGAL_ADDRESS, "%d bytes at %#lx, %ld bytes from the beginning of the device's memory: nothing is allocated there", bytes, (long)address, (long)place);
    }
    return (uint8_t*)(intptr_t)address;
}

void ptx_begin_epoch(Group* group) {
    /* Not one that shadows have from long ago. */
    if (++group->epoch >= UNDER_WAY - 1) memset(group->shadow, 0, (group->shared_bytes / 2 + 1) * sizeof(Shadow)), group->epoch = 1;
}

uint8_t* ptx_shared(Warp* warp, const Instruction* instruction, int lane, int64_t address, int bytes, int writes, int is_anybody) {
    Group* group = warp->group;
    const Kernel* kernel = group->kernel;
    uint16_t thread = (uint16_t)(is_anybody ? SEVERAL : warp->index * LANES + lane + 1);
    if (address & (bytes - 1)) ptx_fail(warp, instruction, lane, PTX_MISALIGNED_ADDRESS, "%d bytes at %ld of shared memory, which is no multiple", bytes, (long)address);
    if (address < 0 || address + bytes > group->shared_bytes || (address < DYNAMIC_SHARED && !(address + bytes <= kernel->shared_bytes && kernel->shared_is_variable[address] && kernel->shared_is_variable[address + bytes - 1]))) {
        ptx_fail(warp, instruction, lane, PTX_ILLEGAL_ADDRESS, "%d bytes at %ld of shared memory: no variable is there", bytes, (long)address);
    }
    for (Shadow *shadow = group->shadow + address / 2, *end = group->shadow + (address + bytes + 1) / 2; shadow < end; shadow++) {
        if (shadow->epoch != group->epoch) {
            if (shadow->epoch == UNDER_WAY) {
                ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "%s %ld of shared memory while thread %d copies there and has not waited", writes ? "writes to" : "reads from", (long)address, shadow->writer - 1);
            }
            *shadow = (Shadow){ group->epoch, NOBODY, NOBODY };
        }
        if (shadow->writer != NOBODY && shadow->writer != thread) {
            ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "%s %ld of shared memory, to which thread %d writes between the same barriers", writes ? "writes to" : "reads from", (long)address, shadow->writer - 1);
        }
        if (!writes) {
            shadow->reader = shadow->reader == NOBODY || shadow->reader == thread ? thread : SEVERAL;
            continue;
        }
        if (shadow->reader != NOBODY && shadow->reader != thread) {
            if (shadow->reader == SEVERAL) ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "writes to %ld of shared memory, from which several threads read between the same barriers", (long)address);
            ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "writes to %ld of shared memory, from which thread %d reads between the same barriers", (long)address, shadow->reader - 1);
        }
        shadow->writer = thread;
    }
    return group->shared + address;
}

#define EACH(...) for (uint32_t rest = mask; rest; rest &= rest - 1) { int lane = __builtin_ctz(rest); __VA_ARGS__ }

static inline uint8_t* place_of(Warp* warp, const Instruction* instruction, int k, int lane, int bytes, int is_shared, int writes) {
    int64_t address = ptx_address(warp, instruction, k, lane);
    /* What several have read since the last barrier, as most of what is shared, one more may read. */
    if (is_shared && !writes && bytes == 4 && !(address & 3) && (uint64_t)address < (uint64_t)(warp->group->shared_bytes & ~3)) {
        const Shadow* shadow = &warp->group->shadow[address / 2];
        uint64_t read = warp->group->epoch | (uint64_t)SEVERAL << 48, first, second;
        memcpy(&first, shadow, 8);
        memcpy(&second, shadow + 1, 8);
        if (first == read && second == read) return warp->group->shared + address;
    }
    return is_shared ? ptx_shared(warp, instruction, lane, address, bytes, writes, 0) : global(warp, instruction, lane, address, bytes);
}

/* Of `count` values side by side; what is shorter than a register is widened as T says. */
#define LOAD(id, R, T, count, is_shared) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { EACH( \
        const T* place = (const T*)place_of(warp, instruction, count, lane, count * (int)sizeof(T), is_shared, 0); \
        for (int j = 0; j < count; j++) ROW(R, j)[lane] = (R)place[j];) }
#define STORE(id, R, T, count, is_shared) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { EACH( \
        T* place = (T*)place_of(warp, instruction, 0, lane, count * (int)sizeof(T), is_shared, 1); \
        for (int j = 0; j < count; j++) place[j] = (T)ROW(R, 2 + j)[lane];) }
#define BOTH(id, R, T, count) LOAD(load_global_##id, R, T, count, 0) LOAD(load_shared_##id, R, T, count, 1) STORE(store_global_##id, R, T, count, 0) STORE(store_shared_##id, R, T, count, 1)

BOTH(b8, uint32_t, uint8_t, 1) BOTH(b16, uint32_t, uint16_t, 1) BOTH(b32, uint32_t, uint32_t, 1) BOTH(b64, uint64_t, uint64_t, 1)
BOTH(s8, int32_t, int8_t, 1) BOTH(s16, int32_t, int16_t, 1)
BOTH(v2_b16, uint32_t, uint16_t, 2) BOTH(v4_b16, uint32_t, uint16_t, 4)
BOTH(v2_b32, uint32_t, uint32_t, 2) BOTH(v4_b32, uint32_t, uint32_t, 4) BOTH(v2_b64, uint64_t, uint64_t, 2)

#define PARAMETER(id, R, T) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { T value; memcpy(&value, warp->group->parameters + instruction->operands[1], sizeof value); R* d = ROW(R, 0); EACH_LANE(d[lane] = (R)value;) }
PARAMETER(param_b8, uint32_t, uint8_t) PARAMETER(param_s8, int32_t, int8_t) PARAMETER(param_b16, uint32_t, uint16_t) PARAMETER(param_s16, int32_t, int16_t) PARAMETER(param_b32, uint32_t, uint32_t) PARAMETER(param_b64, uint64_t, uint64_t)

/* ---- Asynchronous copies ---------------------------------------------------------------------------------------------- */

static void begin_copies(Warp* warp, const Instruction* instruction, uint32_t mask, const uint32_t* from_source) {
    int bytes = instruction->operands[4];
    if (bytes != 4 && bytes != 8 && bytes != 16) ptx_fail(warp, instruction, __builtin_ctz(mask), PTX_LAUNCH_FAILED, "copies %d bytes, which is not 4, 8 or 16", bytes);
    EACH(
        int count = from_source ? (int)from_source[lane] : bytes;
        int64_t target = ptx_address(warp, instruction, 0, lane);
        int64_t source = ptx_address(warp, instruction, 2, lane);
        if (count < 0 || count > bytes) ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "takes %d of %d bytes", count, bytes);
        /* What is not taken is not read, so it may lie anywhere. */
        if (source & (bytes - 1)) ptx_fail(warp, instruction, lane, PTX_MISALIGNED_ADDRESS, "%d bytes at %#lx, which is no multiple", bytes, (long)source);
        for (int part = 0; part < count; part += 4) global(warp, instruction, lane, source + part, 4);
        uint8_t* place = ptx_shared(warp, instruction, lane, target, bytes, 1, 0);
        memset(place, 0xff, (size_t)bytes);
        for (int i = 0; i < bytes / 2; i++) warp->group->shadow[target / 2 + i] = (Shadow){ UNDER_WAY, (uint16_t)(warp->index * LANES + lane + 1), NOBODY };
        if (warp->copy_count == warp->copy_room) warp->copies = realloc(warp->copies, (size_t)(warp->copy_room = 2 * warp->copy_room + 64) * sizeof *warp->copies);
        warp->copies[warp->copy_count].lane = lane;
        warp->copies[warp->copy_count].target = (int32_t)target;
        warp->copies[warp->copy_count].bytes = bytes;
        warp->copies[warp->copy_count].from_source = count;
        warp->copies[warp->copy_count].source = (const uint8_t*)(intptr_t)source;
        warp->copies[warp->copy_count++].batch = -1;
    )
}

static void copy_whole(Warp* warp, const Instruction* instruction, uint32_t mask) { begin_copies(warp, instruction, mask, 0); }

static void copy_part(Warp* warp, const Instruction* instruction, uint32_t mask) { begin_copies(warp, instruction, mask, ROW(uint32_t, 5)); }

static void commit_copies(Warp* warp, const Instruction* instruction, uint32_t mask) {
    (void)instruction;
    for (int i = 0; i < warp->copy_count; i++) if (mask >> warp->copies[i].lane & 1 && warp->copies[i].batch < 0) warp->copies[i].batch = warp->batches[warp->copies[i].lane];
    EACH(warp->batches[lane]++;)
}

/* All batches but the last few; uncommitted copies too where nothing may be left. */
static void finish_copies(Warp* warp, uint32_t mask, int left, int all) {
    int kept = 0;
    for (int i = 0; i < warp->copy_count; i++) {
        int lane = warp->copies[i].lane, target = warp->copies[i].target, taken = warp->copies[i].from_source, bytes = warp->copies[i].bytes;
        int64_t batch = warp->copies[i].batch;
        if (!(mask >> lane & 1) || !(all || (batch >= 0 && batch < warp->batches[lane] - left))) {
            warp->copies[kept++] = warp->copies[i];
            continue;
        }
        memcpy(warp->group->shared + target, warp->copies[i].source, (size_t)taken);
        memset(warp->group->shared + target + taken, 0, (size_t)(bytes - taken));
        for (int j = 0; j < bytes / 2; j++) warp->group->shadow[target / 2 + j].epoch = warp->group->epoch;
    }
    warp->copy_count = kept;
}

static void wait_copies(Warp* warp, const Instruction* instruction, uint32_t mask) { finish_copies(warp, mask, instruction->operands[0], 0); }

static void wait_all_copies(Warp* warp, const Instruction* instruction, uint32_t mask) { (void)instruction; finish_copies(warp, mask, 0, 1); }

#define OP(name, operands, action) { name, operands, action, COMPUTE },
#define KINDS(type, r, id) \
    OP("ld.global." type, r "a", load_global_##id) OP("ld.shared." type, r "a", load_shared_##id) OP("st.global." type, "a" r, store_global_##id) OP("st.shared." type, "a" r, store_shared_##id)
#define TYPES(v, n, r, id) KINDS(v "b" #n, r, id) KINDS(v "u" #n, r, id) KINDS(v "s" #n, r, id)

const Operation memory_operations[] = {
    KINDS("b8", "w", b8) KINDS("u8", "w", b8) KINDS("s8", "w", s8) KINDS("b16", "w", b16) KINDS("u16", "w", b16) KINDS("s16", "w", s16)
    TYPES("", 32, "w", b32) KINDS("f32", "w", b32) TYPES("", 64, "d", b64) KINDS("f64", "d", b64)
    TYPES("v2.", 16, "{ww}", v2_b16) TYPES("v4.", 16, "{wwww}", v4_b16)
    TYPES("v2.", 32, "{ww}", v2_b32) KINDS("v2.f32", "{ww}", v2_b32) TYPES("v4.", 32, "{wwww}", v4_b32) KINDS("v4.f32", "{wwww}", v4_b32) TYPES("v2.", 64, "{dd}", v2_b64) KINDS("v2.f64", "{dd}", v2_b64)
    OP("ld.param.b8", "wm", param_b8) OP("ld.param.u8", "wm", param_b8) OP("ld.param.s8", "wm", param_s8) OP("ld.param.b16", "wm", param_b16) OP("ld.param.u16", "wm", param_b16) OP("ld.param.s16", "wm", param_s16)
    OP("ld.param.b32", "wm", param_b32) OP("ld.param.u32", "wm", param_b32) OP("ld.param.s32", "wm", param_b32) OP("ld.param.f32", "wm", param_b32)
    OP("ld.param.b64", "dm", param_b64) OP("ld.param.u64", "dm", param_b64) OP("ld.param.s64", "dm", param_b64) OP("ld.param.f64", "dm", param_b64)
    OP("cp.async.ca.shared.global", "aai", copy_whole) OP("cp.async.cg.shared.global", "aai", copy_whole) OP("cp.async.ca.shared.global", "aaiw", copy_part) OP("cp.async.cg.shared.global", "aaiw", copy_part)
    OP("cp.async.commit_group", "", commit_copies) OP("cp.async.wait_group", "i", wait_copies) OP("cp.async.wait_all", "", wait_all_copies)
    { 0 },
};
