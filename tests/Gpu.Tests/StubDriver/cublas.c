/* A stub of cuBLAS beside that of the driver. Unlike kernels there, its products are computed, when the device gets to them: whether the arguments mean what they should can be seen of the numbers.
   Compiled WITHOUT_GEMM it is a library that lacks what is needed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_INITIALIZED = 1, ALLOC_FAILED = 3, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77 };

/* The driver's. */
int stub_fails(const char* name);
void stub_write_down(const char* line);
int stub_is_capturing(void* stream);
long stub_place(const void* pointer);
int stub_put_gemm(void* stream, const char* text, void (*run)(const void*), const void* arguments, long bytes);

typedef struct { int is_live, math; void *stream, *workspace; long workspace_bytes; } Handle;

static int is_live(const Handle* handle) { return handle && handle->is_live; }

int cublasCreate_v2(Handle** result) {
    int status = stub_fails("cublasCreate");
    if (status != SUCCESS) return status;
    *result = calloc(1, sizeof(Handle));
    (*result)->is_live = 1;
    (*result)->math = -1;
    stub_write_down("called create cublas");
    return SUCCESS;
}

int cublasDestroy_v2(Handle* handle) {
    if (!is_live(handle)) return NOT_INITIALIZED;
    handle->is_live = 0;
    stub_write_down("called destroy cublas");
    return SUCCESS;
}

int cublasSetStream_v2(Handle* handle, void* stream) {
    int status = stub_fails("cublasSetStream");
    if (status != SUCCESS) return status;
    if (!is_live(handle)) return NOT_INITIALIZED;
    handle->stream = stream;
    /* As the library does. */
    handle->workspace = 0;
    handle->workspace_bytes = 0;
    return SUCCESS;
}

int cublasSetMathMode(Handle* handle, int mode) {
    int status = stub_fails("cublasSetMathMode");
    if (status != SUCCESS) return status;
    if (!is_live(handle)) return NOT_INITIALIZED;
    handle->math = mode;
    return SUCCESS;
}

int cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t bytes) {
    int status = stub_fails("cublasSetWorkspace");
    if (status != SUCCESS) return status;
    if (!is_live(handle)) return NOT_INITIALIZED;
    if (!workspace || stub_place(workspace) < 0 || stub_place(workspace) % 256) return INVALID_VALUE;
    handle->workspace = workspace;
    handle->workspace_bytes = (long)bytes;
    return SUCCESS;
}

#ifndef WITHOUT_GEMM

typedef struct {
    int transpose_a, transpose_b, m, n, k, leading_a, leading_b, leading_c, batch, compute;
    const float *a, *b;
    float *c, alpha, beta;
    long stride_a, stride_b, stride_c;
} Gemm;

/* To 10 bits of mantissa, the nearest, of two equally near the even one. */
static float tf32(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7f800000) != 0x7f800000) bits = (bits + 0xfff + ((bits >> 13) & 1)) & ~0x1fffu;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void run(const void* arguments) {
    const Gemm* g = arguments;
    float *lines = malloc((long)g->k * g->n * sizeof(float)), *sums = malloc(g->n * sizeof(float));
    int is_rounded = g->compute == COMPUTE_32F_FAST_TF32;
    for (int batch = 0; batch < g->batch; batch++) {
        const float *a = g->a + batch * g->stride_a, *b = g->b + batch * g->stride_b;
        float* c = g->c + batch * g->stride_c;
        for (long p = 0; p < g->k; p++) {
            for (long j = 0; j < g->n; j++) {
                float x = g->transpose_b ? b[j + p * g->leading_b] : b[p + j * g->leading_b];
                lines[p * g->n + j] = is_rounded ? tf32(x) : x;
            }
        }
        for (long i = 0; i < g->m; i++) {
            memset(sums, 0, g->n * sizeof(float));
            for (long p = 0; p < g->k; p++) {
                float x = g->transpose_a ? a[p + i * g->leading_a] : a[i + p * g->leading_a], *line = lines + p * g->n;
                if (is_rounded) x = tf32(x);
                for (long j = 0; j < g->n; j++) sums[j] += x * line[j];
            }
            for (long j = 0; j < g->n; j++) {
                float* place = c + i + j * g->leading_c;
                *place = g->alpha * sums[j] + (g->beta == 0 ? 0 : g->beta * *place);
            }
        }
    }
    free(lines);
    free(sums);
}

int cublasGemmStridedBatchedEx(Handle* handle, int transpose_a, int transpose_b, int m, int n, int k, const float* alpha, const void* a, int type_a, int leading_a, long long stride_a, const void* b, int type_b,
    int leading_b, long long stride_b, const float* beta, void* c, int type_c, int leading_c, long long stride_c, int batch, int compute, int algorithm) {
    Gemm gemm = { transpose_a, transpose_b, m, n, k, leading_a, leading_b, leading_c, batch, compute, a, b, c, *alpha, *beta, stride_a, stride_b, stride_c };
    char text[512];
    int status = stub_fails("cublasGemm");
    if (status != SUCCESS) return status;
    if (!is_live(handle)) return NOT_INITIALIZED;
    if (type_a || type_b || type_c || algorithm != -1 || (compute != COMPUTE_32F && compute != COMPUTE_32F_FAST_TF32)) return NOT_SUPPORTED;
    if (m < 0 || n < 0 || k < 0 || batch < 0 || (transpose_a != 0 && transpose_a != 1) || (transpose_b != 0 && transpose_b != 1)) return INVALID_VALUE;
    if (leading_a < (transpose_a ? k : m) || leading_b < (transpose_b ? n : k) || leading_c < m || leading_a < 1 || leading_b < 1 || leading_c < 1) return INVALID_VALUE;
    if (batch > 1 && stride_c < (long long)leading_c * n) return INVALID_VALUE;
    if (stub_place(a) < 0 || stub_place(b) < 0 || stub_place(c) < 0) return INVALID_VALUE;
    /* Without one it would allocate. */
    if (stub_is_capturing(handle->stream) && !handle->workspace) return ALLOC_FAILED;
    snprintf(text, sizeof text, "gemm transposes=%d,%d m=%d n=%d k=%d batch=%d leading=%d,%d,%d strides=%lld,%lld,%lld places=%ld,%ld,%ld compute=%d math=%d workspace=%ld", transpose_a, transpose_b, m, n, k, batch,
        leading_a, leading_b, leading_c, stride_a, stride_b, stride_c, stub_place(a), stub_place(b), stub_place(c), compute, handle->math, handle->workspace_bytes);
    return stub_put_gemm(handle->stream, text, run, &gemm, sizeof gemm);
}

#endif
