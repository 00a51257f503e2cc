/* Instructions of all threads of a warp at once: values handed from one to another, and products of small matrices whose elements lie spread over the threads. Where each element lies
   is from the tables of the PTX manual ("Matrix fragments for mma", "ldmatrix"). */
#include <math.h>
#include <string.h>
#include "ptx_machine.h"

#define ALL 0xffffffffu

static float bits_as_float(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }

static uint32_t float_as_bits(float x) { uint32_t bits; memcpy(&bits, &x, 4); return bits; }

static float of_bf16(uint32_t bits) { return bits_as_float(bits << 16); }

static float of_f16(uint32_t bits) {
    uint32_t sign = (bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
    if (exponent == 31) return bits_as_float(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) return bits_as_float(sign | float_as_bits((float)fraction * 0x1p-24f));
    return bits_as_float(sign | (exponent + 112) << 23 | fraction << 13);
}

static float of_tf32(uint32_t bits) { return bits_as_float(bits & ~0x1fffu); }

/* The nearest, of two equally near the even one. */
static uint32_t to_bf16(float x) {
    uint32_t bits = float_as_bits(x);
    return x != x ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static uint32_t to_f16(float x) {
    uint32_t sign = float_as_bits(x) >> 16 & 0x8000;
    float size = fabsf(x);
    if (x != x) return 0x7fff;
    if (size >= 65520) return sign | 0x7c00;
    if (size < 0x1p-14f) return sign | (uint32_t)rintf(size * 0x1p24f);
    uint32_t bits = float_as_bits(size);
    return sign | (((bits + 0xfff + (bits >> 13 & 1)) >> 13) - (112 << 10));
}

/* The nearest, of two equally near the one farther from 0. */
static uint32_t to_tf32(float x) { return x != x ? 0x7fffffff : isinf(x) ? float_as_bits(x) : (float_as_bits(x) + 0x1000) & ~0x1fffu; }

static void cvt_tf32(Warp* warp, const Instruction* instruction, uint32_t mask) { uint32_t* d = ROW(uint32_t, 0); const float* x = ROW(float, 1); EACH_LANE(d[lane] = to_tf32(x[lane]);) }

/* The first operand is the upper half. */
static void cvt_bf16x2(Warp* warp, const Instruction* instruction, uint32_t mask) { uint32_t* d = ROW(uint32_t, 0); const float *x = ROW(float, 1), *y = ROW(float, 2); EACH_LANE(uint32_t high = to_bf16(x[lane]); d[lane] = high << 16 | to_bf16(y[lane]);) }

static void cvt_f16x2(Warp* warp, const Instruction* instruction, uint32_t mask) { uint32_t* d = ROW(uint32_t, 0); const float *x = ROW(float, 1), *y = ROW(float, 2); EACH_LANE(uint32_t high = to_f16(x[lane]); d[lane] = high << 16 | to_f16(y[lane]);) }

static void cvt_bf16(Warp* warp, const Instruction* instruction, uint32_t mask) { uint32_t* d = ROW(uint32_t, 0); const float* x = ROW(float, 1); EACH_LANE(d[lane] = to_bf16(x[lane]);) }

static void cvt_f16(Warp* warp, const Instruction* instruction, uint32_t mask) { uint32_t* d = ROW(uint32_t, 0); const float* x = ROW(float, 1); EACH_LANE(d[lane] = to_f16(x[lane]);) }

static void cvt_from_f16(Warp* warp, const Instruction* instruction, uint32_t mask) { float* d = ROW(float, 0); const uint32_t* x = ROW(uint32_t, 1); EACH_LANE(d[lane] = of_f16(x[lane] & 0xffff);) }

static void cvt_from_bf16(Warp* warp, const Instruction* instruction, uint32_t mask) { float* d = ROW(float, 0); const uint32_t* x = ROW(uint32_t, 1); EACH_LANE(d[lane] = of_bf16(x[lane] & 0xffff);) }

/* ---- Values from other threads ---------------------------------------------------------------------------------------- */

static void check_members(Warp* warp, const Instruction* instruction, uint32_t mask, const uint32_t* members) {
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
        int lane = __builtin_ctz(rest);
        if (members[lane] != mask) ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "names the threads %08x of the warp, and %08x are there", members[lane], mask);
    }
}

typedef enum { INDEX, DOWN, UP, BUTTERFLY } Way;

