/* Instructions that compute each thread's value of its own operands: exactly as IEEE 754 and the PTX manual say. */
#include <math.h>
#include <string.h>
#include "ptx_machine.h"

typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
typedef float f32;
typedef double f64;

/* Shorter integers lie in 32 bits; what is above them is not looked at. */
typedef struct { uint16_t value, above; } w16;
typedef struct { int16_t value; uint16_t above; } i16;
typedef struct { uint8_t value, above[3]; } w8;
typedef struct { int8_t value; uint8_t above[3]; } i8;

static inline f32 canonical32(f32 x) { u32 nan = 0x7fffffff; f32 result; memcpy(&result, &nan, 4); return x != x ? result : x; }
static inline f64 canonical64(f64 x) { return x; }

#define UNARY(id, R, A, ...) static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { R* d = ROW(R, 0); const A* x = ROW(A, 1); EACH_LANE(A a = x[lane]; d[lane] = __VA_ARGS__;) }
#define BINARY(id, R, A, B, ...) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { R* d = ROW(R, 0); const A* x = ROW(A, 1); const B* y = ROW(B, 2); EACH_LANE(A a = x[lane]; B b = y[lane]; d[lane] = __VA_ARGS__;) }
#define TERNARY(id, R, A, B, C, ...) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { \
        R* d = ROW(R, 0); const A* x = ROW(A, 1); const B* y = ROW(B, 2); const C* z = ROW(C, 3); EACH_LANE(A a = x[lane]; B b = y[lane]; C c = z[lane]; d[lane] = __VA_ARGS__;) }
#define COMPARE(id, A, ...) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { \
        u32* d = ROW(u32, 0); const A *x = ROW(A, 1), *y = ROW(A, 2); u32 bits = 0; for (int lane = 0; lane < LANES; lane++) { A a = x[lane], b = y[lane]; bits |= (u32)(__VA_ARGS__) << lane; } \
        *d = (*d & ~mask) | (bits & mask); }
#define TEST(id, A, ...) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { \
        u32* d = ROW(u32, 0); const A* x = ROW(A, 1); u32 bits = 0; for (int lane = 0; lane < LANES; lane++) { A a = x[lane]; bits |= (u32)!!(__VA_ARGS__) << lane; } *d = (*d & ~mask) | (bits & mask); }
#define PREDICATE(id, ...) \
    static void id(Warp* warp, const Instruction* instruction, uint32_t mask) { u32* d = ROW(u32, 0); u32 a = *ROW(u32, 1), b = *ROW(u32, 2); (void)b; *d = (*d & ~mask) | ((__VA_ARGS__) & mask); }

/* Division by zero has any result; that of the hardware is all ones. */
#define DIVIDE(T, U) (b == 0 ? (T)-1 : b == (T)-1 && (T)-1 < 0 ? (T)(0 - (U)a) : a / b)
#define REMAINDER(T) (b == 0 ? a : b == (T)-1 && (T)-1 < 0 ? 0 : a % b)