static void shuffle(Warp* warp, const Instruction* instruction, uint32_t mask, Way way, int with_predicate) {
    uint32_t *d = ROW(uint32_t, 0), *p = with_predicate ? ROW(uint32_t, 1) : 0, from[LANES], found = 0;
    int k = 1 + with_predicate;
    const uint32_t *x = ROW(uint32_t, k), *y = ROW(uint32_t, k + 1), *z = ROW(uint32_t, k + 2);
    check_members(warp, instruction, mask, ROW(uint32_t, k + 3));
    memcpy(from, x, sizeof from);
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
        int lane = __builtin_ctz(rest), by = (int)(y[lane] & 31), segment = (int)(z[lane] >> 8 & 31), clamp = (int)(z[lane] & 31);
        int most = (lane & segment) | (clamp & ~segment), least = lane & segment, source, inside;
        switch (way) {
        case UP: source = lane - by; inside = source >= most; break;
        case DOWN: source = lane + by; inside = source <= most; break;
        case BUTTERFLY: source = lane ^ by; inside = source <= most; break;
        default: source = least | (by & ~segment); inside = source <= most; break;
        }
        if (!inside) source = lane;
        if (!(mask >> source & 1)) ptx_fail(warp, instruction, lane, PTX_LAUNCH_FAILED, "takes a value of thread %d of the warp, which is not there", source);
        d[lane] = from[source];
        found |= (uint32_t)inside << lane;
    }
    if (p) *p = (*p & ~mask) | found;
}

#define SHUFFLE(id, way) \
    static void shuffle_##id(Warp* warp, const Instruction* instruction, uint32_t mask) { shuffle(warp, instruction, mask, way, 0); } \
    static void shuffle_##id##_p(Warp* warp, const Instruction* instruction, uint32_t mask) { shuffle(warp, instruction, mask, way, 1); }
SHUFFLE(index, INDEX) SHUFFLE(down, DOWN) SHUFFLE(up, UP) SHUFFLE(butterfly, BUTTERFLY)

static void vote_ballot(Warp* warp, const Instruction* instruction, uint32_t mask) {
    uint32_t *d = ROW(uint32_t, 0), votes = *ROW(uint32_t, 1) & mask;
    check_members(warp, instruction, mask, ROW(uint32_t, 2));
    EACH_LANE(d[lane] = votes;)
}

static void vote_all(Warp* warp, const Instruction* instruction, uint32_t mask) {
    uint32_t *d = ROW(uint32_t, 0), votes = *ROW(uint32_t, 1) & mask;
    check_members(warp, instruction, mask, ROW(uint32_t, 2));
    *d = (*d & ~mask) | (votes == mask ? mask : 0);
}

static void vote_any(Warp* warp, const Instruction* instruction, uint32_t mask) {
    uint32_t *d = ROW(uint32_t, 0), votes = *ROW(uint32_t, 1) & mask;
    check_members(warp, instruction, mask, ROW(uint32_t, 2));
    *d = (*d & ~mask) | (votes ? mask : 0);
}

/* ---- Matrices ---------------------------------------------------------------------------------------------------------- */

static void require_all(Warp* warp, const Instruction* instruction, uint32_t mask) {
    if (mask != ALL) ptx_fail(warp, instruction, __builtin_ctz(mask), PTX_LAUNCH_FAILED, "takes a whole warp, and of this one the threads %08x are there", mask);
}

/* Matrices of 8 rows of 8 elements of 16 bits: thread 8i + j says where row j of matrix i lies; thread t gets elements 2(t % 4) and the next of row t / 4. */
static void load_matrices(Warp* warp, const Instruction* instruction, uint32_t mask, int count, int transposed) {
    uint16_t matrix[8][8];
    require_all(warp, instruction, mask);
    uint32_t loaded[4][LANES];
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < 8; j++) memcpy(matrix[j], ptx_shared(warp, instruction, 8 * i + j, ptx_address(warp, instruction, count, 8 * i + j), 16, 0, 1), 16);
        for (int t = 0; t < LANES; t++) {
            int row = t / 4, column = 2 * (t % 4);
            loaded[i][t] = transposed ? matrix[column][row] | (uint32_t)matrix[column + 1][row] << 16 : matrix[row][column] | (uint32_t)matrix[row][column + 1] << 16;
        }
    }
    /* The address may be one of the results. */
    for (int i = 0; i < count; i++) memcpy(ROW(uint32_t, i), loaded[i], sizeof loaded[i]);
}

#define MATRICES(id, count, transposed) static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { load_matrices(warp, instruction, mask, count, transposed); }
MATRICES(ldmatrix_1, 1, 0) MATRICES(ldmatrix_2, 2, 0) MATRICES(ldmatrix_4, 4, 0) MATRICES(ldmatrix_1t, 1, 1) MATRICES(ldmatrix_2t, 2, 1) MATRICES(ldmatrix_4t, 4, 1)

/* d = a b + c with a of 16 rows, b of 8 columns. Element i of c and d: row t / 4 (8 more from i = 2 on), column 2(t % 4) + i % 2. */
static void multiply(Warp* warp, const Instruction* instruction, float a[16][16], float b[16][8], int depth, int k) {
    float sums[16][8];
    for (int t = 0; t < LANES; t++) for (int i = 0; i < 4; i++) sums[t / 4 + (i >= 2 ? 8 : 0)][2 * (t % 4) + i % 2] = ROW(float, k + i)[t];
    for (int row = 0; row < 16; row++) for (int p = 0; p < depth; p++) for (int column = 0; column < 8; column++) sums[row][column] += a[row][p] * b[p][column];
    for (int t = 0; t < LANES; t++) for (int i = 0; i < 4; i++) ROW(float, i)[t] = sums[t / 4 + (i >= 2 ? 8 : 0)][2 * (t % 4) + i % 2];
}

/* tf32, of depth 8: element i of a has row t / 4 (8 more where i is odd), column t % 4 (4 more from i = 2 on); of b, row t % 4 + 4i, column t / 4. */
static void mma_tf32(Warp* warp, const Instruction* instruction, uint32_t mask) {
    float a[16][16], b[16][8];
    require_all(warp, instruction, mask);
    for (int t = 0; t < LANES; t++) {
        for (int i = 0; i < 4; i++) a[t / 4 + (i & 1 ? 8 : 0)][t % 4 + (i >= 2 ? 4 : 0)] = of_tf32(ROW(uint32_t, 4 + i)[t]);
        for (int i = 0; i < 2; i++) b[t % 4 + 4 * i][t / 4] = of_tf32(ROW(uint32_t, 8 + i)[t]);
    }
    multiply(warp, instruction, a, b, 8, 10);
}

/* 16 bits, two elements a register, the lower half first. Register r of a: row t / 4 (8 more where r is odd), columns 2(t % 4) and the next (8 more from r = 2 on); of b, rows 2(t % 4) and the
   next (8 more where r is 1), column t / 4. */
static void mma_16(Warp* warp, const Instruction* instruction, uint32_t mask, float (*value)(uint32_t), int depth) {
    float a[16][16], b[16][8];
    int in_a = depth / 4, in_b = depth / 8;
    require_all(warp, instruction, mask);
    for (int t = 0; t < LANES; t++) {
        for (int r = 0; r < in_a; r++) for (int half = 0; half < 2; half++) a[t / 4 + (r & 1 ? 8 : 0)][2 * (t % 4) + half + (r >= 2 ? 8 : 0)] = value(ROW(uint32_t, 4 + r)[t] >> 16 * half & 0xffff);
        for (int r = 0; r < in_b; r++) for (int half = 0; half < 2; half++) b[2 * (t % 4) + half + 8 * r][t / 4] = value(ROW(uint32_t, 4 + in_a + r)[t] >> 16 * half & 0xffff);
    }
    multiply(warp, instruction, a, b, depth, 4 + in_a + in_b);
}

#define MMA(id, value, depth) static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { mma_16(warp, instruction, mask, value, depth); }
MMA(mma_bf16, of_bf16, 16) MMA(mma_f16, of_f16, 16) MMA(mma_bf16_8, of_bf16, 8) MMA(mma_f16_8, of_f16, 8)

static void nothing(Warp* warp, const Instruction* instruction, uint32_t mask) { check_members(warp, instruction, mask, ROW(uint32_t, 0)); }

#define OP(name, operands, action) { name, operands, action, COMPUTE },
#define WARP(name, operands, action) { name, operands, action, TOGETHER },
#define SHUFFLES(name, id) WARP("shfl.sync." name ".b32", "wwwww", shuffle_##id) WARP("shfl.sync." name ".b32", "wpwwww", shuffle_##id##_p)

const Operation warp_operations[] = {
    OP("cvt.rna.tf32.f32", "ww", cvt_tf32) OP("cvt.rn.bf16x2.f32", "www", cvt_bf16x2) OP("cvt.rn.f16x2.f32", "www", cvt_f16x2) OP("cvt.rn.bf16.f32", "ww", cvt_bf16) OP("cvt.rn.f16.f32", "ww", cvt_f16)
    OP("cvt.f32.f16", "ww", cvt_from_f16) OP("cvt.f32.bf16", "ww", cvt_from_bf16)
    SHUFFLES("idx", index) SHUFFLES("down", down) SHUFFLES("up", up) SHUFFLES("bfly", butterfly)
    WARP("vote.sync.ballot.b32", "wpw", vote_ballot) WARP("vote.sync.all.pred", "ppw", vote_all) WARP("vote.sync.any.pred", "ppw", vote_any) WARP("bar.warp.sync", "w", nothing)
    WARP("ldmatrix.sync.aligned.m8n8.x1.shared.b16", "{w}a", ldmatrix_1) WARP("ldmatrix.sync.aligned.m8n8.x2.shared.b16", "{ww}a", ldmatrix_2) WARP("ldmatrix.sync.aligned.m8n8.x4.shared.b16", "{wwww}a", ldmatrix_4)
    WARP("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16", "{w}a", ldmatrix_1t) WARP("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16", "{ww}a", ldmatrix_2t) WARP("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", "{wwww}a", ldmatrix_4t)
    WARP("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", "{wwww}{wwww}{ww}{wwww}", mma_tf32)
    WARP("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", "{wwww}{wwww}{ww}{wwww}", mma_bf16) WARP("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", "{wwww}{wwww}{ww}{wwww}", mma_f16)
    WARP("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", "{wwww}{ww}{w}{wwww}", mma_bf16_8) WARP("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", "{wwww}{ww}{w}{wwww}", mma_f16_8)
    { "bar.sync", "i", 0, BARRIER }, { "bra", "l", 0, BRANCH }, { "ret", "", 0, EXIT }, { "exit", "", 0, EXIT },
    { 0 },
};