#define INTEGERS(S, U, n) \
    BINARY(add_##n, U, U, U, a + b) BINARY(sub_##n, U, U, U, a - b) BINARY(mul_##n, U, U, U, a * b) TERNARY(mad_##n, U, U, U, U, a * b + c) \
    BINARY(div_s##n, S, S, S, DIVIDE(S, U)) BINARY(div_u##n, U, U, U, DIVIDE(U, U)) BINARY(rem_s##n, S, S, S, REMAINDER(S)) BINARY(rem_u##n, U, U, U, REMAINDER(U)) \
    BINARY(min_s##n, S, S, S, a < b ? a : b) BINARY(min_u##n, U, U, U, a < b ? a : b) BINARY(max_s##n, S, S, S, a > b ? a : b) BINARY(max_u##n, U, U, U, a > b ? a : b) \
    UNARY(neg_##n, U, U, 0 - a) UNARY(abs_##n, U, S, a < 0 ? 0 - (U)a : (U)a) UNARY(not_##n, U, U, ~a) UNARY(mov_##n, U, U, a) \
    BINARY(and_##n, U, U, U, a & b) BINARY(or_##n, U, U, U, a | b) BINARY(xor_##n, U, U, U, a ^ b) \
    BINARY(shl_##n, U, U, u32, b >= n ? 0 : a << b) BINARY(shr_u##n, U, U, u32, b >= n ? 0 : a >> b) BINARY(shr_s##n, S, S, u32, a >> (b >= n ? n - 1 : b)) \
    COMPARE(eq_##n, U, a == b) COMPARE(ne_##n, U, a != b) COMPARE(lt_s##n, S, a < b) COMPARE(le_s##n, S, a <= b) COMPARE(gt_s##n, S, a > b) COMPARE(ge_s##n, S, a >= b) \
    COMPARE(lt_u##n, U, a < b) COMPARE(le_u##n, U, a <= b) COMPARE(gt_u##n, U, a > b) COMPARE(ge_u##n, U, a >= b) \
    static void selp_##n(Warp* warp, const Instruction* instruction, uint32_t mask) { U* d = ROW(U, 0); const U *x = ROW(U, 1), *y = ROW(U, 2); u32 p = *ROW(u32, 3); EACH_LANE(d[lane] = p >> lane & 1 ? x[lane] : y[lane];) }

INTEGERS(s32, u32, 32)
INTEGERS(s64, u64, 64)

BINARY(mul_wide_s32, s64, s32, s32, (s64)a * b)
BINARY(mul_wide_u32, u64, u32, u32, (u64)a * b)
TERNARY(mad_wide_s32, s64, s32, s32, s64, (s64)a * b + c)
TERNARY(mad_wide_u32, u64, u32, u32, u64, (u64)a * b + c)
BINARY(mul_hi_s32, s32, s32, s32, (s32)((s64)a * b >> 32))
BINARY(mul_hi_u32, u32, u32, u32, (u32)((u64)a * b >> 32))
BINARY(mul_hi_s64, s64, s64, s64, (s64)((__int128)a * b >> 64))
BINARY(mul_hi_u64, u64, u64, u64, (u64)((unsigned __int128)a * b >> 64))
UNARY(popc_32, u32, u32, (u32)__builtin_popcount(a))
UNARY(popc_64, u32, u64, (u32)__builtin_popcountll(a))
UNARY(clz_32, u32, u32, a ? (u32)__builtin_clz(a) : 32)
UNARY(clz_64, u32, u64, a ? (u32)__builtin_clzll(a) : 64)

/* 16 bits: what is made of them has nothing above. */
BINARY(add_16, u32, u32, u32, (a + b) & 0xffff)
BINARY(sub_16, u32, u32, u32, (a - b) & 0xffff)
BINARY(mul_16, u32, u32, u32, (a * b) & 0xffff)
BINARY(shl_16, u32, u32, u32, b >= 16 ? 0 : a << b & 0xffff)
BINARY(shr_u16, u32, w16, u32, b >= 16 ? 0 : a.value >> b)
BINARY(shr_s16, u32, i16, u32, (u32)(a.value >> (b >= 16 ? 15 : b)) & 0xffff)
#define COMPARE_16(id, T, op) COMPARE(id, T, a.value op b.value)
COMPARE_16(eq_16, w16, ==) COMPARE_16(ne_16, w16, !=) COMPARE_16(lt_s16, i16, <) COMPARE_16(le_s16, i16, <=) COMPARE_16(gt_s16, i16, >) COMPARE_16(ge_s16, i16, >=)
COMPARE_16(lt_u16, w16, <) COMPARE_16(le_u16, w16, <=) COMPARE_16(gt_u16, w16, >) COMPARE_16(ge_u16, w16, >=)

/* Of a number and NaN the number; +0 is more than -0. */
#define FLOATS(T, U, n) \
    BINARY(add_f##n, T, T, T, canonical##n(a + b)) BINARY(sub_f##n, T, T, T, canonical##n(a - b)) BINARY(mul_f##n, T, T, T, canonical##n(a * b)) \
    TERNARY(fma_f##n, T, T, T, T, canonical##n(n == 32 ? (T)fmaf((f32)a, (f32)b, (f32)c) : (T)fma(a, b, c))) \
    TERNARY(fnma_f##n, T, T, T, T, canonical##n(n == 32 ? (T)fmaf(-(f32)a, (f32)b, (f32)c) : (T)fma(-a, b, c))) \
    TERNARY(fms_f##n, T, T, T, T, canonical##n(n == 32 ? (T)fmaf((f32)a, (f32)b, -(f32)c) : (T)fma(a, b, -c))) \
    BINARY(div_f##n, T, T, T, canonical##n(a / b)) UNARY(rcp_f##n, T, T, canonical##n(1 / a)) UNARY(sqrt_f##n, T, T, canonical##n((T)sqrt##n(a))) \
    BINARY(max_f##n, T, T, T, a != a ? canonical##n(b) : b != b ? a : a > b ? a : b > a ? b : signbit(a) ? b : a) BINARY(min_f##n, T, T, T, a != a ? canonical##n(b) : b != b ? a : a < b ? a : b < a ? b : signbit(a) ? a : b) \
    UNARY(neg_f##n, U, U, a ^ (U)1 << (n - 1)) UNARY(abs_f##n, U, U, a & ~((U)1 << (n - 1))) \
    BINARY(copysign_f##n, U, U, U, (b & ~((U)1 << (n - 1))) | (a & (U)1 << (n - 1))) \
    COMPARE(eq_f##n, T, a == b) COMPARE(ne_f##n, T, a == a && b == b && a != b) COMPARE(lt_f##n, T, a < b) COMPARE(le_f##n, T, a <= b) COMPARE(gt_f##n, T, a > b) COMPARE(ge_f##n, T, a >= b) \
    COMPARE(equ_f##n, T, !(a == a && b == b && a != b)) COMPARE(neu_f##n, T, a != b) COMPARE(ltu_f##n, T, !(a >= b)) COMPARE(leu_f##n, T, !(a > b)) COMPARE(gtu_f##n, T, !(a <= b)) COMPARE(geu_f##n, T, !(a < b)) \
    COMPARE(num_f##n, T, a == a && b == b) COMPARE(nan_f##n, T, a != a || b != b) \
    TEST(notanumber_f##n, T, a != a) TEST(number_f##n, T, a == a) TEST(infinite_f##n, T, a - a != 0 && a == a) TEST(finite_f##n, T, a - a == 0) \
    UNARY(floor_f##n, T, T, canonical##n((T)floor(a))) UNARY(ceil_f##n, T, T, canonical##n((T)ceil(a))) UNARY(trunc_f##n, T, T, canonical##n((T)trunc(a))) UNARY(rint_f##n, T, T, canonical##n((T)rint(a)))
#define sqrt32 sqrtf
#define sqrt64 sqrt

FLOATS(f32, u32, 32)
FLOATS(f64, u64, 64)

/* Beyond the range the nearest end; NaN is 0, or the lowest where 64 bits take part. */
#define TO_INTEGER(id, R, A, low, high, nan, round) UNARY(id, R, A, a != a ? (R)nan : round(a) <= (A)low ? (R)low : round(a) >= (A)high ? (R)high : (R)round(a))
#define TO_INTEGERS(mode, round) \
    TO_INTEGER(mode##_s32_f32, s32, f32, INT32_MIN, INT32_MAX, 0, round) TO_INTEGER(mode##_u32_f32, u32, f32, 0, UINT32_MAX, 0, round) \
    TO_INTEGER(mode##_s64_f32, s64, f32, INT64_MIN, INT64_MAX, INT64_MIN, round) TO_INTEGER(mode##_u64_f32, u64, f32, 0, UINT64_MAX, (u64)INT64_MIN, round) \
    TO_INTEGER(mode##_s32_f64, s32, f64, INT32_MIN, INT32_MAX, INT32_MIN, round) TO_INTEGER(mode##_u32_f64, u32, f64, 0, UINT32_MAX, (u32)INT32_MIN, round) \
    TO_INTEGER(mode##_s64_f64, s64, f64, INT64_MIN, INT64_MAX, INT64_MIN, round) TO_INTEGER(mode##_u64_f64, u64, f64, 0, UINT64_MAX, (u64)INT64_MIN, round)
TO_INTEGERS(rzi, trunc)
TO_INTEGERS(rni, rint)
TO_INTEGERS(rmi, floor)
TO_INTEGERS(rpi, ceil)

/* Between integers, and from them: the low bits count. */
#define CONVERT(id, R, A) UNARY(cvt_##id, R, A, (R)a)
CONVERT(s64_s32, s64, s32) CONVERT(u64_u32, u64, u32) CONVERT(b32_b64, u32, u64) CONVERT(f32_f64, f32, f64) CONVERT(f64_f32, f64, f32)
CONVERT(f32_s32, f32, s32) CONVERT(f32_u32, f32, u32) CONVERT(f32_s64, f32, s64) CONVERT(f32_u64, f32, u64) CONVERT(f64_s32, f64, s32) CONVERT(f64_u32, f64, u32) CONVERT(f64_s64, f64, s64) CONVERT(f64_u64, f64, u64)
#define EXTEND(id, R, A) UNARY(cvt_##id, R, A, (R)a.value)
EXTEND(b32_u8, u32, w8) EXTEND(b32_s8, s32, i8) EXTEND(b32_u16, u32, w16) EXTEND(b32_s16, s32, i16) EXTEND(b64_u8, u64, w8) EXTEND(b64_s8, s64, i8) EXTEND(b64_u16, u64, w16) EXTEND(b64_s16, s64, i16)
EXTEND(f32_u8, f32, w8) EXTEND(f32_s8, f32, i8) EXTEND(f32_u16, f32, w16) EXTEND(f32_s16, f32, i16)
UNARY(cvt_b16_b32, u32, u32, a & 0xffff)
UNARY(cvt_b16_b64, u32, u64, (u32)(a & 0xffff))
UNARY(cvt_b16_s8, u32, i8, (u32)a.value & 0xffff)

PREDICATE(and_pred, a & b)
PREDICATE(or_pred, a | b)
PREDICATE(xor_pred, a ^ b)
static void not_pred(Warp* warp, const Instruction* instruction, uint32_t mask) { u32* d = ROW(u32, 0); *d = (*d & ~mask) | (~*ROW(u32, 1) & mask); }
static void mov_pred(Warp* warp, const Instruction* instruction, uint32_t mask) { u32* d = ROW(u32, 0); *d = (*d & ~mask) | (*ROW(u32, 1) & mask); }

/* Two halves as one, and back. */
BINARY(pack_32, u32, u32, u32, (a & 0xffff) | b << 16)
BINARY(pack_64, u64, u32, u32, a | (u64)b << 32)
static void unpack_32(Warp* warp, const Instruction* instruction, uint32_t mask) { u32 *d = ROW(u32, 0), *e = ROW(u32, 1); const u32* x = ROW(u32, 2); EACH_LANE(u32 a = x[lane]; d[lane] = a & 0xffff; e[lane] = a >> 16;) }
static void unpack_64(Warp* warp, const Instruction* instruction, uint32_t mask) { u32 *d = ROW(u32, 0), *e = ROW(u32, 1); const u64* x = ROW(u64, 2); EACH_LANE(u64 a = x[lane]; d[lane] = (u32)a; e[lane] = (u32)(a >> 32);) }

static void nothing(Warp* warp, const Instruction* instruction, uint32_t mask) { (void)warp, (void)instruction, (void)mask; }

#define OP(name, operands, action) { name, operands, action, COMPUTE },
#define SIGNED_AND_UNSIGNED(name, operands, action, n) OP(name ".s" #n, operands, action) OP(name ".u" #n, operands, action)
#define ALL_BITS(name, operands, action, n) SIGNED_AND_UNSIGNED(name, operands, action, n) OP(name ".b" #n, operands, action)
#define INTEGER_ROWS(r, n) \
    SIGNED_AND_UNSIGNED("add", r r r, add_##n, n) SIGNED_AND_UNSIGNED("sub", r r r, sub_##n, n) SIGNED_AND_UNSIGNED("mul.lo", r r r, mul_##n, n) SIGNED_AND_UNSIGNED("mad.lo", r r r r, mad_##n, n) \
    OP("div.s" #n, r r r, div_s##n) OP("div.u" #n, r r r, div_u##n) OP("rem.s" #n, r r r, rem_s##n) OP("rem.u" #n, r r r, rem_u##n) \
    OP("min.s" #n, r r r, min_s##n) OP("min.u" #n, r r r, min_u##n) OP("max.s" #n, r r r, max_s##n) OP("max.u" #n, r r r, max_u##n) \
    OP("neg.s" #n, r r, neg_##n) OP("abs.s" #n, r r, abs_##n) OP("not.b" #n, r r, not_##n) ALL_BITS("mov", r r, mov_##n, n) OP("mov.f" #n, r r, mov_##n) \
    OP("and.b" #n, r r r, and_##n) OP("or.b" #n, r r r, or_##n) OP("xor.b" #n, r r r, xor_##n) OP("shl.b" #n, r r "w", shl_##n) OP("shr.u" #n, r r "w", shr_u##n) OP("shr.b" #n, r r "w", shr_u##n) OP("shr.s" #n, r r "w", shr_s##n) \
    ALL_BITS("selp", r r r "p", selp_##n, n) OP("selp.f" #n, r r r "p", selp_##n) COMPARISON_ROWS(r, n) \
    OP("mul.hi.s" #n, r r r, mul_hi_s##n) OP("mul.hi.u" #n, r r r, mul_hi_u##n) OP("popc.b" #n, "w" r, popc_##n) OP("clz.b" #n, "w" r, clz_##n)
#define COMPARISON_ROWS(r, n) \
    ALL_BITS("setp.eq", "p" r r, eq_##n, n) ALL_BITS("setp.ne", "p" r r, ne_##n, n) OP("setp.lt.s" #n, "p" r r, lt_s##n) OP("setp.le.s" #n, "p" r r, le_s##n) OP("setp.gt.s" #n, "p" r r, gt_s##n) OP("setp.ge.s" #n, "p" r r, ge_s##n) \
    OP("setp.lt.u" #n, "p" r r, lt_u##n) OP("setp.le.u" #n, "p" r r, le_u##n) OP("setp.gt.u" #n, "p" r r, gt_u##n) OP("setp.ge.u" #n, "p" r r, ge_u##n) \
    OP("setp.lo.u" #n, "p" r r, lt_u##n) OP("setp.ls.u" #n, "p" r r, le_u##n) OP("setp.hi.u" #n, "p" r r, gt_u##n) OP("setp.hs.u" #n, "p" r r, ge_u##n)
#define FLOAT_COMPARISON(name, r, n) OP("setp." #name ".f" #n, "p" r r, name##_f##n)
#define FLOAT_ROWS(r, n) \
    OP("add.f" #n, r r r, add_f##n) OP("sub.f" #n, r r r, sub_f##n) OP("mul.f" #n, r r r, mul_f##n) OP("add.rn.f" #n, r r r, add_f##n) OP("sub.rn.f" #n, r r r, sub_f##n) OP("mul.rn.f" #n, r r r, mul_f##n) \
    OP("fma.rn.f" #n, r r r r, fma_f##n) OP("contracted.sub.f" #n, r r r r, fms_f##n) OP("contracted.rsub.f" #n, r r r r, fnma_f##n) \
    OP("div.rn.f" #n, r r r, div_f##n) OP("rcp.rn.f" #n, r r, rcp_f##n) OP("sqrt.rn.f" #n, r r, sqrt_f##n) OP("max.f" #n, r r r, max_f##n) OP("min.f" #n, r r r, min_f##n) \
    OP("neg.f" #n, r r, neg_f##n) OP("abs.f" #n, r r, abs_f##n) OP("copysign.f" #n, r r r, copysign_f##n) \
    FLOAT_COMPARISON(eq, r, n) FLOAT_COMPARISON(ne, r, n) FLOAT_COMPARISON(lt, r, n) FLOAT_COMPARISON(le, r, n) FLOAT_COMPARISON(gt, r, n) FLOAT_COMPARISON(ge, r, n) \
    FLOAT_COMPARISON(equ, r, n) FLOAT_COMPARISON(neu, r, n) FLOAT_COMPARISON(ltu, r, n) FLOAT_COMPARISON(leu, r, n) FLOAT_COMPARISON(gtu, r, n) FLOAT_COMPARISON(geu, r, n) FLOAT_COMPARISON(num, r, n) FLOAT_COMPARISON(nan, r, n) \
    OP("testp.notanumber.f" #n, "p" r, notanumber_f##n) OP("testp.number.f" #n, "p" r, number_f##n) OP("testp.infinite.f" #n, "p" r, infinite_f##n) OP("testp.finite.f" #n, "p" r, finite_f##n) \
    OP("cvt.rmi.f" #n ".f" #n, r r, floor_f##n) OP("cvt.rpi.f" #n ".f" #n, r r, ceil_f##n) OP("cvt.rzi.f" #n ".f" #n, r r, trunc_f##n) OP("cvt.rni.f" #n ".f" #n, r r, rint_f##n)
#define TO_INTEGER_ROWS(mode) \
    OP("cvt." #mode ".s32.f32", "ww", mode##_s32_f32) OP("cvt." #mode ".u32.f32", "ww", mode##_u32_f32) OP("cvt." #mode ".s64.f32", "dw", mode##_s64_f32) OP("cvt." #mode ".u64.f32", "dw", mode##_u64_f32) \
    OP("cvt." #mode ".s32.f64", "wd", mode##_s32_f64) OP("cvt." #mode ".u32.f64", "wd", mode##_u32_f64) OP("cvt." #mode ".s64.f64", "dd", mode##_s64_f64) OP("cvt." #mode ".u64.f64", "dd", mode##_u64_f64)
#define TO_ALL(from, r, action16, action32, action64) \
    OP("cvt.s16." from, "w" r, action16) OP("cvt.u16." from, "w" r, action16) OP("cvt.s32." from, "w" r, action32) OP("cvt.u32." from, "w" r, action32) OP("cvt.s64." from, "d" r, action64) OP("cvt.u64." from, "d" r, action64)

const Operation arithmetic_operations[] = {
    INTEGER_ROWS("w", 32) INTEGER_ROWS("d", 64) FLOAT_ROWS("w", 32) FLOAT_ROWS("d", 64)
    OP("mul.wide.s32", "dww", mul_wide_s32) OP("mul.wide.u32", "dww", mul_wide_u32) OP("mad.wide.s32", "dwwd", mad_wide_s32) OP("mad.wide.u32", "dwwd", mad_wide_u32)
    SIGNED_AND_UNSIGNED("add", "www", add_16, 16) SIGNED_AND_UNSIGNED("sub", "www", sub_16, 16) SIGNED_AND_UNSIGNED("mul.lo", "www", mul_16, 16) ALL_BITS("mov", "ww", mov_32, 16) ALL_BITS("selp", "wwwp", selp_32, 16)
    OP("and.b16", "www", and_32) OP("or.b16", "www", or_32) OP("xor.b16", "www", xor_32) OP("shl.b16", "www", shl_16) OP("shr.u16", "www", shr_u16) OP("shr.b16", "www", shr_u16) OP("shr.s16", "www", shr_s16) COMPARISON_ROWS("w", 16)
    TO_INTEGER_ROWS(rzi) TO_INTEGER_ROWS(rni) TO_INTEGER_ROWS(rmi) TO_INTEGER_ROWS(rpi)
    TO_ALL("s8", "w", cvt_b16_s8, cvt_b32_s8, cvt_b64_s8) TO_ALL("u8", "w", cvt_b32_u8, cvt_b32_u8, cvt_b64_u8) TO_ALL("s16", "w", cvt_b16_b32, cvt_b32_s16, cvt_b64_s16) TO_ALL("u16", "w", cvt_b16_b32, cvt_b32_u16, cvt_b64_u16)
    TO_ALL("s32", "w", cvt_b16_b32, mov_32, cvt_s64_s32) TO_ALL("u32", "w", cvt_b16_b32, mov_32, cvt_u64_u32) TO_ALL("s64", "d", cvt_b16_b64, cvt_b32_b64, mov_64) TO_ALL("u64", "d", cvt_b16_b64, cvt_b32_b64, mov_64)
    OP("cvt.rn.f32.s8", "ww", cvt_f32_s8) OP("cvt.rn.f32.u8", "ww", cvt_f32_u8) OP("cvt.rn.f32.s16", "ww", cvt_f32_s16) OP("cvt.rn.f32.u16", "ww", cvt_f32_u16)
    OP("cvt.rn.f32.s32", "ww", cvt_f32_s32) OP("cvt.rn.f32.u32", "ww", cvt_f32_u32) OP("cvt.rn.f32.s64", "wd", cvt_f32_s64) OP("cvt.rn.f32.u64", "wd", cvt_f32_u64) OP("cvt.rn.f32.f64", "wd", cvt_f32_f64) OP("cvt.f64.f32", "dw", cvt_f64_f32)
    OP("cvt.rn.f64.s32", "dw", cvt_f64_s32) OP("cvt.rn.f64.u32", "dw", cvt_f64_u32) OP("cvt.rn.f64.s64", "dd", cvt_f64_s64) OP("cvt.rn.f64.u64", "dd", cvt_f64_u64)
    OP("and.pred", "ppp", and_pred) OP("or.pred", "ppp", or_pred) OP("xor.pred", "ppp", xor_pred) OP("not.pred", "pp", not_pred) OP("mov.pred", "pp", mov_pred)
    OP("mov.b32", "w{ww}", pack_32) OP("mov.b64", "d{ww}", pack_64) OP("mov.b32", "{ww}w", unpack_32) OP("mov.b64", "{ww}d", unpack_64)
    /* Addresses of global memory are what they are; of shared memory, from its beginning. */
    OP("cvta.to.global.u64", "dd", mov_64) OP("cvta.global.u64", "dd", mov_64) OP("cvta.to.shared.u64", "dd", mov_64)
    OP("membar.cta", "", nothing) OP("membar.gl", "", nothing) OP("membar.sys", "", nothing)
    { 0 },
};
